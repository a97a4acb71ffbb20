/* SPDX-License-Identifier: Apache-2.0 */
/* Nameless files. The folder may be anybody's: names are made with O_EXCL|O_NOFOLLOW and nothing else is touched. */
#include "tuner/bench/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/os/fs.h"

#define PREFIX ".kafka-diskbench-"

enum {
        NAME_TEXT_MAX = sizeof(PREFIX) + 16,
};

/* Where there is no O_TMPFILE the name lives for the time between two system calls. O_DIRECT is set afterwards: an
 * open(2) that refuses it has made the file already. */
static int open_and_unlink(int dirfd, int flags)
{
        char name[NAME_TEXT_MAX];
        uint64_t number;
        int fd;
        int r = 0;

        if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
                return -EIO;
        (void)snprintf(name, sizeof(name), PREFIX "%016" PRIx64, number); /* fits: 16 digits */
        fd = openat(dirfd, name, (flags & ~O_DIRECT) | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        if (unlinkat(dirfd, name, 0) < 0 || ((flags & O_DIRECT) != 0 && fcntl(fd, F_SETFL, O_DIRECT) < 0))
                r = -errno;
        if (r == 0)
                return fd;
        (void)kt_close(fd); /* nothing was written to it */
        return r;
}

/* open(2): EISDIR by kernels and EOPNOTSUPP by filesystems without O_TMPFILE; some network ones say EINVAL. */
static int open_with(int dirfd, int flags)
{
        int fd = openat(dirfd, ".", flags | O_TMPFILE, 0600);

        if (fd >= 0)
                return fd;
        if (errno != EISDIR && errno != EOPNOTSUPP && (errno != EINVAL || (flags & O_DIRECT) != 0))
                return -errno;
        return open_and_unlink(dirfd, flags);
}

int kt_file_open_nameless(int dirfd, bool *is_direct)
{
        int flags = O_RDWR | O_CLOEXEC;
        int fd = *is_direct ? open_with(dirfd, flags | O_DIRECT) : -EINVAL;

        if (fd != -EINVAL)
                return fd;
        *is_direct = false;
        return open_with(dirfd, flags);
}

static int sweep_one(void *context, const char *name)
{
        const int *dirfd = context;
        struct stat st;

        if (strncmp(name, PREFIX, strlen(PREFIX)) == 0 && fstatat(*dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && st.st_size == 0 && st.st_uid == geteuid())
                (void)unlinkat(*dirfd, name, 0); /* somebody else's folder may forbid it; it is empty */
        return 0;
}

void kt_files_sweep(int dirfd)
{
        int r = kt_fs_each(dirfd, sweep_one, &dirfd);

        (void)r; /* what cannot be listed holds nothing that we could remove */
}

int kt_files_open(struct kt_files *files, int dirfd, size_t count, bool *is_direct)
{
        while (files->count < count && files->count < KT_FILES_MAX) {
                struct kt_file *file = &files->items[files->count];
                int fd = kt_file_open_nameless(dirfd, is_direct);

                if (fd < 0)
                        return fd;
                *file = (struct kt_file){ .fd = fd };
                atomic_flag_clear(&file->busy);
                files->busy_list[files->count++] = &file->busy;
        }
        return 0;
}

void kt_files_done(struct kt_files *files)
{
        for (size_t i = 0; i < files->count; i++)
                files->items[i].fd = kt_close(files->items[i].fd);
        files->count = 0;
}

int kt_files_empty(struct kt_files *files)
{
        for (size_t i = 0; i < files->count; i++) {
                struct kt_file *file = &files->items[i];

                if (ftruncate(file->fd, 0) < 0)
                        return -errno;
                file->size = 0;
                file->pending = 0;
                file->read_at = 0;
        }
        return 0;
}

int kt_files_switch(struct kt_files *files, bool is_direct)
{
        for (size_t i = 0; i < files->count; i++) {
                struct kt_file *file = &files->items[i];

                if (fcntl(file->fd, F_SETFL, is_direct ? O_DIRECT : 0) < 0)
                        return -errno;
                if (file->pending > 0 && fdatasync(file->fd) < 0)
                        return -errno;
                file->pending = 0;
                /* posix_fadvise(2): dirty pages are not dropped, hence the flush above. */
                (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED); /* advice */
        }
        return 0;
}
