/* SPDX-License-Identifier: Apache-2.0 */
/* fence CMD...: runs CMD with no_new_privs and a seccomp filter that kills whoever calls io_uring, as container runtimes
 * forbid it. A killed program is told from one that copes with EPERM.
 *
 * fence --no-direct CMD...: O_DIRECT is refused, with the errno that a filesystem without it has (open(2), fcntl(2)). */
#define _GNU_SOURCE /* O_DIRECT */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sock_filter no_uring[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, __NR_io_uring_setup, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, __NR_io_uring_register, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static struct sock_filter no_direct[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fcntl, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETFL, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_DIRECT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

#define PROGRAM(rules)                                                       \
        {                                                                    \
                .len = sizeof(rules) / sizeof((rules)[0]), .filter = (rules) \
        }

int main(int argc, char **argv)
{
        struct sock_fprog programs[] = { PROGRAM(no_uring), PROGRAM(no_direct) };
        int which = argc > 1 && strcmp(argv[1], "--no-direct") == 0;

        argv += which;
        if (argc - which < 2)
                return 2;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &programs[which]) < 0) {
                (void)fprintf(stderr, "fence: %s\n", strerror(errno)); /* nowhere left to complain */
                return 125;
        }
        (void)execvp(argv[1], argv + 1); /* returns only when it failed */
        (void)fprintf(stderr, "fence: %s: %s\n", argv[1], strerror(errno));
        return 126;
}
