/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits of a process (getrlimit(2), /proc/PID/limits). */
#ifndef KT_OS_LIMITS_H
#define KT_OS_LIMITS_H

#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"

#define KT_LIMIT_UNLIMITED UINT64_MAX

struct kt_limit {
        uint64_t soft;
        uint64_t hard;
};

/* Own RLIMIT_NOFILE. Only the hard one matters for a JVM: HotSpot raises soft to hard itself (MaxFDLimit). */
KT_MUST_CHECK int kt_limits_nofile(struct kt_limit *ret);

/* Raises own soft RLIMIT_NOFILE to the hard one and returns what getrlimit(2) says afterwards. */
KT_MUST_CHECK int kt_limits_raise_nofile(struct kt_limit *ret, struct kt_err *e);

/* Finds the row called name ("Max open files", "Max processes", ...) in the text of a /proc/PID/limits file.
 * 0, -ENOENT (no such row) or -EBADMSG. */
KT_MUST_CHECK int kt_limits_parse(const char *text, const char *name, struct kt_limit *ret);

#endif
