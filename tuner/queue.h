/* SPDX-License-Identifier: Apache-2.0 */
/* The block devices that rows of scope "block device" are about. Back ends: queue.c, mount.c. */
#ifndef KT_TUNER_QUEUE_H
#define KT_TUNER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/device.h"
#include "lib/os/mounts.h"
#include "lib/os/root.h"
#include "tuner/wish.h"

/* Zero-initialise it; release with kt_queues_done. */
struct kt_queues {
        struct kt_mounts mounts;
        struct kt_device_stack *stacks; /* one for each path that was asked for */
        size_t count;
        size_t cap;
        struct kt_device *devices; /* each device of all stacks once */
        size_t device_count;
        size_t device_cap;
};

/* Resolves device (a path, a node or a name); when that is NULL, those volumes of kafka.yaml that are mounted here.
 * 0, also when none is mounted; or the -errno of kt_device_find or kt_mounts_load. */
KT_MUST_CHECK int kt_queues_load(const struct kt_root *root, const char *device, const struct kt_spec_texts *volumes,
                                 struct kt_queues *ret, struct kt_err *e);

/* Adds the disks behind one more path of ret->mounts, which are loaded; what else is in it stays when that fails. */
KT_MUST_CHECK int kt_queues_add(const struct kt_root *root, const char *what, struct kt_queues *queues,
                                struct kt_err *e);
void kt_queues_done(struct kt_queues *queues);

/* True when a wish is about block devices. */
bool kt_queues_are_wished(const struct kt_wishes *wishes);

/* Which devices a row is about. */
bool kt_queue_is_top(const struct kt_device *device);        /* the filesystem's own: its read-ahead counts */
bool kt_queue_is_scheduling(const struct kt_device *device); /* its scheduler and limits see the requests */
bool kt_queue_is_leaf(const struct kt_device *device);       /* the disk itself, or a path to it */

#endif
