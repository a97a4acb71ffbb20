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
        [KT_REACH_SAME] = { "same", "a new pod has the same value now; whether it follows shows once it is changed" },
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

enum kt_reach kt_netns_judge(const struct kt_netns_sight *sight)
{
        if (!sight->inside)
                return sight->is_user ? KT_REACH_UNKNOWN : KT_REACH_GLOBAL;
        if (!sight->is_user && !sight->is_writable)
                return KT_REACH_GLOBAL;
        if (strcmp(sight->inside, sight->outside) != 0)
                return KT_REACH_CONSTANT;
        if (sight->before && strcmp(sight->before, sight->outside) != 0)
                return KT_REACH_INHERITED;
        return KT_REACH_SAME;
}

/* A process without CAP_SYS_ADMIN makes it in a user namespace of its own (user_namespaces(7)). */
static bool enter_namespace(bool *ret_is_user)
{
        *ret_is_user = false;
        if (unshare(CLONE_NEWNET) == 0)
                return true;
        *ret_is_user = true;
        return errno == EPERM && unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

/* In the child. */
static enum kt_reach look_from_inside(const struct kt_root *root, const char *path, const char *outside,
                                      const char *before)
{
        struct kt_netns_sight sight = { .outside = outside, .before = before };
        KT_AUTO_STR struct kt_str inside = { 0 };
        KT_AUTO_FD int fd = -1;
        int r;

        if (!enter_namespace(&sight.is_user))
                return KT_REACH_UNKNOWN;

        r = kt_files_read(root, path, &inside, NULL);
        if (r < 0 && r != -ENOENT)
                return KT_REACH_UNKNOWN;
        sight.inside = r == 0 ? kt_str_get(&inside) : NULL;
        /* opened and closed again: net.core.rmem_max is read-only inside */
        fd = kt_root_open_file(root, path, O_WRONLY);
        sight.is_writable = fd >= 0;
        return kt_netns_judge(&sight);
}

static void report_from_child(const struct kt_root *root, const char *path, const char *outside, const char *before,
                              int fd)
{
        unsigned char answer = (unsigned char)look_from_inside(root, path, outside, before);
        ssize_t n = write(fd, &answer, 1);

        _exit(n == 1 ? 0 : 1);
}

enum kt_reach kt_netns_probe(const struct kt_root *root, const char *path, const char *before)
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
                report_from_child(root, path, kt_str_get(&outside), before, ends[1]);
        ends[1] = kt_close(ends[1]);
        if (child < 0)
                return KT_REACH_UNKNOWN;

        if (read(from_child, &answer, 1) != 1 || answer >= KT_REACH_COUNT_)
                answer = KT_REACH_UNKNOWN;
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                ;
        return (enum kt_reach)answer;
}
