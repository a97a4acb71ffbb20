/* SPDX-License-Identifier: Apache-2.0 */
/* The snapshot files that `kafka-storage format` writes, byte for byte: Kafka record batches of magic 2 (KIP-98) that
 * hold KRaft control records (KIP-630, KIP-853) and metadata records (generated message formats). */
#ifndef KT_KAFKA_CHECKPOINT_H
#define KT_KAFKA_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/uuid.h"
#include "lib/kafka/version.h"
#include "lib/text/str.h"

#define KT_CHECKPOINT_BOOTSTRAP "bootstrap.checkpoint"
#define KT_CHECKPOINT_METADATA_DIR "__cluster_metadata-0"
#define KT_CHECKPOINT_FIRST "00000000000000000000-0000000000.checkpoint"

/* One voter of a dynamic quorum. Texts are borrowed. */
struct kt_voter {
        int32_t node_id;
        struct kt_uuid directory_id;
        const char *listener; /* name of the controller listener */
        const char *host;
        uint16_t port;
};

/* Appends bootstrap.checkpoint: the features of version, committed at now_ms (Unix milliseconds). */
void kt_checkpoint_bootstrap(const struct kt_kafka_version *version, int64_t now_ms, struct kt_str *out);

/* Appends __cluster_metadata-0/...checkpoint of a quorum that starts with these voters (kraft.version 1). For versions
 * without bootstrap.checkpoint it holds the bootstrap records too. */
void kt_checkpoint_first(const struct kt_kafka_version *version, const struct kt_voter *voters, size_t voter_count,
                         int64_t now_ms, struct kt_str *out);

/* Reads either file back: checks magic, lengths and CRC32C of every batch and counts. -EBADMSG says where. Any of the
 * outputs may be NULL; voters beyond voters_max are only counted. Texts inside voters point into bytes' copy `names`. */
struct kt_checkpoint_facts {
        size_t batches;
        size_t records;
        int16_t metadata_version; /* 0 when there is no such record */
        size_t voter_count;
        int32_t first_voter_id;
        struct kt_uuid first_voter_directory;
};
KT_MUST_CHECK int kt_checkpoint_read(const void *bytes, size_t len, struct kt_checkpoint_facts *ret, struct kt_err *e);

#endif
