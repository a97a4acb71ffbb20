/* SPDX-License-Identifier: Apache-2.0 */
/* File access relative to a directory descriptor, for trees that somebody hostile may own. */
#ifndef KT_OS_FS_H
#define KT_OS_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

/* Opens path below dirfd and nowhere else: no symlink in any component, no "..", no magic link, no other mount.
 * openat2(2) with RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV; where the kernel or a seccomp profile has no
 * openat2, the components are walked with O_PATH|O_NOFOLLOW and compared by mount id. O_CLOEXEC is added. Returns the
 * descriptor (owned by the caller) or -errno: -ELOOP (with O_DIRECTORY also
 * -ENOTDIR) a symlink, -EXDEV a mount or "..". */
KT_MUST_CHECK int kt_fs_open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* Opens path as if dirfd were "/": symlinks and ".." stay inside (RESOLVE_IN_ROOT|NO_MAGICLINKS, or the same by
 * walking). For captured nodes and kernel trees, where /sys/block/X and /proc/self are links. O_CLOEXEC is added. */
KT_MUST_CHECK int kt_fs_open_in_root(int dirfd, const char *path, int flags);

/* Reads a whole regular file, opened as kt_fs_open_beneath does, of at most max bytes; -EFBIG above that, -EINVAL for
 * anything but a regular file. Appends to ret. */
KT_MUST_CHECK int kt_fs_read(int dirfd, const char *path, size_t max, struct kt_str *ret);

/* Reads an open descriptor to its end; -EFBIG above max bytes. Borrows fd, appends to ret. */
KT_MUST_CHECK int kt_fs_read_fd(int fd, size_t max, struct kt_str *ret);

/* How a file that we make shall look. */
struct kt_fs_attr {
        mode_t mode;
        uid_t uid; /* (uid_t)-1: as created */
        gid_t gid; /* (gid_t)-1: as created */
};

/* Puts data under name in the directory dirfd: temporary file beside it, owner and mode, fsync, rename, fsync of the
 * directory. Either the old or the whole new file is there at any moment, also after SIGKILL or a power cut; a stale
 * temporary file of an earlier crash is replaced. name holds no '/'. */
KT_MUST_CHECK int kt_fs_write_atomic(int dirfd, const char *name, const void *data, size_t len,
                                     const struct kt_fs_attr *attr, struct kt_err *e);

/* True when name is a regular file with exactly these bytes, this mode and this owner. */
bool kt_fs_is_same(int dirfd, const char *name, const void *data, size_t len, const struct kt_fs_attr *attr);

/* Calls each for every entry of the directory but "." and "..", in the kernel's order, until it returns non-zero, which
 * is returned. Borrows dirfd and leaves its offset alone. */
KT_MUST_CHECK int kt_fs_each(int dirfd, int (*each)(void *context, const char *name), void *context);

/* Makes the directory path below dirfd, and what is missing above it (0755), each opened as kt_fs_open_beneath does
 * before the next one is made in it; what is there already stays as it is. 0 or -errno. Borrows dirfd. */
KT_MUST_CHECK int kt_fs_make_beneath(int dirfd, const char *path, mode_t mode);

/* Makes the directory and what is missing above it (0755, owned by the caller) and opens it; for our own paths only. */
KT_MUST_CHECK int kt_fs_make_dir(const char *path, mode_t mode, struct kt_err *e);

/* Writes all of it, also across short writes and EINTR. 0 or -errno. */
KT_MUST_CHECK int kt_fs_write_all(int fd, const void *data, size_t len);

#endif
