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

#define KT_CHECKPOINT_BOOTSTRAP    "bootstrap.checkpoint"
#define KT_CHECKPOINT_METADATA_DIR "__cluster_metadata-0"
#define KT_CHECKPOINT_FIRST        "00000000000000000000-0000000000.checkpoint"

/* One voter of a dynamic quorum. Texts are borrowed. */
struct kt_voter {
        int32_t node_id;
        struct kt_uuid directory_id;
        const char *listener; /* name of the controller listener */
        const char *host;
        uint16_t port;
};

/* What format writes has a few hundred bytes; callers read no more than this. */
enum { KT_CHECKPOINT_FILE_MAX = 1 << 20 };

/* Appends bootstrap.checkpoint: the features of version, committed at now_ms (Unix milliseconds). For versions whose
 * has_bootstrap_checkpoint is set. */
void kt_checkpoint_bootstrap(const struct kt_kafka_version *version, int64_t now_ms, struct kt_str *out);

/* Appends __cluster_metadata-0/...checkpoint of a dynamic quorum (kraft.version 1) that starts with these voters, in
 * this order. Without voters it is what --no-initial-controllers gives a controller that joins later. For versions
 * without bootstrap.checkpoint it holds the bootstrap records too; the others write no such file when there are no
 * voters. */
void kt_checkpoint_first(const struct kt_kafka_version *version, const struct kt_voter *voters, size_t voter_count,
                         int64_t now_ms, struct kt_str *out);

/* The same file for a static quorum (controller.quorum.voters): bootstrap records only. For versions without
 * bootstrap.checkpoint; the others have no such file then. */
void kt_checkpoint_first_static(const struct kt_kafka_version *version, int64_t now_ms, struct kt_str *out);

struct kt_checkpoint_facts {
        size_t batches;
        size_t records;           /* of all batches, header and footer included */
        int16_t metadata_version; /* 0 when there is no such record */
        int16_t kraft_version;    /* 0 when there is no such record */
        size_t voter_count;
        int32_t first_voter_id;
        struct kt_uuid first_voter_directory;
};

/* Reads any of these files back, as hostile as they may be: checks magic, lengths, offsets and CRC32C of every batch,
 * that the snapshot begins with its header and ends with its footer, and counts. -EBADMSG says what is wrong and where.
 * */
KT_MUST_CHECK int kt_checkpoint_read(const void *bytes, size_t len, struct kt_checkpoint_facts *ret, struct kt_err *e);

#endif
