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
        int version;      /* 0: ZooKeeper mode (also when the line is absent), 1: KRaft */
        bool has_node_id; /* always in version 1; version 0 may lack it, and then no broker starts on the log dir */
        int32_t node_id;  /* node.id, or broker.id of version 0; never negative */
        char cluster_id[KT_META_CLUSTER_ID_MAX]; /* printable; "" when absent (allowed in version 0 only) */
        bool has_directory_id;
        struct kt_uuid directory_id;
};

/* Reads what MetaProperties.Builder reads; unknown keys are left alone, as there. -EBADMSG says what is wrong: no
 * property file, unknown version, bad node id, in version 1 no node id or no cluster id, a cluster id too long or with
 * control characters (Kafka would take both; they come from no tool of its own), bad directory id. name is for
 * messages. */
KT_MUST_CHECK int kt_meta_parse(const char *name, const char *bytes, size_t len, struct kt_meta *ret, struct kt_err *e);

/* Appends what Kafka would have written, in its order: '#' and date line (UTC), then the keys. unix_seconds gives the
 * date, clamped to the years 1970 to 9999. */
void kt_meta_render(const struct kt_meta *meta, int64_t unix_seconds, struct kt_str *out);

#endif
