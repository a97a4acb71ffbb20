/* SPDX-License-Identifier: Apache-2.0 */
/* What the entries of a log dir are, by their names (LocalLog.parseTopicPartitionName, UnifiedLog, LogManager). */
#ifndef KT_KAFKA_NAMES_H
#define KT_KAFKA_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/kafka/version.h"

/* A directory directly in a log dir. */
enum kt_dir_kind {
        KT_DIR_PARTITION,    /* topic-N */
        KT_DIR_METADATA,     /* __cluster_metadata-0 */
        KT_DIR_DELETE,       /* topic-N.<id>-delete */
        KT_DIR_FUTURE,       /* topic-N.<id>-future */
        KT_DIR_STRAY,        /* topic-N.<id>-stray */
        KT_DIR_REMOTE_INDEX, /* remote-log-index-cache */
        KT_DIR_FOREIGN,      /* anything else; see below */
        KT_DIR_COUNT_
};

/* What the broker of that version takes a directory for; 0.10.2 knows of the suffixes only -delete. FOREIGN is a name
 * that no broker can have made. The broker dies of all of them but for a few that its grammar lets through and that we
 * do not: topics with illegal characters ("a b-0") and partition numbers with a sign or leading zeros ("t-+1", "t-00").
 * */
enum kt_dir_kind kt_names_dir(const struct kt_kafka_version *version, const char *name);

/* A file inside a partition's directory. */
enum kt_file_kind {
        KT_FILE_LOG, /* 20 digits .log */
        KT_FILE_INDEX,
        KT_FILE_TIMEINDEX,
        KT_FILE_TXNINDEX,
        KT_FILE_DELETED,    /* .log/.index/... with .deleted behind: still open for file.delete.delay.ms */
        KT_FILE_CHECKPOINT, /* leader-epoch-checkpoint, *.snapshot, *.checkpoint, partition.metadata */
        KT_FILE_OTHER,      /* quorum-state, *.cleaned, *.swap, and whatever else */
        KT_FILE_COUNT_
};

enum kt_file_kind kt_names_file(const char *name);

#endif
