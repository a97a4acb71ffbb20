/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups of anything: limits are read from the files of some group or not at all, and the walk over a container's
 * processes counts each number once and calls only what has a folder below /proc.
 *
 * An input is four files, a NUL between them: /proc/PID/cgroup, mountinfo, cgroup.procs (which a limit is read from, too),
 * /proc/PID/stat. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemonset/pods.h"
#include "lib/base/auto.h"
#include "lib/os/cgroup.h"
#include "lib/os/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PID = 7 };

/* Which part of the input stands in which file; folders come before what is in them. */
static const struct {
        const char *path;
        int part; /* -1: a folder */
} places[] = {
        { "proc", -1 },
        { "proc/self", -1 },
        { "proc/7", -1 },
        { "sys", -1 },
        { "sys/fs", -1 },
        { "sys/fs/cgroup", -1 },
        { "sys/fs/cgroup/a", -1 },
        { "sys/fs/cgroup/a/b", -1 },
        { "proc/self/cgroup", 0 },
        { "proc/7/cgroup", 0 },
        { "proc/self/mountinfo", 1 },
        { "sys/fs/cgroup/a/cgroup.procs", 2 },
        { "sys/fs/cgroup/a/b/cgroup.procs", 2 },
        { "sys/fs/cgroup/a/memory.max", 2 },
        { "sys/fs/cgroup/a/cpu.max", 2 },
        { "sys/fs/cgroup/a/memory.limit_in_bytes", 2 },
        { "proc/7/stat", 3 },
};

static char tree[PATH_MAX];
static int tree_fd = -1;

static void remove_tree(void)
{
        for (size_t i = KT_COUNT(places); i > 0; i--)
                if (unlinkat(tree_fd, places[i - 1].path, places[i - 1].part < 0 ? AT_REMOVEDIR : 0) < 0)
                        perror(places[i - 1].path);
        if (rmdir(tree) < 0)
                perror(tree);
}

static void make_tree(void)
{
        const char *folder = getenv("TMPDIR");
        int n = snprintf(tree, sizeof(tree), "%s/fuzz-cgroup-XXXXXX", folder ? folder : "/tmp");

        if (n < 0 || (size_t)n >= sizeof(tree) || !mkdtemp(tree))
                abort();
        tree_fd = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < KT_COUNT(places); i++)
                if (places[i].part < 0 && mkdirat(tree_fd, places[i].path, 0755) < 0)
                        abort();
        if (atexit(remove_tree) != 0)
                abort();
}

static void fill_tree(const char *data, size_t size)
{
        for (size_t i = 0; i < KT_COUNT(places); i++) {
                KT_AUTO_FD int fd = -1;
                const char *part = data;
                const char *end = data + size;
                const char *nul;

                for (int k = 0; k < places[i].part; k++) {
                        nul = memchr(part, '\0', (size_t)(end - part));
                        part = nul ? nul + 1 : end;
                }
                nul = memchr(part, '\0', (size_t)(end - part));
                if (places[i].part < 0)
                        continue;
                fd = openat(tree_fd, places[i].path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
                if (fd < 0 || kt_fs_write_all(fd, part, (size_t)((nul ? nul : end) - part)) < 0)
                        abort();
        }
}

static int see(void *context, struct kt_pods_process *process)
{
        size_t *calls = context;

        if (process->pid != PID || process->pidfd >= 0 || !process->groups || !kt_pods_is_same(process))
                abort();
        (*calls)++;
        return 0;
}

static void walk(const struct kt_root *root)
{
        char path[] = "sys/fs/cgroup/a";
        char hierarchy[] = "";
        struct kt_pods_cgroup group = { .version = 2, .path = path, .hierarchy = hierarchy };
        struct kt_pods_walk stats = { 0 };
        size_t calls = 0;
        int r;

        group.fd = kt_fs_open_in_root(root->fd, path, O_PATH | O_DIRECTORY);
        r = kt_pods_each_process(root, &group, see, &calls, &stats, NULL);
        if (group.fd < 0 || stats.pinned != calls || stats.seen > KT_PODS_PROCESSES_MAX)
                abort();
        if (r == 0 && stats.seen != stats.pinned + stats.gone + stats.foreign)
                abort();
        kt_close(group.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_cgroup limits = { 0 };

        if (tree_fd < 0)
                make_tree();
        fill_tree((const char *)data, size);
        if (kt_root_open(tree, &root, NULL) < 0)
                abort();
        if (kt_cgroup_read(&root, &limits, NULL) == 0 &&
            (limits.version < 0 || limits.version > 2 ||
             (limits.version == 0 && limits.memory_bytes != KT_CGROUP_UNLIMITED)))
                abort();
        walk(&root);
        return 0;
}
