/* SPDX-License-Identifier: Apache-2.0 */
/* Gives a log dir to the broker's user.
 *
 * What an attacker controls: every name below the root, at every moment. He wants root to give him a file that is
 * not in the log dir: through a symbolic link, a hard link, a bind mount, or a name that changes between the look
 * and the act. So nothing is changed by name. An inode is pinned (O_PATH, beneath its pinned directory, on its mount),
 * judged through that descriptor, and changed through it: fchownat(2) with AT_EMPTY_PATH; for modes /proc/self/fd,
 * which names the pinned inode and not the path (fchmodat2(2) is younger than the kernels we run on). */
#include "initc/chown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "initc/walk.h"
#include "lib/base/auto.h"
#include "lib/os/fs.h"

enum { PROGRESS_EVERY = 100000 };

struct act {
        const struct kt_chown_opts *opts;
        struct kt_chown_stats stats;
        int first_error;
        struct kt_err *e;
};

static int change_mode(int fd, mode_t mode)
{
        char path[64];

        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* always fits */
        return chmod(path, mode) < 0 ? -errno : 0;
}

/* Changes the pinned inode. Returns 1 when something was written, 0 when all was right, or -errno. */
static int fix_pinned(int fd, const struct kt_owner *owner)
{
        struct stat st;
        int r = 0;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (kt_entry_judge(&st, owner) != KT_ENTRY_FIXABLE)
                return 0;

        if (st.st_uid != owner->uid || st.st_gid != owner->gid)
                if (fchownat(fd, "", owner->uid, owner->gid, AT_EMPTY_PATH) < 0)
                        return -errno;
        if (kt_entry_mode(&st) != (st.st_mode & 07777))
                r = change_mode(fd, kt_entry_mode(&st));
        return r < 0 ? r : 1;
}

static int fix(const struct kt_walk_entry *entry, const struct kt_owner *owner)
{
        KT_AUTO_FD int fd = -1;

        if (entry->fd >= 0)
                return fix_pinned(entry->fd, owner);

        fd = kt_fs_open_beneath(entry->dir_fd, entry->name, O_PATH, 0);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd; /* gone meanwhile; -EXDEV: a single file can be a mount, too */
        return fix_pinned(fd, owner);
}

static void note(struct act *act, int r, const char *path)
{
        act->stats.entries++;
        if (r > 0)
                act->stats.changed++;
        if (r < 0)
                act->stats.failed++;
        if (r < 0 && act->first_error == 0) {
                KT_AUTO_STR struct kt_str printable = { 0 };

                kt_str_add_printable(&printable, path);
                act->first_error = kt_err_set(act->e, r, "give away %s", kt_str_get(&printable));
        }
        if (act->opts->progress && act->stats.entries % PROGRESS_EVERY == 0)
                act->opts->progress(act->opts->context, &act->stats);
}

static enum kt_entry judge(const struct kt_walk_entry *entry, const struct kt_owner *owner)
{
        return entry->problem == KT_ENTRY_RIGHT ? kt_entry_judge(&entry->st, owner) : entry->problem;
}

static int visit(void *context, const struct kt_walk_entry *entry)
{
        struct act *act = context;
        enum kt_entry judged = judge(entry, &act->opts->owner);
        int r = judged == KT_ENTRY_UNREADABLE ? entry->error : 0;

        if (judged == KT_ENTRY_FIXABLE)
                r = fix(entry, &act->opts->owner);
        else if (judged != KT_ENTRY_RIGHT && judged != KT_ENTRY_UNREADABLE)
                act->stats.left[judged]++;
        note(act, r, entry->path);
        return 0;
}

int kt_chown_tree(int root_fd, const struct kt_chown_opts *opts, struct kt_chown_stats *ret, struct kt_err *e)
{
        struct act act = { .opts = opts, .e = e };
        int r = kt_walk(root_fd, visit, &act);

        if (r == 0)
                note(&act, fix_pinned(root_fd, &opts->owner), ".");
        else if (act.first_error == 0)
                act.first_error = kt_err_set(e, r, "walk the log dir");

        *ret = act.stats;
        return act.first_error;
}

struct look {
        const struct kt_owner *owner;
        struct kt_chown_stats stats;
};

static void count(struct look *look, enum kt_entry judged)
{
        look->stats.entries++;
        if (judged == KT_ENTRY_FIXABLE)
                look->stats.changed++;
        else if (judged != KT_ENTRY_RIGHT)
                look->stats.left[judged]++;
}

static int look_at(void *context, const struct kt_walk_entry *entry)
{
        struct look *look = context;

        count(look, judge(entry, look->owner));
        return 0;
}

int kt_chown_verify(int root_fd, const struct kt_owner *owner, struct kt_chown_stats *ret, struct kt_err *e)
{
        struct look look = { .owner = owner };
        struct stat st;
        int r = fstat(root_fd, &st) < 0 ? -errno : kt_walk(root_fd, look_at, &look);

        if (r < 0)
                return kt_err_set(e, r, "walk the folder");
        count(&look, kt_entry_judge(&st, owner));
        *ret = look.stats;
        return 0;
}

uint64_t kt_chown_blocking(const struct kt_chown_stats *stats)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < KT_ENTRY_COUNT_; i++)
                sum += kt_entry_is_blocking((enum kt_entry)i) ? stats->left[i] : 0;
        return sum;
}
