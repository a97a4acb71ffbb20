/* SPDX-License-Identifier: Apache-2.0 */
/* Formats an empty log dir for KRaft, as `kafka-storage format` does, without a JVM. */
#ifndef KT_INITC_FORMAT_H
#define KT_INITC_FORMAT_H

#include <stdbool.h>

#include "initc/entry.h"
#include "initc/judge.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/checkpoint.h"
#include "lib/kafka/uuid.h"
#include "lib/kafka/version.h"

enum { KT_FORMAT_VOTERS_MAX = 9 };

struct kt_format {
        const struct kt_kafka_version *version;
        const char *cluster_id;
        int32_t node_id;
        enum kt_quorum quorum;
        const struct kt_voter
                *voters; /* all first voters, this node among them; their directory ids are filled in here */
        size_t voter_count;
        struct kt_owner owner; /* of what is made; uid -1: as created */
};

/* Writes bootstrap.checkpoint (where the version has it), the first metadata snapshot (where the quorum wants it),
 * and at last meta.properties, each of them atomically: a directory with a meta.properties is formatted, one without
 * is not, and formatting it again finishes the work. The directory id is random, but that of one first voter among
 * several, which the others have to know (kt_uuid_derive). Refuses (-EEXIST) when meta.properties is there. Borrows
 * dir_fd. */
KT_MUST_CHECK int kt_format_dir(int dir_fd, const struct kt_format *format, struct kt_uuid *ret_directory_id,
                                struct kt_err *e);

#endif
