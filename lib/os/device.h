/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to the disks behind it: mount, block device, partition, LVM, md, multipath, down to the leaves. */
#ifndef KT_OS_DEVICE_H
#define KT_OS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/mounts.h"
#include "lib/os/root.h"

enum {
        KT_DEVICE_NAME_MAX = 64, /* the kernel's DISK_NAME_LEN is 32 */
        KT_DEVICE_ID_MAX = 192,  /* an NVMe wwid has 128 bytes at most, a SCSI one 100 */
        KT_DEVICE_KEY_MAX = KT_DEVICE_ID_MAX + 64,
        KT_DEVICE_STACK_MAX = 256, /* an md array of 100 dm-multipath disks has more; a sane volume has under ten */
};

/* A whole disk of the kernel, which is what has a queue. Never known again by its name: that goes to another disk when
 * this one is unplugged. */
struct kt_device {
        char name[KT_DEVICE_NAME_MAX]; /* as in /sys/class/block: vdb, dm-0, nvme0c1n1 */
        char id[KT_DEVICE_ID_MAX];     /* "wwid:...", "serial:..." or "uuid:..."; "" when the disk has none */
        uint64_t diskseq;              /* a new one for each disk that appears since boot; 0 before Linux 5.15 */
        uint32_t major;                /* 0:0 for a hidden path of native NVMe multipath */
        uint32_t minor;
        bool is_top;     /* what the filesystem is on: its read-ahead counts, and no other's */
        bool is_leaf;    /* nothing is known below it. A loop device is one: its file is somebody else's business */
        bool has_queue;  /* request based: it schedules. Others (dm-linear, md, NVMe heads) take and ignore settings */
        bool is_skipped; /* below request-based dm-multipath, which hands requests past this one's scheduler */
};

/* What is between one path and its disks, from the top down. Zero-initialise it; release with kt_device_stack_done. */
struct kt_device_stack {
        struct kt_device *items; /* never empty after kt_device_find */
        size_t count;
        size_t cap;
        const struct kt_mount *mount; /* borrowed from the mounts; NULL for a device that is not mounted */
};

/* what is an absolute path on a mounted volume, a device node (/dev/vdb, /dev/mapper/vg0-kafka) or a device's bare
 * name. On the running machine links are followed. 0; -ENOENT: there is no such thing; -ENOTBLK: it is on no disk
 * (tmpfs, NFS) or on a filesystem that does not say on which (btrfs, overlay); -E2BIG: the stack is too high; -EINVAL.
 * Borrows mounts for as long as ret lives. */
KT_MUST_CHECK int kt_device_find(const struct kt_root *root, const struct kt_mounts *mounts, const char *what,
                                 struct kt_device_stack *ret, struct kt_err *e);
void kt_device_stack_done(struct kt_device_stack *stack);

/* Writes what names the device in a journal to buf and returns it: "diskseq:2 serial:disk0". Together with the boot id
 * it names one disk and no other. */
const char *kt_device_key(const struct kt_device *device, char buf[KT_DEVICE_KEY_MAX]);

/* Copies the path of the file behind a loop device, as the kernel knows it, and returns its length; -ENOENT: it is
 * none, or has none. */
KT_MUST_CHECK int kt_device_backing(const struct kt_root *root, const struct kt_device *device, char *buf, size_t size);

/* The device that has this key now. -ENOENT: it is gone, whatever may bear its name. */
KT_MUST_CHECK int kt_device_of_key(const struct kt_root *root, const char *key, struct kt_device *ret,
                                   struct kt_err *e);

#endif
