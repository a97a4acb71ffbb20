/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's process. */
#include "daemonset/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"

enum { OWN_ARGS = 5, READ_SIZE = 64 << 10 };

struct kt_bench {
        pid_t pid; /* 0: it was reaped */
        int from_child;
        int64_t end_ms;
        bool is_silent; /* the pipe is at its end */
        struct kt_str report;
};

/* Splits text in place. False when there are too many, none, or an empty one. */
static bool split(char *text, char **ret, size_t max)
{
        size_t count = 0;

        for (char *at = text; at; count++) {
                if (count == max)
                        return false;
                ret[count] = strsep(&at, ",");
                if (ret[count][0] != '/')
                        return false;
        }
        ret[count] = NULL;
        return count > 0;
}

/* With the signals as a new program expects them. */
static int spawn(const char *program, char **argv, int out, pid_t *ret)
{
        static char *const environment[] = { NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none;
        sigset_t pipe_signal;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r != 0) {
                (void)posix_spawn_file_actions_destroy(&actions); /* r is what counts */
                return -r;
        }
        if (sigemptyset(&none) < 0 || sigemptyset(&pipe_signal) < 0 || sigaddset(&pipe_signal, SIGPIPE) < 0)
                r = errno;
        if (r == 0)
                r = posix_spawnattr_setsigmask(&attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
        if (r == 0)
                r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn(ret, program, &actions, &attributes, argv, environment);
        (void)posix_spawnattr_destroy(&attributes);       /* r is what counts */
        (void)posix_spawn_file_actions_destroy(&actions); /* the same */
        return -r;
}

int kt_bench_start(const char *program, const char *paths, int64_t now_ms, struct kt_bench **ret, struct kt_err *e)
{
        char *argv[OWN_ARGS + KT_BENCH_PATHS_MAX + 1] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "--quiet",
                                                          (char *)(uintptr_t) "--output", (char *)(uintptr_t) "json",
                                                          (char *)(uintptr_t) "--" };
        KT_AUTO_FREE char *copy = strdup(paths);
        struct kt_bench *bench = calloc(1, sizeof(*bench));
        KT_AUTO_FD int write_end = -1;
        int ends[2] = { -1, -1 };
        int r;

        if (!copy || !bench) {
                free(bench);
                return kt_err_set(e, -ENOMEM, "start %s", program);
        }
        bench->from_child = -1;
        bench->end_ms = now_ms + KT_BENCH_LONGEST_MS;
        r = split(copy, argv + OWN_ARGS, KT_BENCH_PATHS_MAX) ? 0 : -EINVAL;
        if (r < 0)
                (void)kt_err_set(e, r, "'%s' is no list of at most %d absolute paths", paths, KT_BENCH_PATHS_MAX);
        if (r == 0 && pipe2(ends, O_CLOEXEC) < 0)
                r = kt_err_set(e, -errno, "make a pipe for %s", program);
        bench->from_child = ends[0];
        write_end = ends[1];
        if (r == 0 && fcntl(bench->from_child, F_SETFL, O_NONBLOCK) < 0)
                r = kt_err_set(e, -errno, "listen to %s", program);
        if (r == 0) {
                r = spawn(program, argv, write_end, &bench->pid);
                if (r < 0)
                        (void)kt_err_set(e, r, "start %s", program); /* r is known */
        }
        if (r < 0) {
                kt_bench_free(bench);
                return r;
        }
        *ret = bench;
        return 0;
}

void kt_bench_free(struct kt_bench *bench)
{
        if (!bench)
                return;
        if (bench->pid > 0) {
                (void)kill(bench->pid, SIGKILL); /* it leaves nothing behind, also so */
                while (waitpid(bench->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        bench->from_child = kt_close(bench->from_child);
        kt_str_done(&bench->report);
        free(bench);
}

bool kt_bench_is_gone(struct kt_bench *bench)
{
        if (bench->pid > 0) {
                (void)kill(bench->pid, SIGKILL); /* it leaves nothing behind, also so */
                if (waitpid(bench->pid, NULL, WNOHANG) != 0)
                        bench->pid = 0;
        }
        return bench->pid == 0;
}

static int listen_to(struct kt_bench *bench, struct kt_err *e)
{
        char data[READ_SIZE];
        ssize_t n;

        while (!bench->is_silent) {
                n = read(bench->from_child, data, sizeof(data));
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return 0;
                if (n < 0)
                        return kt_err_set(e, -errno, "listen to kafka-diskbench");
                bench->is_silent = n == 0;
                if (bench->report.len + (size_t)n > KT_BENCH_REPORT_MAX)
                        return kt_err_set(e, -EFBIG, "kafka-diskbench printed more than %d bytes", KT_BENCH_REPORT_MAX);
                kt_str_add_bytes(&bench->report, data, (size_t)n);
                if (kt_str_error(&bench->report) < 0)
                        return kt_err_set(e, -ENOMEM, "keep the report of kafka-diskbench");
        }
        return 0;
}

int kt_bench_step(struct kt_bench *bench, int64_t now_ms, struct kt_err *e)
{
        pid_t ended = 0;
        int r;

        r = listen_to(bench, e);
        if (r < 0)
                return r;
        if (now_ms >= bench->end_ms)
                return kt_err_set(e, -ETIMEDOUT, "kafka-diskbench ran for more than %d s", KT_BENCH_LONGEST_MS / 1000);
        if (bench->is_silent)
                ended = waitpid(bench->pid, NULL, WNOHANG);
        if (ended <= 0)
                return 0;
        bench->pid = 0;
        return bench->report.len > 0 ? 1 : kt_err_set(e, -ENODATA, "kafka-diskbench ended without a report");
}

const struct kt_str *kt_bench_report(const struct kt_bench *bench)
{
        return &bench->report;
}
