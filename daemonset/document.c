/* SPDX-License-Identifier: Apache-2.0 */
/* Documents. */
#include "daemonset/document.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/text/num.h"
#include "lib/text/time.h"

enum { EVENT_NODE_MAX = 253 - KT_HASH_MAX }; /* a name has 253 characters at most */

/* Takes document. */
static int finish(struct kt_json *document, struct kt_str *out)
{
        int r = kt_json_render(document, out);

        kt_json_free(document);
        return r < 0 ? r : kt_str_error(out);
}

static struct kt_json *start(const char *api_version, const char *kind)
{
        struct kt_json *document = kt_json_new(kind);

        kt_json_text(document, "apiVersion", api_version);
        return document;
}

const char *kt_document_time(int64_t wall_s, char buf[KT_DOCUMENT_TIME_MAX])
{
        return kt_time_format(wall_s, buf);
}

int kt_document_parse_time(const char *text, int64_t *ret_wall_s)
{
        struct tm tm = { 0 };
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

        if (!end || *end != '\0')
                return -EINVAL;
        *ret_wall_s = (int64_t)timegm(&tm);
        return 0;
}

int kt_document_tuning(const struct kt_node_state *state, const char *node_uid, struct kt_str *out)
{
        struct kt_json *document = start(KT_API_VERSION, "NodeTuning");
        struct kt_json *metadata = kt_json_object(document, "metadata");
        struct kt_json *owner = kt_json_object(kt_json_list(metadata, "ownerReferences"), NULL);

        kt_json_text(metadata, "name", state->node);
        kt_json_text(owner, "apiVersion", "v1");
        kt_json_text(owner, "kind", "Node");
        kt_json_text(owner, "name", state->node);
        kt_json_text(owner, "uid", node_uid);
        return finish(document, out);
}

/* ---- Status ---- */

static void add_text(struct kt_json *object, const char *key, const char *value)
{
        if (value) /* a field that is null is no field of a structural schema */
                kt_json_text(object, key, value);
}

static void add_conditions(const struct kt_node_state *state, struct kt_json *status)
{
        struct kt_json *list = kt_json_list(status, "conditions");

        for (enum kt_condition_type type = 0; type < KT_CONDITION_COUNT_; type++) {
                const struct kt_condition *condition = &state->conditions.items[type];
                struct kt_json *item = kt_json_object(list, NULL);
                char when[KT_DOCUMENT_TIME_MAX];

                kt_json_text(item, "type", kt_condition_type_name(type));
                kt_json_text(item, "status", kt_condition_status_name(condition->status));
                kt_json_text(item, "reason", condition->reason);
                kt_json_text(item, "message", condition->message);
                kt_json_text(item, "lastTransitionTime", kt_document_time(condition->changed_wall_s, when));
        }
}

static void add_rows(const struct kt_node_state *state, struct kt_json *status)
{
        struct kt_json *list = kt_json_list(status, "rows");

        for (size_t i = 0; i < state->row_count; i++) {
                const struct kt_node_row *row = &state->rows[i];
                struct kt_json *item = kt_json_object(list, NULL);

                kt_json_text(item, "id", row->id);
                kt_json_text(item, "object", row->object);
                kt_json_text(item, "state", kt_state_name(row->state));
                kt_json_bool(item, "required", row->is_required);
                add_text(item, "have", row->have);
                add_text(item, "want", row->want);
                add_text(item, "reason", row->reason);
                add_text(item, "next", row->next);
                if (row->state != KT_STATE_OK) /* whom it was put back from, Events and metrics say */
                        add_text(item, "rival", row->rival);
        }
}

static void add_volumes(const struct kt_node_state *state, struct kt_json *status)
{
        struct kt_json *list = kt_json_list(status, "volumes");

        for (size_t i = 0; i < state->volume_count; i++) {
                const struct kt_node_volume *volume = &state->volumes[i];
                struct kt_json *item = kt_json_object(list, NULL);

                kt_json_text(item, "name", volume->name);
                kt_json_text(item, "podUid", volume->pod_uid);
                kt_json_text(item, "filesystem", volume->filesystem);
                add_text(item, "device", volume->device);
                add_text(item, "problem", volume->problem);
        }
}

static void add_brokers(const struct kt_node_state *state, struct kt_json *status)
{
        struct kt_json *list = kt_json_list(status, "brokers");

        for (size_t i = 0; i < state->broker_count; i++) {
                const struct kt_node_broker *broker = &state->brokers[i];
                struct kt_json *item = kt_json_object(list, NULL);

                kt_json_text(item, "namespace", broker->pod.namespace);
                kt_json_text(item, "name", broker->pod.name);
                kt_json_text(item, "state", kt_broker_state_name(broker->state));
                if (broker->nofile > 0 && broker->nofile <= INT64_MAX)
                        kt_json_count(item, "nofile", broker->nofile);
                add_text(item, "reason", broker->reason);
        }
}

static void add_disks(const struct kt_node_state *state, struct kt_json *status)
{
        struct kt_json *list = kt_json_list(status, "disks");

        for (size_t i = 0; i < state->disk_count; i++) {
                const struct kt_disk *disk = &state->disks[i];
                struct kt_json *item = kt_json_object(list, NULL);
                char when[KT_DOCUMENT_TIME_MAX];

                kt_json_text(item, "path", disk->path);
                kt_json_text(item, "identity", disk->identity);
                kt_json_text(item, "hardware", disk->hardware);
                kt_json_real(item, "write", disk->write);
                kt_json_real(item, "low", disk->low);
                kt_json_real(item, "high", disk->high);
                kt_json_real(item, "provenSeconds", disk->proven_seconds);
                kt_json_bool(item, "proven", disk->is_proven);
                kt_json_bool(item, "outlier", disk->is_outlier);
                kt_json_text(item, "measured", kt_document_time(disk->wall_s, when));
        }
}

/* The slowest disk's. */
static void add_disk_column(const struct kt_node_state *state, struct kt_json *status)
{
        const struct kt_disk *slowest = NULL;
        KT_AUTO_STR struct kt_str text = { 0 };
        char rate[KT_NUM_TEXT_MAX];

        for (size_t i = 0; i < state->disk_count; i++)
                if (!slowest || state->disks[i].write < slowest->write)
                        slowest = &state->disks[i];
        if (!slowest || slowest->write >= (double)INT64_MAX)
                return;
        kt_str_addf(&text, "%s/s%s", kt_num_format_decimal((uint64_t)slowest->write, rate),
                    slowest->is_proven ? "" : " (not proven)");
        kt_json_text(status, "diskWrite", kt_str_get(&text));
}

/* What the columns of kubectl get show. */
static void add_columns(const struct kt_node_state *state, struct kt_json *status)
{
        const struct kt_node_row *maps = kt_node_row_of(state, "vm.max_map_count");
        uint64_t nofile = UINT64_MAX;
        uint64_t value = 0;

        for (size_t i = 0; i < state->broker_count; i++)
                if (state->brokers[i].nofile > 0 && state->brokers[i].nofile < nofile)
                        nofile = state->brokers[i].nofile;
        kt_json_text(status, "ready", kt_condition_status_name(state->conditions.items[KT_CONDITION_READY].status));
        kt_json_count(status, "drift", kt_node_count(state, KT_STATE_DRIFT) + kt_node_count(state, KT_STATE_CONFLICT));
        if (nofile <= INT64_MAX)
                kt_json_count(status, "nofile", nofile);
        if (maps && maps->have && kt_num_parse_u64(maps->have, &value) == 0 && value <= INT64_MAX)
                kt_json_count(status, "maps", value);
}

static struct kt_json *make_status(const struct kt_node_state *state, const char *digest)
{
        struct kt_json *document = start(KT_API_VERSION, "NodeTuning");
        struct kt_json *status;

        kt_json_text(kt_json_object(document, "metadata"), "name", state->node);
        status = kt_json_object(document, "status");
        kt_json_text(status, "profile", state->profile);
        kt_json_text(status, "profileHash", state->profile_hash);
        kt_json_text(status, "bootId", state->boot_id);
        kt_json_text(status, "kernel", state->kernel);
        add_columns(state, status);
        add_disk_column(state, status);
        add_conditions(state, status);
        add_rows(state, status);
        add_volumes(state, status);
        add_brokers(state, status);
        add_disks(state, status);
        if (digest)
                kt_json_text(status, "digest", digest);
        return document;
}

int kt_document_status(const struct kt_node_state *state, char ret_digest[KT_HASH_MAX], struct kt_str *out)
{
        KT_AUTO_STR struct kt_str content = { 0 };
        int r;

        r = finish(make_status(state, NULL), &content);
        if (r < 0)
                return r;
        (void)kt_hash_text(kt_str_get(&content), ret_digest); /* returns its buffer */
        return finish(make_status(state, ret_digest), out);
}

/* ---- The Node ---- */

int kt_document_label(const char *value, struct kt_str *out)
{
        struct kt_json *document = start("v1", "Node");

        kt_json_text(kt_json_object(kt_json_object(document, "metadata"), "labels"), KT_TUNED_LABEL, value);
        return finish(document, out);
}

int kt_document_bench_answered(struct kt_str *out)
{
        struct kt_json *document = start("v1", "Node");

        kt_json_text(kt_json_object(kt_json_object(document, "metadata"), "annotations"), KT_BENCH_NOTE, NULL);
        return finish(document, out);
}

/* A merge patch replaces lists as a whole. These are all members that core/v1 Taint has. */
static void copy_taint(const struct kt_json *taint, struct kt_json *list)
{
        static const char *const members[] = { "key", "value", "effect", "timeAdded" };
        struct kt_json *copy = kt_json_object(list, NULL);

        for (size_t i = 0; i < KT_COUNT(members); i++) {
                const char *text = NULL;

                if (kt_json_get_text(taint, members[i], &text) == 0)
                        kt_json_text(copy, members[i], text);
        }
}

int kt_document_taints(struct kt_json *node, struct kt_str *out)
{
        struct kt_json *metadata = NULL;
        struct kt_json *spec = NULL;
        struct kt_json *taints = NULL;
        struct kt_json *document;
        struct kt_json *list;
        const char *version = NULL;
        const char *key = NULL;
        bool has_ours = false;

        if (kt_json_get_part(node, "spec", &spec) < 0 || kt_json_get_part(spec, "taints", &taints) < 0 ||
            kt_json_get_part(node, "metadata", &metadata) < 0 ||
            kt_json_get_text(metadata, "resourceVersion", &version) < 0)
                return -ENOENT;

        document = start("v1", "Node");
        kt_json_text(kt_json_object(document, "metadata"), "resourceVersion", version);
        list = kt_json_list(kt_json_object(document, "spec"), "taints");
        for (size_t i = 0; kt_json_at(taints, i); i++) {
                const struct kt_json *taint = kt_json_at(taints, i);

                if (kt_json_get_text(taint, "key", &key) == 0 && strcmp(key, KT_TAINT) == 0)
                        has_ours = true;
                else
                        copy_taint(taint, list);
        }
        if (has_ours)
                return finish(document, out);
        kt_json_free(document);
        return -ENOENT;
}

int kt_document_event(const struct kt_event *event, const char *node, struct kt_str *out)
{
        KT_AUTO_STR struct kt_str name = { 0 };
        struct kt_json *document = start("v1", "Event");
        struct kt_json *metadata = kt_json_object(document, "metadata");
        struct kt_json *about = kt_json_object(document, "involvedObject");
        struct kt_json *source = kt_json_object(document, "source");
        char when[KT_DOCUMENT_TIME_MAX];

        kt_str_addf(&name, "%.*s.%s", EVENT_NODE_MAX, node, event->hash);
        kt_json_text(metadata, "name", kt_str_get(&name));
        kt_json_text(metadata, "namespace", KT_EVENTS_SPACE);
        kt_json_text(about, "apiVersion", "v1");
        kt_json_text(about, "kind", "Node");
        kt_json_text(about, "name", node);
        kt_json_text(about, "uid", node); /* as the kubelet's own Events: kubectl describe node looks for that */
        kt_json_text(source, "component", "kafka-tunerd");
        kt_json_text(source, "host", node);
        kt_json_text(document, "type", event->is_warning ? "Warning" : "Normal");
        kt_json_text(document, "reason", event->reason);
        kt_json_text(document, "message", event->message);
        kt_json_text(document, "firstTimestamp", kt_document_time(event->wall_s, when));
        kt_json_text(document, "lastTimestamp", when);
        kt_json_count(document, "count", 1);
        if (kt_str_error(&name) < 0) {
                kt_json_free(document);
                return -ENOMEM;
        }
        return finish(document, out);
}
