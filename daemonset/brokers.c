/* SPDX-License-Identifier: Apache-2.0 */
/* Brokers. A process is reached only by way of the API's container id and the kernel's control group (pods.c); what it
 * gets is bounded by the profile, and it is asked behind each write whether it is still the same (pidfd). */
#include "daemonset/brokers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/document.h"
#include "lib/base/array.h"
#include "lib/text/num.h"

/* ---- Which there are ---- */

static void remove_at(struct kt_node_state *state, size_t i)
{
        free(state->brokers[i].reason);
        memmove(&state->brokers[i], &state->brokers[i + 1], (state->broker_count - i - 1) * sizeof(*state->brokers));
        state->broker_count--;
}

static bool remove_pod(struct kt_node_state *state, const char *uid)
{
        for (size_t i = 0; i < state->broker_count; i++) {
                if (strcmp(state->brokers[i].pod.uid, uid) != 0)
                        continue;
                remove_at(state, i);
                return true;
        }
        return false;
}

static int keep_pod(struct kt_node_state *state, const struct kt_pod *pod, bool *ret_changed, struct kt_err *e)
{
        struct kt_node_broker *broker = kt_node_find_broker(state, pod->uid);

        if (!broker) {
                if (state->broker_count == KT_NODE_BROKERS_MAX)
                        return kt_err_set(e, -E2BIG, "more than %d brokers on one node", KT_NODE_BROKERS_MAX);
                if (kt_array_reserve(&state->brokers, &state->broker_cap, state->broker_count + 1,
                                     sizeof(*state->brokers)) < 0)
                        return kt_err_set(e, -ENOMEM, "keep the broker %s/%s", pod->namespace, pod->name);
                broker = &state->brokers[state->broker_count++];
                *broker = (struct kt_node_broker){ .pod = *pod, .is_changed = true };
                *ret_changed = true;
        }

        broker->is_seen = true;
        if (broker->pod.state == pod->state && strcmp(broker->pod.container, pod->container) == 0)
                return 0;
        broker->pod = *pod;
        broker->is_changed = true;
        broker->misses = 0;
        broker->state = KT_BROKER_WAITING;
        broker->nofile = 0;
        broker->nofile_wanted = 0;
        free(broker->reason); /* of the container before */
        broker->reason = NULL;
        *ret_changed = true;
        return 0;
}

static int take_in(struct kt_node_state *state, const struct kt_pods_rule *rule, const struct kt_follow_notice *notice,
                   bool *ret_changed, struct kt_err *e)
{
        struct kt_pod pod;
        int r;

        r = kt_pod_read(notice->object, rule, &pod, e);
        if (r < 0)
                return r;
        if (notice->change == KT_FOLLOW_PRESENT && (pod.state == KT_POD_RUNNING || pod.state == KT_POD_WAITING))
                return keep_pod(state, &pod, ret_changed, e);
        *ret_changed |= remove_pod(state, pod.uid);
        return 0;
}

/* The first namespace's list must not end the brokers of another one. */
static bool is_of(const struct kt_node_broker *broker, const struct kt_pods_rule *rule)
{
        for (size_t i = 0; rule->namespaces[i]; i++)
                if (strcmp(rule->namespaces[i], broker->pod.namespace) == 0)
                        return true;
        return false;
}

int kt_brokers_notice(struct kt_node_state *state, const struct kt_pods_rule *rule,
                      const struct kt_follow_notice *notice, bool *ret_changed, struct kt_err *e)
{
        size_t before = state->broker_count;

        switch (notice->change) {
        case KT_FOLLOW_LISTING:
                for (size_t i = 0; i < state->broker_count; i++)
                        state->brokers[i].is_seen &= !is_of(&state->brokers[i], rule);
                return 0;
        case KT_FOLLOW_PRESENT:
        case KT_FOLLOW_DELETED:
                return take_in(state, rule, notice, ret_changed, e);
        case KT_FOLLOW_LISTED:
                for (size_t i = state->broker_count; i > 0; i--)
                        if (!state->brokers[i - 1].is_seen && is_of(&state->brokers[i - 1], rule))
                                remove_at(state, i - 1);
                *ret_changed |= state->broker_count != before;
                return 0;
        case KT_FOLLOW_HEARING:
        case KT_FOLLOW_BROKEN:
        case KT_FOLLOW_COUNT_:
                return 0;
        }
        KT_UNREACHABLE();
}

bool kt_brokers_are_live(const struct kt_node_state *state)
{
        for (size_t i = 0; i < state->broker_count; i++)
                if (state->brokers[i].pod.state == KT_POD_RUNNING)
                        return true;
        return false;
}

int64_t kt_brokers_wait_ms(const struct kt_node_state *state, int64_t now_ms)
{
        int64_t wait_ms = -1;

        for (size_t i = 0; i < state->broker_count; i++) {
                const struct kt_node_broker *broker = &state->brokers[i];
                int64_t own_ms = broker->is_changed || broker->next_ms < now_ms ? 0 : broker->next_ms - now_ms;

                if (broker->pod.state == KT_POD_RUNNING && (wait_ms < 0 || own_ms < wait_ms))
                        wait_ms = own_ms;
        }
        return wait_ms;
}

/* ---- Their limits ---- */

struct work {
        const struct kt_tuner *tuner;
        struct kt_node_state *state;
        enum kt_broker_state result;
        uint64_t nofile;
        uint64_t nofile_wanted;
        size_t processes;
        bool is_busy; /* the journal is somebody else's now */
        struct kt_err why;
};

/* The worse one counts: what was refused for one process is not made up for by another. */
static void worsen(struct work *work, enum kt_broker_state result)
{
        if (result > work->result)
                work->result = result;
}

static uint64_t limit_of(const char *text)
{
        uint64_t number = 0;

        return kt_num_parse_u64(text, &number) < 0 ? UINT64_MAX : number; /* "unlimited" */
}

static void note_files(struct work *work, const struct kt_tuner_verdict *verdict)
{
        uint64_t have;

        if (strcmp(verdict->id, "process.nofile") != 0 || !verdict->have)
                return;
        have = limit_of(verdict->have);
        work->nofile = have < work->nofile ? have : work->nofile;
        if (verdict->wish)
                work->nofile_wanted = limit_of(verdict->wish->want);
}

static void note_verdict(struct work *work, const struct kt_tuner_verdict *verdict)
{
        note_files(work, verdict);
        switch (verdict->state) {
        case KT_STATE_APPLIED:
                worsen(work, KT_BROKER_RAISED);
                return;
        case KT_STATE_DENIED:
                worsen(work, KT_BROKER_DENIED);
                break;
        case KT_STATE_CONFLICT:
        case KT_STATE_ERROR:
                worsen(work, KT_BROKER_FAILED);
                break;
        case KT_STATE_DRIFT:
                worsen(work, KT_BROKER_SHORT);
                if (work->why.code == 0) /* see below */
                        (void)kt_err_set(&work->why, -EINVAL,
                                         "%s is %s, wanted is %s; kafka.yaml has it only looked at", verdict->object,
                                         verdict->have, verdict->wish->want);
                return;
        case KT_STATE_UNSUPPORTED:
        case KT_STATE_OK:
        case KT_STATE_COUNT_:
                return;
        }
        if (work->why.code == 0) /* the reason has the errno's words already: EINVAL adds none */
                (void)kt_err_set(&work->why, -EINVAL, "%s: %s", verdict->object, verdict->reason);
}

static int raise_process(void *context, struct kt_pods_process *process)
{
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        struct work *work = context;
        struct kt_err e = { 0 };
        size_t written = 0;
        int r;

        r = kt_tuner_raise(work->tuner, process->pid, kt_pods_is_same, process, &verdicts, &written, &e);
        work->state->raised += written;
        if (r == -ESRCH)
                return 0; /* it has ended: nobody's limits any more */
        if (r == -EBUSY) {
                work->is_busy = true;
                return r;
        }
        if (r == -ENOMEM)
                return r;

        work->processes++;
        if (r < 0) {
                worsen(work, KT_BROKER_FAILED);
                work->why = e;
        }
        for (size_t i = 0; i < verdicts.count; i++)
                note_verdict(work, &verdicts.items[i]);
        return 0;
}

/* ENOENT and ENOMEM apart, a container that cannot be looked into is a failure of that broker only. */
static int walk(struct work *work, const struct kt_pod *pod)
{
        KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup cgroup = { .fd = -1 };
        const struct kt_root *root = kt_tuner_root(work->tuner);
        struct kt_pods_walk stats = { 0 };
        struct kt_err e = { 0 };
        int r;

        r = kt_pods_find_cgroup(root, NULL, pod, &cgroup, &e);
        if (r == 0)
                r = kt_pods_each_process(root, &cgroup, raise_process, work, &stats, &e);
        if (r == 0 && stats.foreign > 0 && stats.pinned == 0)
                r = kt_err_set(
                        &e, -EOPNOTSUPP,
                        "%zu processes are of a PID namespace that is not seen from here: the agent needs that of the "
                        "node (hostPID)",
                        stats.foreign);
        if (r == -ENOENT || r == -ENOMEM || r == -EBUSY || r == 0)
                return r == -ENOMEM ? r : 0;
        worsen(work, KT_BROKER_FAILED);
        if (work->why.code == 0)
                work->why = e;
        return 0;
}

/* One Event of a kind for a container: its start is known across restarts of the agent. */
static void tell(struct kt_node_state *state, const struct kt_node_broker *broker, const struct kt_moment *moment)
{
        const bool is_bad = broker->state >= KT_BROKER_SHORT;
        const struct kt_pod *pod = &broker->pod;
        KT_AUTO_STR struct kt_str text = { 0 };
        int64_t since_wall_s;

        if (!is_bad && broker->state != KT_BROKER_RAISED)
                return;
        if (kt_document_parse_time(pod->boot, &since_wall_s) < 0)
                since_wall_s = moment->wall_s;
        if (is_bad)
                kt_str_addf(&text, "%s/%s: %s", pod->namespace, pod->name,
                            broker->reason ? broker->reason : "no reason");
        else
                kt_str_addf(&text, "open files of %s/%s: at least %" PRIu64 " now", pod->namespace, pod->name,
                            broker->nofile);
        kt_events_add_change(&state->events, is_bad, is_bad ? "LimitNotRaised" : "LimitRaised", pod->container,
                             since_wall_s, kt_str_get(&text));
}

static int raise_broker(const struct kt_tuner *tuner, const struct kt_moment *moment, struct kt_node_state *state,
                        struct kt_node_broker *broker, bool *ret_changed)
{
        struct work work = { .tuner = tuner, .state = state, .result = KT_BROKER_ENOUGH, .nofile = UINT64_MAX };
        const enum kt_broker_state before = broker->state;
        char buf[KT_ERR_TEXT_MAX];
        bool changed = false;
        int r;

        r = walk(&work, &broker->pod);
        if (r < 0)
                return r;
        broker->is_changed = false;
        broker->next_ms = moment->now_ms + ((int64_t)KT_BROKERS_SOON_MS << broker->misses);
        broker->misses += broker->misses < KT_BROKERS_MISSES_MAX;
        if (work.is_busy || (work.processes == 0 && work.result == KT_BROKER_ENOUGH))
                return 0;

        broker->misses = 0;
        broker->next_ms = moment->now_ms + KT_BROKERS_AGAIN_MS;
        if (work.nofile == UINT64_MAX)
                work.nofile = 0; /* no process may open more files than fs.nr_open: it is not known */
        changed = broker->nofile != work.nofile;
        broker->nofile = work.nofile;
        broker->nofile_wanted = work.nofile_wanted;
        if (work.result == KT_BROKER_ENOUGH && before == KT_BROKER_RAISED)
                work.result = KT_BROKER_RAISED; /* that is why it is enough */
        broker->state = work.result;
        r = kt_node_set_text(&broker->reason, work.why.code != 0 ? kt_err_text(&work.why, buf, sizeof(buf)) : NULL,
                             &changed);
        if (broker->state != before)
                tell(state, broker, moment);
        state->raise_failures += broker->state == KT_BROKER_DENIED || broker->state == KT_BROKER_FAILED;
        *ret_changed |= changed || broker->state != before;
        return r;
}

int kt_brokers_raise(const struct kt_tuner *tuner, const struct kt_moment *moment, struct kt_node_state *state,
                     bool *ret_changed, struct kt_err *e)
{
        for (size_t i = 0; i < state->broker_count; i++) {
                struct kt_node_broker *broker = &state->brokers[i];

                if (broker->pod.state != KT_POD_RUNNING || (!broker->is_changed && broker->next_ms > moment->now_ms))
                        continue;
                if (raise_broker(tuner, moment, state, broker, ret_changed) < 0)
                        return kt_err_set(e, -ENOMEM, "raise the limits of %s", broker->pod.name);
        }
        return 0;
}
