/* SPDX-License-Identifier: Apache-2.0 */
/* A machine in a small archive: what rows, devices, doctor and size read of it, and nothing else. Unpacked it is a
 * --sysroot. Serial numbers and the like become masked-1, masked-2, ...: equal ones stay equal, and that is all that is
 * left of them. Network filesystems lose their servers and options, status files all but the lines that count. */
#ifndef KT_TUNER_SNAPSHOT_H
#define KT_TUNER_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"
#include "lib/text/str.h"

struct kt_snapshot_stats {
        size_t entries;
        size_t masked;     /* different values that were masked */
        size_t unreadable; /* files that are there but could not be read: listed in the archive as ERRORS */
};

/* Appends an uncompressed ustar archive of what root shows. pid is one more process whose limits count; 0: none. 0 or
 * -errno; -E2BIG: the machine is larger than anything that is known. */
KT_MUST_CHECK int kt_snapshot_make(const struct kt_root *root, uint64_t pid, struct kt_str *out,
                                   struct kt_snapshot_stats *ret, struct kt_err *e);

#endif
