/* SPDX-License-Identifier: Apache-2.0 */
/* File access relative to a directory descriptor.
 *
 * What an attacker controls: every name, link, mode and owner below dirfd, and he may change them while we work. So
 * a path is never resolved by the kernel's ordinary rules: openat2(2) forbids what leads away, and the leg for
 * kernels and seccomp profiles without it pins each component with O_PATH before the next one is looked up. */
#include "lib/os/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
        SYMLINKS_MAX = 40, /* as the kernel: path_resolution(7) */
        WALK_DEPTH_MAX = 128,
        READ_CHUNK = 64 << 10,
};

static int call_openat2(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
        struct open_how how = {
                .flags = (uint64_t)(unsigned)flags,
                .mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
                .resolve = resolve,
        };
        long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

        return fd < 0 ? -errno : (int)fd;
}

/* Mount id of an open file: tells two mounts of one filesystem apart, which st_dev does not. */
static int mount_id(int fd, uint64_t *ret)
{
        struct statx stx;

        if (statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &stx) < 0)
                return -errno;

        /* before 5.8 there is no mount id: the device is the best there is */
        *ret = stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : ((uint64_t)stx.stx_dev_major << 32 | stx.stx_dev_minor);
        return 0;
}

static int is_same_mount(int a, int b)
{
        uint64_t id_a;
        uint64_t id_b;
        int r;

        r = mount_id(a, &id_a);
        if (r < 0)
                return r;
        r = mount_id(b, &id_b);
        if (r < 0)
                return r;
        return id_a == id_b;
}

/* Copies the next component of *path to name and moves behind it; false at the end. */
static bool next_component(const char **path, char name[NAME_MAX + 1], int *ret_error)
{
        const char *start = *path + strspn(*path, "/");
        size_t len = strcspn(start, "/");

        *ret_error = 0;
        if (len == 0)
                return false;
        if (len > NAME_MAX) {
                *ret_error = -ENAMETOOLONG;
                return false;
        }

        memcpy(name, start, len);
        name[len] = '\0';
        *path = start + len;
        return true;
}

static bool is_last(const char *rest)
{
        return rest[strspn(rest, "/")] == '\0';
}

/* One component: no link, no "..", no other mount. */
static int step_beneath(int at, const char *name, int flags, mode_t mode)
{
        KT_AUTO_FD int fd = -1;
        struct stat st;
        int r;

        if (strcmp(name, "..") == 0)
                return -EXDEV;

        fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0) {
                r = -errno; /* a link that was to be a directory: openat2 says ELOOP, so we do */
                if (r == -ENOTDIR && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
                        return -ELOOP;
                return r;
        }

        r = is_same_mount(at, fd);
        if (r < 0)
                return r;
        return r ? kt_take_fd(&fd) : -EXDEV;
}

static int walk_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
        KT_AUTO_FD int at = -1;
        char name[NAME_MAX + 1] = "";
        int r;

        if (path[0] == '/')
                return -EXDEV;
        if (path[0] == '\0')
                return -ENOENT;

        at = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (at < 0)
                return -errno;

        while (next_component(&path, name, &r) && !is_last(path)) {
                int next = step_beneath(at, name, O_PATH | O_DIRECTORY, 0);

                if (next < 0)
                        return next;
                kt_close(at);
                at = next;
        }
        return r < 0 ? r : step_beneath(at, name, flags, mode);
}

int kt_fs_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
        int fd;

        flags |= O_CLOEXEC;
        fd = call_openat2(dirfd, path, flags | O_NOFOLLOW, mode,
                          RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
        return fd == -ENOSYS ? walk_beneath(dirfd, path, flags, mode) : fd;
}

/* ---- Resolution inside a root, without openat2: a stack of pinned directories, links spliced into the rest ---- */

struct walk {
        int dirs[WALK_DEPTH_MAX]; /* dirs[0] is the root */
        size_t depth;
        char rest[PATH_MAX];
        unsigned links;
};

static void walk_done(struct walk *walk)
{
        for (size_t i = 0; i < walk->depth; i++)
                kt_close(walk->dirs[i]);
        walk->depth = 0;
}

static int walk_push(struct walk *walk, int fd)
{
        if (walk->depth == WALK_DEPTH_MAX) {
                kt_close(fd);
                return -ELOOP;
        }
        walk->dirs[walk->depth++] = fd;
        return 0;
}

static void walk_pop_to(struct walk *walk, size_t depth)
{
        while (walk->depth > depth)
                kt_close(walk->dirs[--walk->depth]);
}

/* Puts the link's target in front of what is left of the path. */
static int splice_link(struct walk *walk, const char *name, const char *rest)
{
        char target[PATH_MAX];
        char joined[PATH_MAX];
        ssize_t n = readlinkat(walk->dirs[walk->depth - 1], name, target, sizeof(target) - 1);
        int len;

        if (n < 0)
                return -errno;
        if (++walk->links > SYMLINKS_MAX)
                return -ELOOP;

        target[n] = '\0';
        if (target[0] == '/')
                walk_pop_to(walk, 1);
        len = snprintf(joined, sizeof(joined), "%s%s%s", target, rest[0] ? "/" : "", rest);
        if (len < 0 || (size_t)len >= sizeof(joined))
                return -ENAMETOOLONG;

        memcpy(walk->rest, joined, (size_t)len + 1);
        return 0;
}

/* Goes one component on. Returns 1 and the opened file when it was the last one, 0 to go on. */
static int step_in_root(struct walk *walk, int flags, int *ret_fd)
{
        const char *rest = walk->rest;
        int at = walk->dirs[walk->depth - 1];
        char name[NAME_MAX + 1];
        struct stat st;
        int fd;
        int r;

        if (!next_component(&rest, name, &r)) {
                if (r < 0)
                        return r;
                *ret_fd = openat(at, ".", flags);
                return *ret_fd < 0 ? -errno : 1;
        }
        if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0) {
                if (name[1] == '.' && walk->depth > 1)
                        walk_pop_to(walk, walk->depth - 1);
                memmove(walk->rest, rest, strlen(rest) + 1);
                return 0;
        }
        if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode) && !(is_last(rest) && flags & O_NOFOLLOW))
                return splice_link(walk, name, rest + strspn(rest, "/"));
        if (is_last(rest) && !(rest[0] == '/')) {
                *ret_fd = openat(at, name, flags | O_NOFOLLOW);
                return *ret_fd < 0 ? -errno : 1;
        }

        fd = openat(at, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        memmove(walk->rest, rest, strlen(rest) + 1);
        return walk_push(walk, fd);
}

static int walk_in_root(int dirfd, const char *path, int flags)
{
        KT_AUTO(walk_done) struct walk walk = { .depth = 0 };
        size_t len = strlen(path);
        int root = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = -1;
        int r;

        if (root < 0)
                return -errno;
        r = walk_push(&walk, root);
        if (r < 0)
                return r;
        if (len >= sizeof(walk.rest))
                return -ENAMETOOLONG;

        memcpy(walk.rest, path, len + 1);
        do
                r = step_in_root(&walk, flags, &fd);
        while (r == 0);
        return r < 0 ? r : fd;
}

int kt_fs_open_in_root(int dirfd, const char *path, int flags)
{
        int fd;

        flags |= O_CLOEXEC;
        fd = call_openat2(dirfd, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
        /* EAGAIN: something on this machine was renamed or mounted while a ".." was looked up (openat2(2)), and every link
         * in sysfs has one. The walk pins what it goes through and needs no luck. */
        return fd == -ENOSYS || fd == -EAGAIN ? walk_in_root(dirfd, path, flags) : fd;
}

/* ---- Reading ---- */

int kt_fs_read_fd(int fd, size_t max, struct kt_str *ret)
{
        KT_AUTO_FREE char *chunk = malloc(READ_CHUNK);
        size_t total = 0;

        if (!chunk)
                return -ENOMEM;

        for (;;) {
                ssize_t n = read(fd, chunk, READ_CHUNK);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return kt_str_error(ret);
                total += (size_t)n;
                if (total > max)
                        return -EFBIG;
                kt_str_add_bytes(ret, chunk, (size_t)n);
        }
}

int kt_fs_read(int dirfd, const char *path, size_t max, struct kt_str *ret)
{
        KT_AUTO_FD int fd = kt_fs_open_beneath(dirfd, path, O_RDONLY | O_NONBLOCK, 0);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        return kt_fs_read_fd(fd, max, ret);
}

/* ---- Writing ---- */

int kt_fs_write_all(int fd, const void *data, size_t len)
{
        const char *at = data;

        while (len > 0) {
                ssize_t n = write(fd, at, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                at += n;
                len -= (size_t)n;
        }
        return 0;
}

/* Owner before mode: chown(2) takes set-id bits away, and a file is not opened up before it has its owner. */
static int fill_file(int fd, const void *data, size_t len, const struct kt_fs_attr *attr)
{
        int r;

        r = kt_fs_write_all(fd, data, len);
        if (r < 0)
                return r;
        if ((attr->uid != (uid_t)-1 || attr->gid != (gid_t)-1) && fchown(fd, attr->uid, attr->gid) < 0)
                return -errno;
        if (fchmod(fd, attr->mode) < 0)
                return -errno;
        return fsync(fd) < 0 ? -errno : 0;
}

static int write_temporary(int dirfd, const char *name, const void *data, size_t len, const struct kt_fs_attr *attr)
{
        int fd;
        int r;

        if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;

        r = fill_file(fd, data, len, attr);
        if (close(fd) < 0 && r == 0)
                r = -errno;
        return r;
}

int kt_fs_write_atomic(int dirfd, const char *name, const void *data, size_t len, const struct kt_fs_attr *attr,
                       struct kt_err *e)
{
        char temporary[NAME_MAX + 1];
        int n = snprintf(temporary, sizeof(temporary), ".%s.k8skafka-tmp", name);
        int r;

        if (n < 0 || (size_t)n >= sizeof(temporary) || strchr(name, '/'))
                return kt_err_set(e, -EINVAL, "'%s' is no name for a file", name);

        r = write_temporary(dirfd, temporary, data, len, attr);
        if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void)unlinkat(dirfd, temporary, 0); /* best effort: the next write replaces it */
                return kt_err_set(e, r, "write %s", name);
        }
        if (fsync(dirfd) < 0)
                return kt_err_set(e, -errno, "sync the folder of %s", name);
        return 0;
}

bool kt_fs_is_same(int dirfd, const char *name, const void *data, size_t len, const struct kt_fs_attr *attr)
{
        KT_AUTO_STR struct kt_str have = { 0 };
        struct stat st;

        if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
                return false;
        if ((st.st_mode & 07777) != attr->mode || (attr->uid != (uid_t)-1 && st.st_uid != attr->uid) ||
            (attr->gid != (gid_t)-1 && st.st_gid != attr->gid))
                return false;
        if (kt_fs_read(dirfd, name, len, &have) < 0)
                return false;
        return have.len == len && (len == 0 || memcmp(have.data, data, len) == 0);
}

int kt_fs_each(int dirfd, int (*each)(void *context, const char *name), void *context)
{
        KT_AUTO_DIR DIR *dir = NULL;
        int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                int r = -errno;

                kt_close(fd);
                return r;
        }

        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return -errno;
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                        continue;
                r = each(context, entry->d_name);
                if (r != 0)
                        return r;
        }
}

int kt_fs_make_beneath(int dirfd, const char *path, mode_t mode)
{
        KT_AUTO_FD int at = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        char name[NAME_MAX + 1];
        int r = 0;

        if (at < 0)
                return -errno;

        while (next_component(&path, name, &r)) {
                int next;

                if (mkdirat(at, name, is_last(path) ? mode : 0755) < 0 && errno != EEXIST)
                        return -errno;
                next = kt_fs_open_beneath(at, name, O_PATH | O_DIRECTORY, 0);
                if (next < 0)
                        return next;
                kt_close(at);
                at = next;
        }
        return r;
}

int kt_fs_make_dir(const char *path, mode_t mode, struct kt_err *e)
{
        char partial[PATH_MAX];
        size_t len = strlen(path);
        int fd;

        if (len == 0 || len >= sizeof(partial))
                return kt_err_set(e, -ENAMETOOLONG, "make the folder %s", path);

        memcpy(partial, path, len + 1);
        for (char *slash = strchr(partial + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(partial, 0755) < 0 && errno != EEXIST)
                        return kt_err_set(e, -errno, "make the folder %s", partial);
                *slash = '/';
        }
        if (mkdir(path, mode) < 0 && errno != EEXIST)
                return kt_err_set(e, -errno, "make the folder %s", path);

        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return kt_err_set(e, -errno, "open the folder %s", path);
        return fd;
}
