/* SPDX-License-Identifier: Apache-2.0 */
/* The Kafka versions that are known, one row each: schema, metadata.version, what `kafka-storage format` writes. */
#ifndef KT_KAFKA_VERSION_H
#define KT_KAFKA_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

/* A feature level that formatting records: default features of the release (kafka-storage format without -r). */
struct kt_kafka_feature {
        const char *name;
        int16_t level;
};

enum { KT_KAFKA_FEATURES_MAX = 8 };

struct kt_kafka_version {
        const char *name;    /* minor release: "0.10.2", "3.9", "4.3" */
        const char *patch;   /* patch release whose schema is compiled in: "4.3.1" */
        unsigned schema_bit; /* index of its column in the schema tables (lib/kafka/schema.h) */
        bool has_zookeeper;  /* can run in ZooKeeper mode */
        bool has_kraft;      /* can run in KRaft mode */
        /* format writes bootstrap.checkpoint into every log dir; 4.4 does not (KIP-1170) */
        bool has_bootstrap_checkpoint;
        /* metadata.version first, the rest sorted; ends at NULL */
        struct kt_kafka_feature features[KT_KAFKA_FEATURES_MAX];
};

extern const struct kt_kafka_version kt_kafka_versions[];
extern const size_t kt_kafka_version_count;

/* The row for "4.3", "4.3.1", "4.3.0": the minor release decides. NULL when it is not known. */
const struct kt_kafka_version *kt_kafka_version_find(const char *text);

/* Appends the names of all of them: "0.10.2, 3.9, ...". */
void kt_kafka_version_add_names(struct kt_str *out);

/* Says that text is none of them, and which there are; returns -EINVAL. */
int kt_kafka_version_refuse(const char *text, struct kt_err *e);

#endif
