/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel resolves /proc/sys/net by the network namespace of the process that opens it (net/sysctl_net.c), so that a
 * child in a new namespace sees through the same mount what a new pod would see. */
#include "tuner/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "tuner/files.h"

static const struct {
        const char *name;
        const char *note;
} reaches[KT_REACH_COUNT_] = {
        [KT_REACH_NONE] = { "none", NULL },
        [KT_REACH_GLOBAL] = { "global", NULL },
        [KT_REACH_INHERITED] = { "inherited", "only pods made from now on start with it" },
        [KT_REACH_CONSTANT] = { "constant", "it never reaches a pod, which starts with another value: set it in the "
                                            "pod's securityContext.sysctls" },
        [KT_REACH_UNKNOWN] = { "unknown",
                               "it counts in this network namespace; whether pods get it could not be asked" },
};

const char *kt_reach_name(enum kt_reach reach)
{
        return reaches[reach].name;
}

const char *kt_reach_note(enum kt_reach reach)
{
        return reaches[reach].note;
}

/* In the child. */
static enum kt_reach look_from_inside(const struct kt_root *root, const char *path, const char *outside)
{
        KT_AUTO_STR struct kt_str inside = { 0 };
        KT_AUTO_FD int fd = -1;
        int r;

        if (unshare(CLONE_NEWNET) < 0)
                return KT_REACH_UNKNOWN;

        r = kt_files_read(root, path, &inside, NULL);
        if (r == -ENOENT)
                return KT_REACH_GLOBAL;
        if (r < 0)
                return KT_REACH_UNKNOWN;

        fd = kt_root_open_file(root, path,
                               O_WRONLY); /* opened and closed again: net.core.rmem_max is read-only inside */
        if (fd < 0)
                return KT_REACH_GLOBAL;
        return strcmp(kt_str_get(&inside), outside) == 0 ? KT_REACH_INHERITED : KT_REACH_CONSTANT;
}

static void report_from_child(const struct kt_root *root, const char *path, const char *outside, int fd)
{
        unsigned char answer = (unsigned char)look_from_inside(root, path, outside);
        ssize_t n = write(fd, &answer, 1);

        _exit(n == 1 ? 0 : 1);
}

enum kt_reach kt_netns_probe(const struct kt_root *root, const char *path)
{
        KT_AUTO_STR struct kt_str outside = { 0 };
        unsigned char answer = KT_REACH_UNKNOWN;
        KT_AUTO_FD int from_child = -1;
        int ends[2];
        pid_t child;

        if (!root->is_host)
                return KT_REACH_NONE;
        if (kt_files_read(root, path, &outside, NULL) < 0 || kt_str_error(&outside) < 0 || pipe2(ends, O_CLOEXEC) < 0)
                return KT_REACH_UNKNOWN;

        from_child = ends[0];
        child = fork();
        if (child == 0)
                report_from_child(root, path, kt_str_get(&outside), ends[1]);
        ends[1] = kt_close(ends[1]);
        if (child < 0)
                return KT_REACH_UNKNOWN;

        if (read(from_child, &answer, 1) != 1 || answer >= KT_REACH_COUNT_)
                answer = KT_REACH_UNKNOWN;
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                ;
        return (enum kt_reach)answer;
}
