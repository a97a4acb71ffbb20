/* SPDX-License-Identifier: Apache-2.0 */
/* Locks of log dirs. The names on a volume are the broker's, so that no link is followed, and nothing is read. */
#include "tuner/inuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/auto.h"
#include "lib/text/str.h"

/* Kafka, LogManager.lockLogDirs: java.nio's FileLock on it, which is fcntl(2)'s write lock of the whole file. */
#define LOCK_NAME ".lock"

struct walk {
        dev_t device;
        size_t names;
};

/* 1: there is a lock file, and nobody holds it; 0: there is none; -EBUSY. */
static int look_at_lock(int folder_fd)
{
        KT_AUTO_FD int fd = openat(folder_fd, LOCK_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        struct stat st;

        if (fd < 0)
                return errno == ENOENT || errno == ELOOP ? 0 : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return 0;
        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return -errno;
        return lock.l_type == F_UNLCK ? 1 : -EBUSY;
}

static int look_below(struct walk *walk, int folder_fd, const char *path, unsigned depth, struct kt_err *e);

/* Takes folder_fd. */
static int look_into(struct walk *walk, int folder_fd, const char *path, unsigned depth, struct kt_err *e)
{
        KT_AUTO_FD int fd = folder_fd;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return kt_err_set(e, -errno, "look at %s", path);
        if (st.st_dev != walk->device)
                return 0; /* another volume */

        r = look_at_lock(fd);
        if (r == -EBUSY)
                return kt_err_set(e, r, "a broker holds " LOCK_NAME " in %s", path);
        if (r < 0)
                return kt_err_set(e, r, "look at " LOCK_NAME " in %s", path);
        return r == 0 && depth > 0 ? look_below(walk, fd, path, depth - 1, e) : 0;
}

static int look_at_name(struct walk *walk, DIR *dir, const char *folder, const char *name, unsigned depth,
                        struct kt_err *e)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        int fd;

        if (++walk->names > KT_INUSE_NAMES_MAX)
                return kt_err_set(e, -E2BIG, "%s has more than %d names to look at", folder, KT_INUSE_NAMES_MAX);
        fd = openat(dirfd(dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 && (errno == ENOTDIR || errno == ELOOP || errno == ENOENT))
                return 0;
        if (fd < 0)
                return kt_err_set(e, -errno, "open %s/%s", folder, name);

        kt_str_addf(&path, "%s/", folder);
        kt_str_add_printable(&path, name);
        return look_into(walk, fd, kt_str_get(&path), depth, e);
}

/* Recursion ends with depth. */
static int look_below(struct walk *walk, int folder_fd, const char *path, unsigned depth, struct kt_err *e)
{
        int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        const struct dirent *entry;
        int r = 0;

        if (!dir) {
                r = kt_err_set(e, -errno, "read %s", path);
                (void)kt_close(fd); /* returns -1 */
                return r;
        }
        for (errno = 0; r == 0 && (entry = readdir(dir)) != NULL; errno = 0)
                if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && strcmp(entry->d_name, ".") != 0 &&
                    strcmp(entry->d_name, "..") != 0)
                        r = look_at_name(walk, dir, path, entry->d_name, depth, e);
        if (r == 0 && errno != 0)
                r = kt_err_set(e, -errno, "read %s", path);
        (void)closedir(dir); /* was read only */
        return r;
}

int kt_inuse_check(const char *folder, struct kt_err *e)
{
        struct walk walk = { 0 };
        struct stat st;
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (fd < 0)
                return kt_err_set(e, -errno, "open %s", folder);
        if (fstat(fd, &st) < 0) {
                r = kt_err_set(e, -errno, "look at %s", folder);
                (void)kt_close(fd); /* returns -1 */
                return r;
        }
        walk.device = st.st_dev;
        return look_into(&walk, fd, folder, KT_INUSE_DEPTH, e);
}
