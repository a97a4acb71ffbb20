/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/mountinfo (proc(5)): what is mounted where. */
#ifndef KT_OS_MOUNTS_H
#define KT_OS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"

/* One line. Texts are owned by the list. root, target, fstype and source are unescaped (\040 and friends); options
 * are as they stand in the file, since an unescaped comma inside a value would look like another option. */
struct kt_mount {
        uint64_t id;
        uint64_t parent;
        uint32_t major; /* st_dev of the files on it, not always a block device */
        uint32_t minor;
        const char *root;          /* the folder of the filesystem that is mounted here */
        const char *target;        /* where */
        const char *options;       /* of this mount: rw,noatime,... */
        const char *fstype;        /* ext4, xfs, ... */
        const char *source;        /* /dev/vdb, tmpfs, ...; may be "" */
        const char *super_options; /* of the filesystem */
};

struct kt_mounts {
        struct kt_mount *items; /* in the file's order: later mounts hide earlier ones at the same target */
        size_t count;
        size_t cap;
        char *text; /* owns every text above */
};

enum { KT_MOUNTS_FILE_MAX = 16 << 20 }; /* a node with 10,000 mounts has about 2 MiB */

/* Parses the text of a mountinfo file; -EBADMSG with the line's number when a line is not as proc(5) says. */
KT_MUST_CHECK int kt_mounts_parse(const char *text, struct kt_mounts *ret, struct kt_err *e);

/* Reads and parses a mountinfo file of root; path NULL means /proc/self/mountinfo. */
KT_MUST_CHECK int kt_mounts_load(const struct kt_root *root, const char *path, struct kt_mounts *ret, struct kt_err *e);
void kt_mounts_done(struct kt_mounts *mounts);

/* The mount whose target is exactly this absolute path, the topmost one; NULL when the path is no mount point. */
const struct kt_mount *kt_mounts_at(const struct kt_mounts *mounts, const char *target);

/* The mount that holds this absolute, normalised path: the longest target that is a prefix of it by whole components.
 * NULL when there is none, as in a chroot whose "/" is no mount point. */
const struct kt_mount *kt_mounts_of(const struct kt_mounts *mounts, const char *path);

/* True when the comma-separated option stands in the mount's or the filesystem's options. */
bool kt_mount_has_option(const struct kt_mount *mount, const char *option);

#endif
