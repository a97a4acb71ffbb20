/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes and NodeTunings of anything: what is taken from them is within bounds, what is sent back is JSON, leaves foreign
 * taints alone, and is the same again after it was taken in. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemonset/disk.h"
#include "daemonset/document.h"
#include "daemonset/publish.h"
#include "lib/app/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kt_node_state empty = { .node = "n1", .is_judged = true };

static struct kt_json *parse(const char *text, size_t len)
{
        struct kt_json *object = NULL;

        return kt_json_parse_foreign("object", text, len, &object, NULL) < 0 ? NULL : object;
}

static struct kt_json *part_of(struct kt_json *object, const char *key)
{
        struct kt_json *part = NULL;

        return object && kt_json_get_part(object, key, &part) == 0 ? part : NULL;
}

/* ---- A NodeTuning's status, which an agent that was started anew takes over ---- */

static void adopt(struct kt_json *status, struct kt_node_state *state, char digest[KT_HASH_MAX], struct kt_str *out)
{
        kt_disks_adopt(state, status);
        if (state->disk_count > KT_DISKS_MAX)
                abort();
        for (size_t i = 0; i < state->disk_count; i++)
                if (!isfinite(state->disks[i].write) || state->disks[i].write <= 0)
                        abort();
        if (kt_document_status(state, digest, out) < 0)
                abort();
}

static void try_status(struct kt_json *object)
{
        struct kt_node_state first = empty;
        struct kt_node_state second = empty;
        char first_digest[KT_HASH_MAX] = "";
        char second_digest[KT_HASH_MAX] = "";
        KT_AUTO_STR struct kt_str sent = { 0 };
        KT_AUTO_STR struct kt_str again = { 0 };
        struct kt_json *document;

        adopt(part_of(object, "status"), &first, first_digest, &sent);
        document = parse(sent.data, sent.len);
        if (!document)
                abort();
        adopt(part_of(document, "status"), &second, second_digest, &again);
        if (strcmp(first_digest, second_digest) != 0)
                abort();
        kt_json_free(document);

        (void)kt_disks_compare(&first, object); /* whatever it says, it ends */
        kt_node_state_done(&first);
        kt_node_state_done(&second);
}

/* ---- A Node ---- */

/* How many of them are ours. */
static size_t count_taints(struct kt_json *node, size_t *ret_all)
{
        struct kt_json *taints = part_of(part_of(node, "spec"), "taints");
        size_t ours = 0;

        for (*ret_all = 0; taints && kt_json_at(taints, *ret_all); (*ret_all)++) {
                const char *key = NULL;

                ours += kt_json_get_text(kt_json_at(taints, *ret_all), "key", &key) == 0 && strcmp(key, KT_TAINT) == 0;
        }
        return ours;
}

static void try_taints(struct kt_json *node)
{
        KT_AUTO_STR struct kt_str patch = { 0 };
        struct kt_json *document;
        size_t before;
        size_t after;
        size_t ours;

        if (kt_document_taints(node, &patch) < 0)
                return;
        document = parse(patch.data, patch.len);
        if (!document)
                abort();
        ours = count_taints(node, &before);
        if (ours == 0 || count_taints(document, &after) != 0 || after != before - ours)
                abort();
        kt_json_free(document);
}

/* ---- Both, as the watch tells of them ---- */

static void try_notices(struct kt_json *object)
{
        static const enum kt_follow_change changes[] = { KT_FOLLOW_LISTING, KT_FOLLOW_PRESENT, KT_FOLLOW_LISTED,
                                                         KT_FOLLOW_HEARING, KT_FOLLOW_PRESENT, KT_FOLLOW_DELETED };
        static struct kt_kube *kube; /* nothing is sent */
        const struct kt_moment moment = { .now_ms = 1000, .wall_s = 1000000 };
        struct kt_node_state state = empty;
        struct kt_publisher *publisher;

        if (!kube &&
            kt_kube_new(&(struct kt_kube_config){ .url = "http://127.0.0.1:9", .token_file = "" }, &kube, NULL) < 0)
                abort();
        publisher = kt_publisher_new(kube, &state);
        if (!publisher)
                abort();
        for (size_t i = 0; i < KT_COUNT(changes); i++) {
                const struct kt_follow_notice notice = { .change = changes[i], .object = object };

                kt_publisher_hear_node(publisher, &notice);
                kt_publisher_hear_tuning(publisher, &notice);
                kt_publisher_change(publisher, &moment);
                (void)strlen(kt_publisher_bench_request(publisher)); /* it ends */
        }
        kt_publisher_free(publisher);
        kt_node_state_done(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kt_json *object = parse((const char *)data, size);

        if (!object)
                return 0;
        try_status(object);
        try_taints(object);
        try_notices(object);
        kt_json_free(object);
        return 0;
}
