/* SPDX-License-Identifier: Apache-2.0 */
/* Visits every entry below a directory.
 *
 * What an attacker controls: everything below the root, while we walk. A directory is entered through the descriptor
 * that was opened beneath its parent (no link, same mount), never through its name, and each level holds its own
 * descriptor. */
#include "initc/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/auto.h"
#include "lib/os/fs.h"

struct walk {
        int (*visit)(void *context, const struct kt_walk_entry *entry);
        void *context;
        char path[KT_WALK_PATH_MAX];
};

struct level {
        struct walk *walk;
        int fd;
        const char *name;
        size_t path_len;
        unsigned depth;
};

static int walk_level(struct walk *walk, int fd, const char *name, size_t path_len, unsigned depth);

static enum kt_entry problem_of(int error)
{
        return error == -EXDEV ? KT_ENTRY_OTHER_MOUNT : KT_ENTRY_UNREADABLE;
}

/* Opens the directory and looks again through the descriptor: the name may mean something else by now. */
static int enter(const struct level *level, struct kt_walk_entry *entry)
{
        int fd = kt_fs_open_beneath(level->fd, entry->name, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);

        if (fd < 0 || fstat(fd, &entry->st) < 0) {
                entry->error = fd < 0 ? fd : -errno;
                entry->problem = problem_of(entry->error);
                return kt_close(fd);
        }
        return fd;
}

static int visit_name(void *context, const char *name)
{
        const struct level *level = context;
        struct walk *walk = level->walk;
        struct kt_walk_entry entry = { .dir_fd = level->fd,
                                       .fd = -1,
                                       .name = name,
                                       .dir_name = level->name,
                                       .path = walk->path,
                                       .depth = level->depth + 1 };
        KT_AUTO_FD int fd = -1;
        int len = snprintf(walk->path + level->path_len, sizeof(walk->path) - level->path_len, "%s%s",
                           level->path_len ? "/" : "", name);
        int r;

        if (len < 0 || (size_t)len >= sizeof(walk->path) - level->path_len)
                return -ENAMETOOLONG;
        if (fstatat(level->fd, name, &entry.st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno == ENOENT)
                        return 0; /* gone since the directory was read */
                entry.problem = KT_ENTRY_UNREADABLE;
                entry.error = -errno;
                return walk->visit(walk->context, &entry);
        }
        if (S_ISDIR(entry.st.st_mode) && entry.depth >= KT_WALK_DEPTH_MAX)
                entry.problem = KT_ENTRY_TOO_DEEP;
        else if (S_ISDIR(entry.st.st_mode))
                fd = enter(level, &entry);
        if (entry.error == -ENOENT)
                return 0; /* gone since fstatat */

        entry.fd = fd;
        r = walk->visit(walk->context, &entry);
        if (r != 0 || fd < 0)
                return r;
        return walk_level(walk, fd, name, level->path_len + (size_t)len, entry.depth);
}

static int walk_level(struct walk *walk, int fd, const char *name, size_t path_len, unsigned depth)
{
        struct level level = { .walk = walk, .fd = fd, .name = name, .path_len = path_len, .depth = depth };

        return kt_fs_each(fd, visit_name, &level);
}

int kt_walk(int root_fd, int (*visit)(void *context, const struct kt_walk_entry *entry), void *context)
{
        struct walk walk = { .visit = visit, .context = context, .path = "" };

        return walk_level(&walk, root_fd, "", 0, 0);
}
