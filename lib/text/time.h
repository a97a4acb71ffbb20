/* SPDX-License-Identifier: Apache-2.0 */
/* Moments, as Kubernetes, journals and reports write them. */
#ifndef KT_TEXT_TIME_H
#define KT_TEXT_TIME_H

#include <stdint.h>

enum { KT_TIME_TEXT_MAX = 32 }; /* "2026-01-31T12:00:00Z", and years of up to ten digits and a sign */

/* Writes the seconds since 1970 as ISO 8601 in UTC, and returns buf; "" for a year that has no name. */
const char *kt_time_format(int64_t wall_s, char buf[KT_TIME_TEXT_MAX]);

#endif
