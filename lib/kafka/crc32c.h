/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of Kafka's record batches. Private to lib/kafka. */
#ifndef KT_KAFKA_CRC32C_H
#define KT_KAFKA_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t kt_crc32c(const void *bytes, size_t len);

#endif
