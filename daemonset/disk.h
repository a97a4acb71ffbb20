/* SPDX-License-Identifier: Apache-2.0 */
/* Results of kafka-diskbench: taken in, kept for as long as they are true, compared. No process is started here. */
#ifndef KT_DAEMONSET_DISK_H
#define KT_DAEMONSET_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemonset/state.h"
#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"

enum {
        KT_DISKS_MAX = 64,
        KT_DISK_PEERS_MIN = 5, /* fewer say nothing about what is usual */
        KT_DISK_PEERS_MAX = 512,
};

/* What a path is on now. Texts are owned; release with kt_disk_place_done. */
struct kt_disk_place {
        char *identity; /* "serial:disk0 xfs 21474836480 6.1.0" */
        char *hardware; /* "xfs 21474836480 6.1.0" with the disk's model in front when the report names one */
};
void kt_disk_place_done(struct kt_disk_place *place);
KT_MUST_CHECK int kt_disk_find_place(const struct kt_root *root, const char *path, const char *kernel,
                                     struct kt_disk_place *ret, struct kt_err *e);

/* Takes in a DiskReport, each volume in place of an older result of its path. 0; -EBADMSG: it is none. */
KT_MUST_CHECK int kt_disks_take(struct kt_node_state *state, const struct kt_root *root, const char *text, size_t len,
                                int64_t wall_s, struct kt_err *e);

/* Takes over what the NodeTuning of before says, for paths that have no result yet. What cannot be read is left out. */
void kt_disks_adopt(struct kt_node_state *state, struct kt_json *status);

/* Drops results of what is another disk, filesystem, size or kernel now. True when there were any. */
bool kt_disks_expire(struct kt_node_state *state, const struct kt_root *root);

/* The result for path, or NULL. */
const struct kt_disk *kt_disk_of(const struct kt_node_state *state, const char *path);

/* Pure: whether value is much less than what is usual among count others: below the median by more than three robust
 * standard deviations (1.4826 times the median of the distances to the median) and by more than a tenth. Sorts values.
 * False for fewer than KT_DISK_PEERS_MIN. */
bool kt_disk_is_outlier(double value, double *others, size_t count);

/* Judges the own disks by the NodeTunings in list, whose items are objects. True when a verdict has changed. */
bool kt_disks_compare(struct kt_node_state *state, struct kt_json *list);

#endif
