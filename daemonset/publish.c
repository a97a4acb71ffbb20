/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing. Each kind of document is a row: whether it is due, how it is sent, what an answer means. One request of a
 * kind is on its way at a time, and one that changes the Node. */
#include "daemonset/publish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/backoff.h"
#include "daemonset/disk.h"
#include "daemonset/document.h"

enum {
        SPACING_MS = 1000, /* between two documents of a kind: a state that flickers is not sent each time */
        EVENT_SPACING_MS = 100,
        LABEL_VALUE_MAX = 64, /* 63 characters (apimachinery, LabelValueMaxLength) */
        NOTE_MAX = 256,
        CONDITION_OLD_S = 30 * 60, /* an Event older than that has been sent, or is of no use any more */
};

static const struct kt_backoff backoff = { .first_ms = 1000, .most_ms = 60 * 1000 };

/* A sample of a large cluster. The server's cache, which resourceVersion=0 would ask, knows no limit
 * (kubernetes/kubernetes issue 96182): it would answer with the documents of all nodes. */
#define PEERS_QUERY "limit=200"

/* The taint is ahead of what else changes the Node: its patch names the version that was heard, and would be of an
 * older one behind them (409 Conflict). */
enum kind { TAINT, LABEL, TUNING, STATUS, EVENT, BENCH, PEERS, KIND_COUNT };

struct channel {
        struct kt_publisher *publisher;
        enum kind kind;
        bool is_busy;
        uint64_t request;
        unsigned failures;
        int64_t not_before_ms;
        char sent[LABEL_VALUE_MAX]; /* which content is on its way */
};

struct told {
        enum kt_condition_status status;
        char reason[KT_CONDITION_REASON_MAX];
};

struct kt_publisher {
        struct kt_kube *kube;
        struct kt_node_state *state;
        struct channel channels[KIND_COUNT];
        int64_t now_ms;
        int64_t wall_s;
        bool is_node_known;
        char node_uid[KT_POD_UID_MAX];
        char seen_label[LABEL_VALUE_MAX]; /* "": none */
        char bench_request[NOTE_MAX];
        bool is_bench_answered;
        bool are_peers_due;   /* there is a new result to be compared */
        struct kt_str taints; /* the patch that takes ours away; empty: it is gone */
        bool is_status_held;
        bool is_tuning_known; /* the list was heard */
        bool has_tuning;
        char seen_digest[KT_HASH_MAX];
        char wanted_digest[KT_HASH_MAX];
        struct kt_str status; /* of that digest */
        bool is_told_known;
        struct told told[KT_CONDITION_COUNT_]; /* conditions that Events or the NodeTuning of before speak of */
        char problem[KT_ERR_TEXT_MAX];
};

/* ---- Which are due ---- */

static const char *wanted_label(const struct kt_publisher *publisher)
{
        return kt_node_is_ready(publisher->state, NULL) ? publisher->state->profile_hash : "";
}

static bool is_label_due(const struct kt_publisher *publisher)
{
        return publisher->is_node_known && publisher->state->is_judged &&
               strcmp(publisher->seen_label, wanted_label(publisher)) != 0;
}

static bool is_taint_due(const struct kt_publisher *publisher)
{
        return publisher->is_node_known && publisher->taints.len > 0 && kt_node_is_ready(publisher->state, NULL);
}

static bool is_tuning_due(const struct kt_publisher *publisher)
{
        return publisher->is_node_known && publisher->is_tuning_known && !publisher->has_tuning;
}

static bool is_status_due(const struct kt_publisher *publisher)
{
        return publisher->has_tuning && !publisher->is_status_held && publisher->wanted_digest[0] != '\0' &&
               strcmp(publisher->seen_digest, publisher->wanted_digest) != 0;
}

static bool is_event_due(const struct kt_publisher *publisher)
{
        return publisher->state->events.count > 0;
}

static bool is_bench_due(const struct kt_publisher *publisher)
{
        return publisher->is_bench_answered && publisher->bench_request[0] != '\0';
}

static bool are_peers_due(const struct kt_publisher *publisher)
{
        return publisher->are_peers_due && publisher->has_tuning;
}

/* ---- How they are sent ---- */

static void add_node_path(const struct kt_publisher *publisher, struct kt_str *path)
{
        kt_str_add(path, "/api/v1/nodes/");
        kt_kube_escape(path, publisher->state->node);
}

static void add_tuning_path(const struct kt_publisher *publisher, struct kt_str *path)
{
        kt_str_add(path, "/apis/" KT_API_VERSION "/nodetunings/");
        kt_kube_escape(path, publisher->state->node);
}

static void add_status_path(const struct kt_publisher *publisher, struct kt_str *path)
{
        add_tuning_path(publisher, path);
        kt_str_add(path, "/status");
}

static void add_event_path(const struct kt_publisher *publisher, struct kt_str *path)
{
        (void)publisher; /* the same for all nodes */
        kt_str_add(path, "/api/v1/namespaces/" KT_EVENTS_SPACE "/events");
}

static void add_peers_path(const struct kt_publisher *publisher, struct kt_str *path)
{
        (void)publisher; /* the same for all nodes */
        kt_str_add(path, "/apis/" KT_API_VERSION "/nodetunings");
}

static int build_label(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body)
{
        const char *value = wanted_label(publisher);

        (void)snprintf(channel->sent, sizeof(channel->sent), "%s", value); /* a hash or nothing fits */
        return kt_document_label(value[0] != '\0' ? value : NULL, body);
}

static int build_taint(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body)
{
        (void)channel; /* there is only this one */
        kt_str_add(body, kt_str_get(&publisher->taints));
        return kt_str_error(body);
}

static int build_tuning(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body)
{
        (void)channel; /* there is only this one */
        return kt_document_tuning(publisher->state, publisher->node_uid, body);
}

static int build_status(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body)
{
        (void)snprintf(channel->sent, sizeof(channel->sent), "%s", publisher->wanted_digest); /* a hash fits */
        kt_str_add(body, kt_str_get(&publisher->status));
        return kt_str_error(body);
}

static int build_event(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body)
{
        const struct kt_event *event = &publisher->state->events.items[0];

        (void)snprintf(channel->sent, sizeof(channel->sent), "%s", event->hash); /* a hash fits */
        return kt_document_event(event, publisher->state->node, body);
}

static int build_bench(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body)
{
        (void)publisher; /* the same for all nodes */
        (void)channel;
        return kt_document_bench_answered(body);
}

static int build_nothing(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body)
{
        (void)publisher; /* a question has no body */
        (void)channel;
        (void)body;
        return 0;
}

/* ---- What success means ---- */

static void done_label(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object)
{
        (void)object; /* the watch brings it */
        memcpy(publisher->seen_label, channel->sent, sizeof(channel->sent));
}

static void done_taint(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object)
{
        (void)object;  /* the watch brings it */
        (void)channel; /* there is only this one */
        kt_str_clear(&publisher->taints);
}

static void done_tuning(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object)
{
        (void)object;  /* the watch brings it */
        (void)channel; /* there is only this one */
        publisher->has_tuning = true;
}

static void done_status(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object)
{
        (void)object; /* the watch brings it */
        (void)snprintf(publisher->seen_digest, sizeof(publisher->seen_digest), "%.16s", channel->sent); /* fits */
}

static void done_event(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object)
{
        (void)object; /* the watch brings it */
        kt_events_remove(&publisher->state->events, channel->sent);
}

/* It stays answered until the Node is heard without it: the watch may bring an older one yet. */
static void done_bench(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object)
{
        (void)object;  /* the watch brings it */
        (void)channel; /* there is only this one */
        publisher->bench_request[0] = '\0';
}

static void done_peers(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object)
{
        const struct kt_moment moment = { .now_ms = publisher->now_ms, .wall_s = publisher->wall_s };

        (void)channel; /* there is only this one */
        publisher->are_peers_due = false;
        if (object && kt_disks_compare(publisher->state, object))
                kt_publisher_change(publisher, &moment);
}

static const struct {
        enum kt_kube_verb verb;
        bool (*is_due)(const struct kt_publisher *publisher);
        void (*add_path)(const struct kt_publisher *publisher, struct kt_str *path);
        int (*build)(const struct kt_publisher *publisher, struct channel *channel, struct kt_str *body);
        void (*done)(struct kt_publisher *publisher, const struct channel *channel, struct kt_json *object);
        int64_t spacing_ms;
} kinds[KIND_COUNT] = {
        [TAINT] = { KT_KUBE_MERGE, is_taint_due, add_node_path, build_taint, done_taint, SPACING_MS },
        [LABEL] = { KT_KUBE_MERGE, is_label_due, add_node_path, build_label, done_label, SPACING_MS },
        [TUNING] = { KT_KUBE_APPLY, is_tuning_due, add_tuning_path, build_tuning, done_tuning, SPACING_MS },
        [STATUS] = { KT_KUBE_APPLY, is_status_due, add_status_path, build_status, done_status, SPACING_MS },
        [EVENT] = { KT_KUBE_CREATE, is_event_due, add_event_path, build_event, done_event, EVENT_SPACING_MS },
        [BENCH] = { KT_KUBE_MERGE, is_bench_due, add_node_path, build_bench, done_bench, SPACING_MS },
        [PEERS] = { KT_KUBE_GET, are_peers_due, add_peers_path, build_nothing, done_peers, SPACING_MS },
};

/* ---- Sending ---- */

static bool is_patch_of_node(enum kind kind)
{
        return kinds[kind].verb == KT_KUBE_MERGE;
}

/* It, or another of those that go one after the other, is on its way. */
static bool is_held(const struct kt_publisher *publisher, enum kind kind)
{
        for (enum kind other = 0; is_patch_of_node(kind) && other < KIND_COUNT; other++)
                if (is_patch_of_node(other) && publisher->channels[other].is_busy)
                        return true;
        return publisher->channels[kind].is_busy;
}

/* An Event that is there already was sent before a restart; one that the server does not take will never be taken. */
static bool is_settled(const struct channel *channel, const struct kt_kube_answer *answer)
{
        return answer->code == 0 || (channel->kind == EVENT && (answer->code == -EEXIST || answer->code == -EINVAL));
}

static void on_answer(void *context, const struct kt_kube_answer *answer)
{
        struct channel *channel = context;
        struct kt_publisher *publisher = channel->publisher;
        char buf[KT_ERR_TEXT_MAX];
        int64_t wait_ms;

        channel->is_busy = false;
        if (is_settled(channel, answer)) {
                channel->failures = 0;
                channel->not_before_ms = publisher->now_ms + kinds[channel->kind].spacing_ms;
                publisher->problem[0] = '\0';
                kinds[channel->kind].done(publisher, channel, answer->object);
                return;
        }
        if (answer->code == -ENOENT && channel->kind == STATUS)
                publisher->has_tuning = false; /* somebody deleted it: it is made again */
        channel->failures++;
        wait_ms = kt_backoff_ms(&backoff, channel->failures, kt_backoff_random());
        wait_ms = answer->retry_after_ms > wait_ms ? answer->retry_after_ms : wait_ms;
        channel->not_before_ms = publisher->now_ms + wait_ms;
        (void)snprintf(publisher->problem, sizeof(publisher->problem), "%s",
                       answer->error ? kt_err_text(answer->error, buf, sizeof(buf)) : "no answer"); /* cut is fine */
}

static int send(struct kt_publisher *publisher, struct channel *channel, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        KT_AUTO_STR struct kt_str body = { 0 };
        struct kt_kube_request request = { .verb = kinds[channel->kind].verb,
                                           .manager = KT_FIELD_OWNER,
                                           .force = kinds[channel->kind].verb == KT_KUBE_APPLY,
                                           .done = on_answer,
                                           .context = channel };
        struct kt_err why = { 0 };
        int r;

        kinds[channel->kind].add_path(publisher, &path);
        r = kinds[channel->kind].build(publisher, channel, &body);
        if (r < 0 || kt_str_error(&path) < 0)
                return kt_err_set(e, -ENOMEM, "build a document for the API server");
        request.path = kt_str_get(&path);
        request.body = body.len > 0 ? kt_str_get(&body) : NULL;
        request.query = request.verb == KT_KUBE_GET ? PEERS_QUERY : NULL;
        r = kt_kube_start(publisher->kube, &request, &channel->request, &why);
        if (r == -ENOMEM)
                return kt_err_set(e, r, "%s", why.text);
        if (r < 0) { /* as an answer that never came */
                channel->failures++;
                channel->not_before_ms =
                        publisher->now_ms + kt_backoff_ms(&backoff, channel->failures, kt_backoff_random());
                return 0;
        }
        channel->is_busy = true;
        return 0;
}

int kt_publisher_step(struct kt_publisher *publisher, const struct kt_moment *moment, struct kt_err *e)
{
        publisher->now_ms = moment->now_ms;
        publisher->wall_s = moment->wall_s;
        for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
                struct channel *channel = &publisher->channels[kind];
                int r;

                if (is_held(publisher, kind) || channel->not_before_ms > moment->now_ms ||
                    !kinds[kind].is_due(publisher))
                        continue;
                r = send(publisher, channel, e);
                if (r < 0)
                        return r;
        }
        return 0;
}

int64_t kt_publisher_wait_ms(const struct kt_publisher *publisher, int64_t now_ms)
{
        int64_t least_ms = -1;

        for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
                const struct channel *channel = &publisher->channels[kind];
                int64_t wait_ms = channel->not_before_ms > now_ms ? channel->not_before_ms - now_ms : 0;

                if (!is_held(publisher, kind) && kinds[kind].is_due(publisher) && (least_ms < 0 || wait_ms < least_ms))
                        least_ms = wait_ms;
        }
        return least_ms;
}

bool kt_publisher_is_done(const struct kt_publisher *publisher)
{
        if (!publisher->is_node_known || !publisher->is_tuning_known || publisher->is_status_held)
                return false;
        for (size_t kind = 0; kind < KIND_COUNT; kind++)
                if (publisher->channels[kind].is_busy || kinds[kind].is_due(publisher))
                        return false;
        return true;
}

/* ---- Conditions ---- */

static void tell_condition(struct kt_publisher *publisher, enum kt_condition_type type)
{
        const struct kt_condition *now = &publisher->state->conditions.items[type];
        struct told *told = &publisher->told[type];
        const bool is_bad = now->status == KT_FALSE;
        const bool is_news =
                is_bad || told->status == KT_FALSE || (type == KT_CONDITION_READY && told->status != now->status);

        if (now->status == KT_UNKNOWN || (told->status == now->status && strcmp(told->reason, now->reason) == 0))
                return;
        told->status = now->status;
        (void)snprintf(told->reason, sizeof(told->reason), "%s", now->reason); /* of the same size */
        if (type == KT_CONDITION_STEADY || type == KT_CONDITION_LIMITS)
                return; /* the value or the broker has an Event of its own */
        if (!is_news || now->changed_wall_s + CONDITION_OLD_S < publisher->wall_s)
                return;
        kt_events_add_change(&publisher->state->events, is_bad, now->reason, kt_condition_type_name(type),
                             now->changed_wall_s, now->message);
}

void kt_publisher_change(struct kt_publisher *publisher, const struct kt_moment *moment)
{
        publisher->now_ms = moment->now_ms;
        publisher->wall_s = moment->wall_s;
        if (!publisher->state->is_judged && !publisher->state->config_problem)
                return; /* there is nothing to say yet */
        kt_conditions_judge(publisher->state, moment->wall_s);
        for (enum kt_condition_type type = 0; publisher->is_told_known && type < KT_CONDITION_COUNT_; type++)
                tell_condition(publisher, type);
        if (!publisher->is_told_known)
                return; /* the times of conditions are not known yet */

        kt_str_clear(&publisher->status);
        if (kt_document_status(publisher->state, publisher->wanted_digest, &publisher->status) < 0)
                publisher->wanted_digest[0] = '\0'; /* out of memory: nothing is due until the next change */
}

/* ---- What is heard ---- */

static void copy_text(const struct kt_json *object, const char *key, char *buf, size_t size)
{
        const char *text = NULL;

        if (!object || kt_json_get_text(object, key, &text) < 0)
                text = "";
        (void)snprintf(buf, size, "%s", text); /* what is longer is not ours */
}

static struct kt_json *part_of(struct kt_json *object, const char *key)
{
        struct kt_json *part = NULL;

        return object && kt_json_get_part(object, key, &part) == 0 ? part : NULL;
}

/* A NodeTuning of a Node that is gone would be collected as garbage at once, and made again. */
static void forget_node(struct kt_publisher *publisher)
{
        publisher->is_node_known = false;
        kt_str_clear(&publisher->taints);
}

void kt_publisher_hear_node(struct kt_publisher *publisher, const struct kt_follow_notice *notice)
{
        struct kt_json *metadata = part_of(notice->object, "metadata");

        if (notice->change == KT_FOLLOW_LISTING || notice->change == KT_FOLLOW_DELETED)
                forget_node(publisher);
        if (notice->change != KT_FOLLOW_PRESENT || !metadata)
                return;
        copy_text(metadata, "uid", publisher->node_uid, sizeof(publisher->node_uid));
        copy_text(part_of(metadata, "labels"), KT_TUNED_LABEL, publisher->seen_label, sizeof(publisher->seen_label));
        copy_text(part_of(metadata, "annotations"), KT_BENCH_NOTE, publisher->bench_request,
                  sizeof(publisher->bench_request));
        publisher->is_node_known = publisher->node_uid[0] != '\0';
        publisher->is_bench_answered &= publisher->bench_request[0] != '\0';
        kt_str_clear(&publisher->taints);
        if (kt_document_taints(notice->object, &publisher->taints) < 0)
                kt_str_clear(&publisher->taints);
}

static void adopt_condition(struct kt_publisher *publisher, const struct kt_json *item)
{
        char type[KT_CONDITION_REASON_MAX];
        char status[KT_CONDITION_REASON_MAX];
        char when[KT_DOCUMENT_TIME_MAX];

        copy_text(item, "type", type, sizeof(type));
        copy_text(item, "status", status, sizeof(status));
        copy_text(item, "lastTransitionTime", when, sizeof(when));
        for (enum kt_condition_type i = 0; i < KT_CONDITION_COUNT_; i++) {
                struct kt_condition *condition = &publisher->state->conditions.items[i];
                struct told *told = &publisher->told[i];
                int64_t wall_s = 0;

                if (strcmp(kt_condition_type_name(i), type) != 0)
                        continue;
                told->status = strcmp(status, "True") == 0    ? KT_TRUE
                               : strcmp(status, "False") == 0 ? KT_FALSE
                                                              : KT_UNKNOWN;
                copy_text(item, "reason", told->reason, sizeof(told->reason));
                if (kt_document_parse_time(when, &wall_s) < 0)
                        continue;
                if (condition->changed_wall_s == 0 || condition->status == told->status) {
                        condition->status = told->status;
                        condition->changed_wall_s = wall_s;
                }
        }
}

/* What an agent before this one said: no Event is made of it again, and no condition gets younger. */
static void adopt(struct kt_publisher *publisher, struct kt_json *status)
{
        struct kt_json *conditions = part_of(status, "conditions");

        for (size_t i = 0; i < KT_CONDITION_COUNT_ && conditions && kt_json_at(conditions, i); i++)
                adopt_condition(publisher, kt_json_at(conditions, i));
        kt_disks_adopt(publisher->state, status);
        publisher->is_told_known = true;
}

void kt_publisher_hear_tuning(struct kt_publisher *publisher, const struct kt_follow_notice *notice)
{
        const struct kt_moment moment = { .now_ms = publisher->now_ms, .wall_s = publisher->wall_s };
        struct kt_json *status = part_of(notice->object, "status");

        switch (notice->change) {
        case KT_FOLLOW_LISTING:
        case KT_FOLLOW_DELETED:
                publisher->has_tuning = false;
                publisher->seen_digest[0] = '\0';
                return;
        case KT_FOLLOW_PRESENT:
                publisher->has_tuning = true;
                copy_text(status, "digest", publisher->seen_digest, sizeof(publisher->seen_digest));
                if (!publisher->is_told_known)
                        adopt(publisher, status);
                return;
        case KT_FOLLOW_LISTED:
                publisher->is_tuning_known = true;
                publisher->is_told_known = true;
                kt_publisher_change(publisher, &moment);
                return;
        case KT_FOLLOW_HEARING:
        case KT_FOLLOW_BROKEN:
        case KT_FOLLOW_COUNT_:
                return;
        }
        KT_UNREACHABLE();
}

/* ---- The rest ---- */

const char *kt_publisher_bench_request(const struct kt_publisher *publisher)
{
        return publisher->is_bench_answered ? "" : publisher->bench_request;
}

void kt_publisher_hold(struct kt_publisher *publisher, bool is_held)
{
        publisher->is_status_held = is_held;
}

void kt_publisher_compare(struct kt_publisher *publisher)
{
        publisher->are_peers_due = true;
}

void kt_publisher_answer_bench(struct kt_publisher *publisher)
{
        publisher->is_bench_answered = publisher->bench_request[0] != '\0'; /* else somebody took it back */
}

const char *kt_publisher_problem(const struct kt_publisher *publisher)
{
        return publisher->problem;
}

struct kt_publisher *kt_publisher_new(struct kt_kube *kube, struct kt_node_state *state)
{
        struct kt_publisher *publisher = calloc(1, sizeof(*publisher));

        if (!publisher)
                return NULL;
        publisher->kube = kube;
        publisher->state = state;
        for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
                publisher->channels[kind].publisher = publisher;
                publisher->channels[kind].kind = kind;
        }
        return publisher;
}

void kt_publisher_free(struct kt_publisher *publisher)
{
        if (!publisher)
                return;
        for (size_t kind = 0; kind < KIND_COUNT; kind++)
                if (publisher->channels[kind].is_busy)
                        kt_kube_cancel(publisher->kube, publisher->channels[kind].request);
        kt_str_done(&publisher->taints);
        kt_str_done(&publisher->status);
        free(publisher);
}
