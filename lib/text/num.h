/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers, sizes and durations. The whole string is the number, or it is an error; nothing is skipped. */
#ifndef KT_TEXT_NUM_H
#define KT_TEXT_NUM_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"

enum { KT_NUM_TEXT_MAX = 32 }; /* any formatted number of this header */

/* Decimal digits only. All of these return 0, -EINVAL (not a number) or -ERANGE (too large, or out of min..max). */
KT_MUST_CHECK int kt_num_parse_u64(const char *text, uint64_t *ret);
KT_MUST_CHECK int kt_num_parse_i64(const char *text, int64_t *ret); /* one leading '-' allowed */
KT_MUST_CHECK int kt_num_parse_u64_in(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
KT_MUST_CHECK int kt_num_parse_octal(const char *text, uint32_t *ret);
/* Decimal or exponent form, finite; the C locale's point. */
KT_MUST_CHECK int kt_num_parse_double(const char *text, double *ret);

/* Bytes as a Kubernetes quantity (apimachinery resource.Quantity): digits, an optional fraction, an optional suffix of
 * k M G T P (10^3n) or Ki Mi Gi Ti Pi (2^10n). A fraction of a byte rounds up, as Kubernetes does. */
KT_MUST_CHECK int kt_num_parse_size(const char *text, uint64_t *ret_bytes);

/* One number and one unit of ms s m h d, for example "30s"; a bare number is an error, but for 0. Milliseconds. */
KT_MUST_CHECK int kt_num_parse_duration(const char *text, int64_t *ret_ms);

/* These write at most KT_NUM_TEXT_MAX bytes into buf and return it. */
const char *kt_num_format_count(uint64_t value, char buf[KT_NUM_TEXT_MAX]);   /* 20,431 */
const char *kt_num_format_binary(uint64_t bytes, char buf[KT_NUM_TEXT_MAX]);  /* 19.8 GiB */
const char *kt_num_format_decimal(uint64_t bytes, char buf[KT_NUM_TEXT_MAX]); /* 1.8 GB */

#endif
