/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on around a measurement: our own CPU, the control group's brake, and what others do to the disks. */
#ifndef KT_TUNER_BENCH_NODE_H
#define KT_TUNER_BENCH_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"
#include "tuner/bench/result.h"

/* Counters at one moment; two of them make a difference. */
struct kt_node_sample {
        int64_t at_ns;
        int64_t cpu_ns; /* of this process */
        bool has_throttled;
        uint64_t throttled;
        bool has_disks;
        uint64_t target_bytes; /* of what the volumes are on */
        uint64_t other_bytes; /* of all other disks; 0 where one of ours is a loop device, whose file is on some disk */
        uint64_t own_bytes;   /* moved by us; the caller's */
};

/* What cannot be read is left out. own_bytes: what we moved so far. */
void kt_node_sample(const struct kt_root *root, const struct kt_disk_volume *volumes, size_t count, uint64_t own_bytes,
                    struct kt_node_sample *ret);

/* Raises what node knows to what happened between the two; cpus: processors that we may use. */
void kt_node_compare(const struct kt_node_sample *before, const struct kt_node_sample *after, double cpus,
                     struct kt_disk_node *node);

/* Bytes moved according to the text of /proc/diskstats: sums those of names for which counts says true. */
uint64_t kt_node_disk_bytes(const char *text, bool (*counts)(const void *context, const char *name),
                            const void *context);

/* The value behind "nr_throttled " in the text of cpu.stat; false when there is none. */
bool kt_node_throttled(const char *text, uint64_t *ret);

/* Processors that we may use, at least a thousandth: affinity and the control group's quota. */
double kt_node_cpus(const struct kt_root *root);

/* How much dirty memory makes write(2) wait here: vm.dirty_bytes, or vm.dirty_ratio of the memory that is available to
 * the node and, where that is less, to our control group. 0 when it cannot be known. */
uint64_t kt_node_dirty_limit(const struct kt_root *root, bool *ret_is_of_group);

#endif
