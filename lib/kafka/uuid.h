/* SPDX-License-Identifier: Apache-2.0 */
/* Kafka's Uuid (org.apache.kafka.common.Uuid): 16 bytes, written as 22 characters of unpadded base64url. */
#ifndef KT_KAFKA_UUID_H
#define KT_KAFKA_UUID_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"

enum { KT_UUID_BYTES = 16, KT_UUID_TEXT_MAX = 23 /* with NUL */ };

struct kt_uuid {
        uint8_t bytes[KT_UUID_BYTES];
};

/* 22 characters carry 132 bits: Kafka drops the last four and takes two '=' behind them, so that several texts mean one
 * id. 0 or -EINVAL; ret_canonical (may be NULL) says whether formatting the id gives the same text again. */
KT_MUST_CHECK int kt_uuid_parse(const char *text, struct kt_uuid *ret, bool *ret_canonical);
const char *kt_uuid_format(const struct kt_uuid *uuid, char buf[KT_UUID_TEXT_MAX]);

/* A random version 4 id from getrandom(2), none of Kafka's reserved ones (the first 100 values) and, as Uuid.randomUuid
 * takes care of, none whose text starts with '-'. */
KT_MUST_CHECK int kt_uuid_random(struct kt_uuid *ret, struct kt_err *e);

/* The same id for the same cluster and node, on every machine: the first 16 bytes of SHA-256 over a fixed label and
 * both, marked as version 8 (RFC 9562, section 5.8), never reserved and never with a text that starts with '-'. All
 * first voters of a quorum can so name each other's log dirs before any of them exists. */
void kt_uuid_derive(const char *cluster_id, int32_t node_id, struct kt_uuid *ret);

bool kt_uuid_equal(const struct kt_uuid *a, const struct kt_uuid *b);
/* True for the first 100 values (Uuid.RESERVED: zero, one, and the directory ids UNASSIGNED, LOST, MIGRATING ...). */
bool kt_uuid_is_reserved(const struct kt_uuid *uuid);

#endif
