/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes and the few macros that every file may use. */
#ifndef KT_BASE_ATTR_H
#define KT_BASE_ATTR_H

/* The caller has to look at the result. A deliberate (void) needs a comment on the same line. */
#define KT_MUST_CHECK __attribute__((warn_unused_result))

/* Checks a printf-like call; both numbers count arguments from 1. */
#define KT_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

#define KT_UNUSED __attribute__((unused))

/* Number of elements of an array (never of a pointer). */
#define KT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Ends a switch over an enum that listed every case. */
#define KT_UNREACHABLE() __builtin_unreachable()

#endif
