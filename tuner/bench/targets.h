/* SPDX-License-Identifier: Apache-2.0 */
/* What a path really is: filesystem, mount, disks and their queues, and whether a broker lives there. Only reads. */
#ifndef KT_TUNER_BENCH_TARGETS_H
#define KT_TUNER_BENCH_TARGETS_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/mounts.h"
#include "lib/os/root.h"
#include "lib/text/finding.h"
#include "tuner/bench/result.h"

enum { KT_TARGET_FREE_PERCENT = 5 }; /* less than that free is almost full: neither begun nor gone on with */

/* Looks at the folder path; path is borrowed. Facts that cannot be had stay empty. Notes get what a person should know
 * about them (no disk behind it, a .lock that cannot be looked at). -ENOENT, -ENOTDIR, -EACCES or another -errno when
 * the path itself is not usable. The target's devices are owned by the caller. */
KT_MUST_CHECK int kt_target_read(const struct kt_root *root, const struct kt_mounts *mounts, const char *path,
                                 struct kt_disk_target *ret, struct kt_findings *notes, struct kt_err *e);

/* Adds what speaks against measuring there: errors, or warnings when is_forced. Pure. */
void kt_target_judge(const struct kt_disk_target *target, bool is_forced, struct kt_findings *findings);

/* True when both end at one disk: the same filesystem, or a leaf of the same name. */
bool kt_target_shares_disk(const struct kt_disk_target *a, const struct kt_disk_target *b);

/* The documented baseline of the product at this size, in bytes per second, and in *ret_reason what it is; 0 when none
 * is known. A hint for the bound that is printed, never a result. */
double kt_target_baseline(const struct kt_disk_target *target, const char **ret_reason);

#endif
