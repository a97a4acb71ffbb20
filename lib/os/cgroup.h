/* SPDX-License-Identifier: Apache-2.0 */
/* What the control groups of the own process allow (cgroups(7)), version 1, 2 and both mounted together. */
#ifndef KT_OS_CGROUP_H
#define KT_OS_CGROUP_H

#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"

#define KT_CGROUP_UNLIMITED UINT64_MAX

struct kt_cgroup {
        uint64_t memory_bytes;   /* least memory.max (v2) or memory.limit_in_bytes (v1) of the group and all above it */
        uint64_t cpu_millicores; /* least cpu.max (v2) or cpu.cfs_quota_us/cpu.cfs_period_us (v1), rounded down */
        int version;             /* 1 or 2: where the memory controller is; 0 when there is none */
};

/* Reads /proc/self/cgroup and /proc/self/mountinfo of root, finds the group as it is visible here (also inside a cgroup
 * namespace or below a bind mount of one group) and walks up to the mount's top. A group that no mount shows is read at
 * the top of the mount of its hierarchy. v1's "no limit" (a page-rounded LONG_MAX) is KT_CGROUP_UNLIMITED. A machine
 * without control groups is no error: all unlimited, version 0. A value that is no limit is one, naming its file. */
KT_MUST_CHECK int kt_cgroup_read(const struct kt_root *root, struct kt_cgroup *ret, struct kt_err *e);

#endif
