/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and figures as HTML and SVG want them. */
#ifndef KT_TUNER_BENCH_MARKUP_H
#define KT_TUNER_BENCH_MARKUP_H

#include <stdint.h>

#include "lib/text/str.h"

/* Appends text from outside so that it is nothing but text, in elements and in quoted attributes: markup and control
 * characters escaped, bytes that are no UTF-8 replaced. */
void kt_markup_text(struct kt_str *out, const char *text);

/* The same inside <bdi>: what it says about the direction of writing ends with it. For elements of HTML only. */
void kt_markup_value(struct kt_str *out, const char *text);

/* Figures, with their unit behind a no-break space; "-" for what is not finite or below 0. */
void kt_markup_rate(struct kt_str *out, double bytes_per_second); /* 45.0 MB/s */
void kt_markup_bytes(struct kt_str *out, double bytes);           /* 1.8 GB */
void kt_markup_seconds(struct kt_str *out, double seconds);       /* 13.3 s */
void kt_markup_latency(struct kt_str *out, int64_t ns);           /* 4.21 ms */
void kt_markup_percent(struct kt_str *out, double share);         /* 66.7 % */
void kt_markup_count(struct kt_str *out, uint64_t count);         /* 20,431 */

#endif
