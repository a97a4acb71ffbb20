/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: owns the state and everything that fills and publishes it. */
#include "daemonset/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "daemonset/backoff.h"
#include "daemonset/bench.h"
#include "daemonset/brokers.h"
#include "daemonset/disk.h"
#include "daemonset/document.h"
#include "daemonset/follow.h"
#include "daemonset/log.h"
#include "daemonset/publish.h"
#include "daemonset/reconcile.h"
#include "daemonset/volumes.h"
#include "lib/app/report.h"
#include "tuner/tuner.h"

#define DISKBENCH    "/usr/local/bin/kafka-diskbench"
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

enum {
        NAMESPACES_MAX = 16,
        FIRST_LIST_MS = 1000,     /* nodes that were started together ask within that time */
        RETURN_MS = 60 * 1000,    /* no hurry to hear of the own documents again, when the server was away for all */
        LATE_MS = 15 * 1000,      /* a round each second: after that the loop hangs */
        LOOK_AGAIN_MS = 60 * 1000 /* at volumes, and at a kafka.yaml that could not be used: hints can be lost */
};

struct kt_agent {
        struct kt_agent_options options;
        struct kt_node_state state;
        struct kt_tuner *tuner; /* NULL: there was no kafka.yaml yet that could be used */
        struct kt_kube *kube;
        struct kt_publisher *publisher;
        struct kt_bench *bench; /* NULL: none runs */
        bool is_bench_answered; /* it is only waited for that it is gone */
        struct kt_follow *follows[NAMESPACES_MAX + 2];
        size_t follow_count;
        char *namespace_text;
        const char *namespaces[NAMESPACES_MAX + 1];
        struct kt_pods_rule rule;
        struct kt_pods_rule each[NAMESPACES_MAX]; /* the same for one namespace, which is what one watch tells of */
        const char *each_namespaces[NAMESPACES_MAX][2];
        struct watcher {
                struct kt_agent *agent;
                size_t namespace;
                bool is_heard; /* its pods are known, or cannot be */
        } watchers[NAMESPACES_MAX];
        bool is_config_due;
        bool are_volumes_due;
        bool is_changed;
        int64_t look_again_ms;
        int64_t ticked_ms;
        int64_t ticked_wall_s;
        double busy_seconds;
        char problem[KT_ERR_TEXT_MAX]; /* that was logged last, so that it is not each second */
        char untold[KT_ERR_TEXT_MAX];  /* the same, of what the API server did not take */
};

static int64_t clock_ms(clockid_t clock)
{
        struct timespec now = { 0 };

        (void)clock_gettime(clock, &now); /* cannot fail for these clocks */
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t clock_us(void)
{
        struct timespec now = { 0 };

        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct kt_moment now(void)
{
        return (struct kt_moment){ .now_ms = clock_ms(CLOCK_MONOTONIC),
                                   .wall_s = clock_ms(CLOCK_REALTIME) / 1000,
                                   .random = kt_backoff_random() };
}

static void log_problem(struct kt_agent *agent, const struct kt_err *e)
{
        char buf[KT_ERR_TEXT_MAX];

        (void)kt_err_text(e, buf, sizeof(buf)); /* returns its buffer */
        if (strcmp(agent->problem, buf) == 0)
                return;
        memcpy(agent->problem, buf, sizeof(buf));
        kt_log(KT_LEVEL_ERROR, "%s", buf);
}

static void log_untold(struct kt_agent *agent)
{
        const char *problem = kt_publisher_problem(agent->publisher);

        if (strcmp(agent->untold, problem) == 0)
                return;
        (void)snprintf(agent->untold, sizeof(agent->untold), "%s", problem); /* of the same size */
        if (problem[0] != '\0')
                kt_log(KT_LEVEL_WARNING, "%s", problem);
}

static void log_events(struct kt_agent *agent)
{
        struct kt_events *events = &agent->state.events;

        for (size_t i = 0; i < events->count; i++) {
                struct kt_event *event = &events->items[i];

                if (event->is_logged)
                        continue;
                event->is_logged = true;
                kt_log(event->is_warning ? KT_LEVEL_WARNING : KT_LEVEL_NOTE, "%s: %s", event->reason, event->message);
        }
        if (!agent->kube) /* the log is all there is */
                while (events->count > 0)
                        kt_events_remove(events, events->items[events->count - 1].hash);
}

/* ---- kafka.yaml ---- */

static const char *first_problem(const struct kt_findings *findings, const struct kt_err *e, char *buf, size_t size)
{
        const struct kt_finding *first = kt_findings_first(findings, KT_LEVEL_ERROR);

        if (!first)
                return kt_err_text(e, buf, size);
        (void)snprintf(buf, size, "%s%s%s", first->source ? first->source : "", first->source ? ": " : "",
                       first->message); /* cut where it is too long for a condition */
        return buf;
}

static int load(struct kt_agent *agent, struct kt_err *e)
{
        const struct kt_tuner_config config = { .config = agent->options.config, .journal = agent->options.journal };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_tuner *tuner = NULL;
        char before[KT_HASH_MAX];
        char buf[KT_ERR_TEXT_MAX];
        struct kt_err why = { 0 };
        int r;

        agent->is_config_due = false;
        memcpy(before, agent->state.profile_hash, sizeof(before));
        r = kt_tuner_new(&config, &tuner, &findings, &why);
        if (r == -ENOMEM)
                return kt_err_set(e, r, "%s", why.text);
        if (r < 0) {
                const char *problem = first_problem(&findings, &why, buf, sizeof(buf));
                bool is_news = false;

                r = kt_node_set_text(&agent->state.config_problem, problem, &is_news);
                if (is_news)
                        kt_log(KT_LEVEL_ERROR, "%s", problem);
                agent->is_changed |= is_news;
                return r < 0 ? kt_err_set(e, r, "keep what is wrong with kafka.yaml") : 0;
        }

        kt_tuner_free(agent->tuner);
        agent->tuner = tuner;
        agent->are_volumes_due = true;
        r = kt_node_set_text(&agent->state.config_problem, NULL, &agent->is_changed);
        if (r == 0)
                r = kt_reconcile_set_profile(tuner, &agent->state, e);
        if (r == 0 && strcmp(before, agent->state.profile_hash) != 0)
                kt_log(KT_LEVEL_NOTE, "profile %s, %s", agent->state.profile, agent->state.profile_hash);
        return r;
}

/* ---- What the API server tells ---- */

static void log_broken(const char *what, const struct kt_follow_notice *notice)
{
        char buf[KT_ERR_TEXT_MAX];

        if (notice->change == KT_FOLLOW_BROKEN)
                kt_log(KT_LEVEL_WARNING, "%s: %s; tried again in %lld ms", what,
                       notice->error ? kt_err_text(notice->error, buf, sizeof(buf)) : "nothing is heard",
                       (long long)notice->retry_ms);
}

static void on_node(void *context, const struct kt_follow_notice *notice)
{
        struct kt_agent *agent = context;

        log_broken("the Node", notice);
        kt_publisher_hear_node(agent->publisher, notice);
}

static void on_tuning(void *context, const struct kt_follow_notice *notice)
{
        struct kt_agent *agent = context;

        log_broken("the NodeTuning", notice);
        kt_publisher_hear_tuning(agent->publisher, notice);
}

static void on_pod(void *context, const struct kt_follow_notice *notice)
{
        struct watcher *watcher = context;
        struct kt_agent *agent = watcher->agent;
        bool changed = false;
        struct kt_err e = { 0 };

        log_broken("pods", notice);
        if (kt_brokers_notice(&agent->state, &agent->each[watcher->namespace], notice, &changed, &e) < 0)
                log_problem(agent, &e);
        agent->is_changed |= changed;
        agent->are_volumes_due |= changed;
        watcher->is_heard |= notice->change == KT_FOLLOW_LISTED || notice->change == KT_FOLLOW_BROKEN;
}

/* There is more to come, at once or with the next round: what is said now would have to be said again. */
static bool is_incomplete(const struct kt_agent *agent)
{
        for (size_t i = 0; agent->namespaces[i]; i++)
                if (!agent->watchers[i].is_heard)
                        return true;
        return agent->tuner && agent->are_volumes_due;
}

static int follow(struct kt_agent *agent, const struct kt_follow_config *config, struct kt_err *e)
{
        int r = kt_follow_new(agent->kube, config, &agent->follows[agent->follow_count], e);

        agent->follow_count += r == 0;
        return r;
}

static int follow_pods(struct kt_agent *agent, size_t i, const char *field, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        struct kt_follow_config config = { .labels = agent->rule.selector,
                                           .fields = field,
                                           .first_ms = FIRST_LIST_MS,
                                           .notice = on_pod,
                                           .context = &agent->watchers[i] };

        agent->watchers[i] = (struct watcher){ .agent = agent, .namespace = i };
        agent->each_namespaces[i][0] = agent->namespaces[i];
        agent->each[i] = agent->rule;
        agent->each[i].namespaces = agent->each_namespaces[i];
        kt_str_add(&path, "/api/v1/namespaces/");
        kt_kube_escape(&path, agent->namespaces[i]);
        kt_str_add(&path, "/pods");
        if (kt_str_error(&path) < 0)
                return kt_err_set(e, -ENOMEM, "follow pods");
        config.path = kt_str_get(&path);
        return follow(agent, &config, e);
}

static int start_following(struct kt_agent *agent, struct kt_err *e)
{
        KT_AUTO_FREE char *by_name = kt_str_make("metadata.name=%s", agent->options.node);
        KT_AUTO_FREE char *by_node = kt_str_make("spec.nodeName=%s", agent->options.node);
        struct kt_follow_config node = { .path = "/api/v1/nodes",
                                         .fields = by_name,
                                         .first_ms = FIRST_LIST_MS,
                                         .return_ms = RETURN_MS,
                                         .notice = on_node,
                                         .context = agent };
        struct kt_follow_config tuning = { .path = "/apis/" KT_API_VERSION "/nodetunings",
                                           .fields = by_name,
                                           .first_ms = FIRST_LIST_MS,
                                           .return_ms = RETURN_MS,
                                           .notice = on_tuning,
                                           .context = agent };
        int r;

        if (!by_name || !by_node)
                return kt_err_set(e, -ENOMEM, "follow the Node");
        r = follow(agent, &node, e);
        if (r == 0)
                r = follow(agent, &tuning, e);
        for (size_t i = 0; r == 0 && agent->namespaces[i]; i++)
                r = follow_pods(agent, i, by_node, e);
        return r;
}

/* ---- Starting ---- */

static int set_rule(struct kt_agent *agent, struct kt_err *e)
{
        const struct kt_agent_options *options = &agent->options;
        size_t count = 0;

        agent->namespace_text = strdup(options->namespaces ? options->namespaces : "kafka");
        if (!agent->namespace_text)
                return kt_err_set(e, -ENOMEM, "keep the namespaces");
        for (char *at = agent->namespace_text; at && *at != '\0'; count++) {
                if (count == NAMESPACES_MAX)
                        return kt_err_set(e, -EINVAL, "more than %d namespaces", NAMESPACES_MAX);
                agent->namespaces[count] = strsep(&at, ",");
                if (agent->namespaces[count][0] == '\0')
                        return kt_err_set(e, -EINVAL, "'%s' has an empty namespace", options->namespaces);
        }
        agent->rule = (struct kt_pods_rule){ .node = options->node,
                                             .namespaces = agent->namespaces,
                                             .selector = options->selector ? options->selector
                                                                           : "app.kubernetes.io/name=kafka",
                                             .container = options->container ? options->container : "kafka" };
        return kt_pods_check_rule(&agent->rule, e);
}

static int start_kube(struct kt_agent *agent, struct kt_err *e)
{
        const struct kt_kube_config config = { .url = agent->options.api,
                                               .token_file = agent->options.token,
                                               .ca_file = agent->options.ca };
        int r;

        if (!config.url && !getenv("KUBERNETES_SERVICE_HOST")) {
                kt_log(KT_LEVEL_NOTE, "no API server is named: this node is kept, and nobody is told");
                return 0;
        }
        r = kt_kube_new(&config, &agent->kube, e);
        if (r < 0)
                return r;
        agent->publisher = kt_publisher_new(agent->kube, &agent->state);
        return agent->publisher ? start_following(agent, e) : kt_err_set(e, -ENOMEM, "publish");
}

static int fill(struct kt_agent *agent, struct kt_err *e)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_node_state *state = &agent->state;
        struct utsname system = { 0 };
        int r;

        if (!agent->options.node || strlen(agent->options.node) >= sizeof(state->node) ||
            agent->options.node[0] == '\0')
                return kt_err_set(e, -EINVAL, "--node has to name this node, as Kubernetes does");
        (void)snprintf(state->node, sizeof(state->node), "%s", agent->options.node); /* fits, as checked */
        if (uname(&system) == 0)
                (void)snprintf(state->kernel, sizeof(state->kernel), "%s", system.release); /* of 64 characters */
        r = kt_root_open(NULL, &root, e);
        if (r == 0 && kt_root_read(&root, BOOT_ID_PATH, state->boot_id, sizeof(state->boot_id)) < 0)
                r = kt_err_set(e, -EIO, "read the kernel's boot_id");
        if (r == 0)
                r = set_rule(agent, e);
        if (r == 0)
                r = load(agent, e);
        if (r == 0)
                r = start_kube(agent, e);
        return r;
}

int kt_agent_new(const struct kt_agent_options *options, struct kt_agent **ret, struct kt_err *e)
{
        struct kt_agent *agent = calloc(1, sizeof(*agent));
        int r;

        if (!agent)
                return kt_err_set(e, -ENOMEM, "start");
        agent->options = *options;
        agent->are_volumes_due = true;
        r = fill(agent, e);
        if (r < 0) {
                kt_agent_free(agent);
                return r;
        }
        *ret = agent;
        return 0;
}

void kt_agent_free(struct kt_agent *agent)
{
        if (!agent)
                return;
        for (size_t i = 0; i < agent->follow_count; i++)
                kt_follow_free(agent->follows[i]);
        kt_publisher_free(agent->publisher);
        kt_bench_free(agent->bench);
        if (agent->kube)
                kt_kube_free(agent->kube);
        kt_tuner_free(agent->tuner);
        kt_node_state_done(&agent->state);
        free(agent->namespace_text);
        free(agent);
}

/* ---- Working ---- */

void kt_agent_hint_config(struct kt_agent *agent)
{
        agent->is_config_due = true;
}

void kt_agent_hint_mounts(struct kt_agent *agent)
{
        agent->are_volumes_due = true;
}

void kt_agent_hint_disk(struct kt_agent *agent, const char *name)
{
        agent->are_volumes_due = true;
        (void)snprintf(agent->state.uevent_disk, sizeof(agent->state.uevent_disk), "%s", name ? name : ""); /* fits */
        agent->state.uevent_ms = clock_ms(CLOCK_MONOTONIC);
}

/* -ENOMEM ends the program, which Kubernetes starts again; all else is said, and tried again in the next round. */
static int go_on(struct kt_agent *agent, int r, const struct kt_err *why, struct kt_err *e)
{
        if (r == 0)
                return 0;
        if (r == -ENOMEM)
                return kt_err_set(e, r, "%s", why->text);
        log_problem(agent, why);
        return 0;
}

static int look_at_volumes(struct kt_agent *agent, struct kt_err *e)
{
        const char *dir = agent->options.kubelet_dir ? agent->options.kubelet_dir : KT_KUBELET_DIR;
        struct kt_err why = { 0 };

        agent->are_volumes_due = false;
        return go_on(agent, kt_volumes_update(agent->tuner, dir, &agent->state, &agent->is_changed, &why), &why, e);
}

static int publish(struct kt_agent *agent, const struct kt_moment *moment)
{
        if (agent->is_changed && agent->publisher)
                kt_publisher_change(agent->publisher, moment);
        else if (agent->is_changed)
                kt_conditions_judge(&agent->state, moment->wall_s);
        agent->is_changed = false;
        if (agent->publisher)
                kt_publisher_hold(agent->publisher, is_incomplete(agent));
        log_events(agent);
        return 0;
}

/* ---- Measuring disks, when somebody asks ---- */

static void answer_bench(struct kt_agent *agent, const struct kt_moment *moment, bool is_bad, const char *reason,
                         const char *text)
{
        kt_events_add(&agent->state.events, is_bad, reason, "diskbench", moment->wall_s, "%s", text);
        kt_publisher_answer_bench(agent->publisher);
        agent->is_bench_answered = true;
}

/* The loop goes on meanwhile: a broker that has just come needs it. */
static void end_bench(struct kt_agent *agent)
{
        if (!kt_bench_is_gone(agent->bench))
                return;
        kt_bench_free(agent->bench);
        agent->bench = NULL;
}

/* All that may be measured has a result that is true still. */
static bool is_measured(const struct kt_agent *agent)
{
        KT_AUTO_FREE char *copy = strdup(agent->options.disks);

        for (char *at = copy; at;) {
                const char *path = strsep(&at, ",");

                if (!kt_disk_of(&agent->state, path))
                        return false;
        }
        return copy != NULL;
}

static void start_bench(struct kt_agent *agent, const struct kt_moment *moment, const char *request)
{
        const char *program = agent->options.diskbench ? agent->options.diskbench : DISKBENCH;
        char buf[KT_ERR_TEXT_MAX];
        struct kt_err e = { 0 };

        if (!agent->options.disks) {
                answer_bench(agent, moment, true, "DiskBenchRefused", "no disks may be measured here: see --disks");
        } else if (kt_brokers_are_live(&agent->state)) {
                answer_bench(agent, moment, true, "DiskBenchRefused", "a broker runs here; move it first");
        } else if (strcmp(request, "again") != 0 && is_measured(agent)) {
                answer_bench(agent, moment, false, "DiskBenchKept",
                             "nothing has changed since the last one; 'again' measures anew");
        } else if (kt_bench_start(program, agent->options.disks, moment->now_ms, &agent->bench, &e) < 0) {
                answer_bench(agent, moment, true, "DiskBenchFailed", kt_err_text(&e, buf, sizeof(buf)));
        } else {
                agent->is_bench_answered = false;
                kt_events_add(&agent->state.events, false, "DiskBenchStarted", "diskbench", moment->wall_s, "%s",
                              agent->options.disks);
        }
}

static void follow_bench(struct kt_agent *agent, const struct kt_moment *moment)
{
        char buf[KT_ERR_TEXT_MAX];
        struct kt_err e = { 0 };
        int r;

        if (kt_brokers_are_live(&agent->state)) {
                answer_bench(agent, moment, true, "DiskBenchStopped", "a broker has come to this node");
                return;
        }
        r = kt_bench_step(agent->bench, moment->now_ms, &e);
        if (r == 1) {
                const struct kt_str *report = kt_bench_report(agent->bench);

                r = kt_disks_take(&agent->state, kt_tuner_root(agent->tuner), kt_str_get(report), report->len,
                                  moment->wall_s, &e);
                agent->is_changed = true;
                kt_publisher_compare(agent->publisher);
                if (r == 0)
                        answer_bench(agent, moment, false, "DiskBenchDone", agent->options.disks);
        }
        if (r < 0)
                answer_bench(agent, moment, true, "DiskBenchFailed", kt_err_text(&e, buf, sizeof(buf)));
}

static void mind_bench(struct kt_agent *agent, const struct kt_moment *moment)
{
        const char *request;

        if (agent->bench && !agent->is_bench_answered)
                follow_bench(agent, moment);
        if (agent->bench && agent->is_bench_answered)
                end_bench(agent);
        request = kt_publisher_bench_request(agent->publisher);
        if (!agent->bench && request[0] != '\0' && agent->tuner)
                start_bench(agent, moment, request);
}

int kt_agent_tick(struct kt_agent *agent, struct kt_err *e)
{
        const struct kt_moment moment = now();
        const int64_t started_us = clock_us();
        struct kt_err why = { 0 };
        int r = 0;

        if (moment.now_ms >= agent->look_again_ms) {
                agent->look_again_ms = moment.now_ms + LOOK_AGAIN_MS;
                agent->are_volumes_due = true;
                agent->is_config_due |= agent->state.config_problem != NULL;
                if (agent->tuner)
                        agent->is_changed |= kt_disks_expire(&agent->state, kt_tuner_root(agent->tuner));
        }
        if (agent->is_config_due)
                r = load(agent, e);
        if (r == 0 && agent->tuner && agent->are_volumes_due)
                r = look_at_volumes(agent, e);
        if (r == 0 && agent->tuner) {
                r = kt_reconcile(agent->tuner, &moment, &agent->state, &agent->is_changed, &why);
                if (r == 0)
                        agent->problem[0] = '\0';
                r = go_on(agent, r, &why, e);
        }
        if (r < 0)
                return r;

        agent->ticked_ms = clock_ms(CLOCK_MONOTONIC);
        agent->ticked_wall_s = moment.wall_s;
        agent->busy_seconds += (double)(clock_us() - started_us) / 1e6;
        return publish(agent, &moment);
}

int kt_agent_step(struct kt_agent *agent, struct kt_err *e)
{
        struct kt_moment moment = now();
        struct kt_err why = { 0 };
        int r = 0;

        if (agent->kube)
                r = go_on(agent, kt_kube_step(agent->kube, moment.now_ms, &why), &why, e);
        if (r == 0 && agent->tuner)
                r = kt_brokers_raise(agent->tuner, &moment, &agent->state, &agent->is_changed, e);
        if (r == 0 && agent->publisher)
                mind_bench(agent, &moment);
        if (r == 0)
                r = publish(agent, &moment);
        if (r == 0 && agent->publisher) {
                log_untold(agent);
                r = kt_publisher_step(agent->publisher, &moment, e);
        }
        return r;
}

int kt_agent_fd(const struct kt_agent *agent)
{
        return agent->kube ? kt_kube_fd(agent->kube) : -1;
}

static int64_t sooner(int64_t left, int64_t right)
{
        if (left < 0 || right < 0)
                return left < 0 ? right : left;
        return left < right ? left : right;
}

int64_t kt_agent_wait_ms(const struct kt_agent *agent)
{
        const int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
        int64_t wait_ms = agent->tuner ? kt_brokers_wait_ms(&agent->state, now_ms) : -1;

        if (agent->kube)
                wait_ms = sooner(wait_ms, kt_kube_wait_ms(agent->kube, now_ms));
        if (agent->publisher)
                wait_ms = sooner(wait_ms, kt_publisher_wait_ms(agent->publisher, now_ms));
        if (agent->bench)
                wait_ms = sooner(wait_ms, KT_BENCH_POLL_MS);
        return wait_ms;
}

/* ---- What others ask ---- */

const struct kt_node_state *kt_agent_state(const struct kt_agent *agent)
{
        return &agent->state;
}

const struct kt_kube *kt_agent_kube(const struct kt_agent *agent)
{
        return agent->kube;
}

bool kt_agent_is_published(const struct kt_agent *agent)
{
        return !agent->publisher || kt_publisher_is_done(agent->publisher);
}

bool kt_agent_is_healthy(const struct kt_agent *agent, struct kt_str *out)
{
        const int64_t age_ms = clock_ms(CLOCK_MONOTONIC) - agent->ticked_ms;

        kt_str_addf(out, "the last round ended %lld ms ago\n", (long long)age_ms);
        return age_ms <= LATE_MS;
}

bool kt_agent_is_ready(const struct kt_agent *agent, struct kt_str *out)
{
        const struct kt_condition *ready = &agent->state.conditions.items[KT_CONDITION_READY];

        kt_str_addf(out, "%s: %s\n", ready->reason[0] != '\0' ? ready->reason : "NotRead",
                    ready->message[0] != '\0' ? ready->message : "the rows were not read yet");
        return ready->status == KT_TRUE;
}

void kt_agent_get_stats(const struct kt_agent *agent, struct kt_agent_stats *ret)
{
        struct kt_agent_stats stats = { .busy_seconds = agent->busy_seconds,
                                        .ended_wall_s = agent->ticked_wall_s,
                                        .skew_ms = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_MONOTONIC) };

        for (size_t i = 0; i < agent->follow_count; i++) {
                struct kt_follow_stats follow = { 0 };

                kt_follow_get_stats(agent->follows[i], &follow);
                stats.heard += follow.events;
        }
        *ret = stats;
}
