/* SPDX-License-Identifier: Apache-2.0 */
/* The one request of Kafka's protocol that a probe needs: ApiVersions, version 0, which every broker since 0.10 answers
 * before any authentication (KIP-35; protocol guide, "Retrieving Supported API versions"). */
#ifndef KT_KAFKA_WIRE_H
#define KT_KAFKA_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"

enum {
        KT_WIRE_REQUEST_MAX = 64,
        KT_WIRE_RESPONSE_MAX = 64 << 10, /* 4.3 answers with 464 bytes */
};

/* Writes the whole request, length first, and returns its size. */
size_t kt_wire_api_versions(int32_t correlation_id, uint8_t out[KT_WIRE_REQUEST_MAX]);

/* Size of the answer as its first four bytes announce it, without them; -EBADMSG when it is none we would read. */
KT_MUST_CHECK int kt_wire_response_size(const uint8_t first[4]);

/* Checks the answer behind its length. -EBADMSG says what is wrong; an error code of the broker is one, but for 35
 * (UNSUPPORTED_VERSION), which still lists what there is. */
KT_MUST_CHECK int kt_wire_check_versions(const uint8_t *bytes, size_t len, int32_t correlation_id, struct kt_err *e);

#endif
