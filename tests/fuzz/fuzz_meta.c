/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes lib/kafka/meta: what was parsed and rendered has to be parsed to the same identity again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kafka/meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct kt_meta *a, const struct kt_meta *b)
{
        if (a->version != b->version || a->has_node_id != b->has_node_id || a->node_id != b->node_id ||
            a->has_directory_id != b->has_directory_id || strcmp(a->cluster_id, b->cluster_id) != 0 ||
            !kt_uuid_equal(&a->directory_id, &b->directory_id))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kt_meta meta;
        struct kt_meta again;
        struct kt_str text = { 0 };
        struct kt_err e = { 0 };

        if (kt_meta_parse("fuzz", (const char *)data, size, &meta, &e) < 0) {
                if (e.code == 0 || e.text[0] == '\0')
                        abort(); /* a failure says why */
                return 0;
        }

        if (meta.version == 1 && (!meta.has_node_id || meta.cluster_id[0] == '\0'))
                abort(); /* KRaft has both */
        kt_meta_render(&meta, (int64_t)size << 20, &text);
        if (kt_str_error(&text) || kt_meta_parse("again", kt_str_get(&text), text.len, &again, NULL) < 0)
                abort();
        check_same(&meta, &again);
        kt_str_done(&text);
        return 0;
}
