/* SPDX-License-Identifier: Apache-2.0 */
/* meta.properties, which says whom a log dir belongs to (org.apache.kafka.metadata.properties.MetaProperties). */
#ifndef KT_KAFKA_META_H
#define KT_KAFKA_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/uuid.h"
#include "lib/text/str.h"

#define KT_META_FILE "meta.properties"

enum { KT_META_FILE_MAX = 64 << 10, KT_META_CLUSTER_ID_MAX = 256 };

struct kt_meta {
        int version; /* 0: ZooKeeper mode (also when the line is absent), 1: KRaft */
        bool has_node_id;
        int32_t node_id; /* node.id, or broker.id of version 0 */
        char cluster_id[KT_META_CLUSTER_ID_MAX]; /* "" when absent (allowed in version 0 only) */
        bool has_directory_id;
        struct kt_uuid directory_id;
};

/* -EBADMSG says what is wrong: no property file, unknown version, no or bad node id, no cluster id, bad directory id. */
KT_MUST_CHECK int kt_meta_parse(const char *name, const char *bytes, size_t len, struct kt_meta *ret, struct kt_err *e);

/* Appends what kafka-storage format would have written: '#' and date line, then the keys. unix_seconds gives the date. */
void kt_meta_render(const struct kt_meta *meta, int64_t unix_seconds, struct kt_str *out);

#endif
