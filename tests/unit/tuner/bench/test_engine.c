/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on a folder of the machine, with a few megabytes: data, files, windows, limits, errors. */
#include "tuner/bench/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/os/fs.h"
#include "tests/unit/support.h"
#include "tuner/bench/files.h"
#include "tuner/bench/pool.h"

enum { MIB = 1 << 20 };

/* How a process of a test's own ends. */
enum { WORKS = 0, FAILS = 1, NO_FILTER = 77 };

static int count_entry(void *context, const char *name)
{
        (void)name; /* any */
        ++*(int *)context;
        return 0;
}

static int entries_of(const struct test_tree *tree)
{
        int count = 0;

        assert_int_equal(kt_fs_each(tree->fd, count_entry, &count), 0);
        return count;
}

static void use(struct kt_disk_volume *volume, const struct test_tree *tree)
{
        *volume = (struct kt_disk_volume){ .target = { .path = tree->path } };
        (void)snprintf(volume->target.resolved, sizeof(volume->target.resolved), "%s", tree->path);
}

static void drop(struct kt_disk_volume *volume)
{
        for (size_t p = 0; p < KT_PHASE_COUNT_; p++)
                free(volume->phases[p].windows);
}

static struct kt_job job_of(uint64_t bytes)
{
        return (struct kt_job){
                .phase = KT_PHASE_WRITE,
                .writes = true,
                .depth = 4,
                .write_block = 65536,
                .read_block = 65536,
                .seconds = 60, /* a slow disk's time; nothing here takes it */
                .shares = { { .is_on = true, .byte_limit = bytes } },
        };
}

static void test_pool__every_page_is_new(void **state)
{
        struct kt_pool *pool = calloc(1, sizeof(*pool));
        uint64_t seen[3 * 16];
        size_t count = 0;

        (void)state;
        assert_non_null(pool);
        assert_int_equal(kt_pool_reserve(pool, 2), 0);
        assert_int_equal(kt_pool_reserve(pool, KT_POOL_SLICES_MAX + 1), -E2BIG);
        for (int round = 0; round < 3; round++) {
                size_t index;
                const unsigned char *data = kt_pool_take(pool, 65536, &index);

                for (size_t page = 0; page < 16; page++)
                        memcpy(&seen[count++], data + page * KT_POOL_PAGE, sizeof(seen[0]));
                kt_pool_release(pool, index);
        }
        for (size_t a = 0; a < count; a++)
                for (size_t b = a + 1; b < count; b++)
                        assert_true(seen[a] != seen[b]);
        kt_pool_done(pool);
        free(pool);
}

static void test_files__have_no_name(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_files files = { 0 };
        bool is_direct = false;

        test_write(tree, ".kafka-diskbench-0123456789abcdef", "");
        test_write(tree, ".kafka-diskbench-data", "x");
        kt_files_sweep(tree->fd);
        assert_int_equal(entries_of(tree), 1); /* what is empty and ours is gone, data is not */
        assert_int_equal(kt_files_open(&files, tree->fd, 4, &is_direct), 0);
        assert_int_equal(files.count, 4);
        assert_int_equal(entries_of(tree), 1);
        assert_int_equal(kt_files_empty(&files), 0);
        kt_files_done(&files);
        assert_int_equal(files.count, 0);
}

static void test_run__stops_at_its_bytes_and_reads_them_back(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_disk_volume *volume = calloc(1, sizeof(*volume));
        struct kt_job job = job_of(2 * MIB);
        struct kt_engine *engine = NULL;
        struct kt_err e = { 0 };

        assert_non_null(volume);
        use(volume, tree);
        assert_int_equal(kt_engine_new(volume, 1, &engine, &e), 0);
        assert_int_equal(kt_engine_run(engine, &job, NULL, NULL, &e), 0);
        assert_int_equal(volume->phases[KT_PHASE_WRITE].end, KT_END_BYTES);
        assert_int_equal(volume->phases[KT_PHASE_WRITE].write_bytes, 2 * MIB);
        assert_int_equal(volume->written_bytes, 2 * MIB);
        assert_int_equal(volume->phases[KT_PHASE_WRITE].write_latency.count, 32);
        assert_true(volume->phases[KT_PHASE_WRITE].window_count >= 1);
        assert_int_equal(entries_of(tree), 0);

        job = (struct kt_job){ .phase = KT_PHASE_READ,
                               .reads = true,
                               .depth = 2,
                               .read_block = 65536,
                               .seconds = 0.4,
                               .shares = { { .is_on = true } } };
        assert_int_equal(kill(getpid(), SIGTERM), 0); /* waits until the engine looks: ends the second early */
        assert_int_equal(kt_engine_run(engine, &job, NULL, NULL, &e), -EINTR);
        assert_int_equal(kt_engine_signal(engine), SIGTERM);
        assert_int_equal(volume->phases[KT_PHASE_READ].end, KT_END_SIGNAL);
        assert_int_equal(volume->error, 0);
        kt_engine_free(engine);
        drop(volume);
        free(volume);
}

static bool stop_at_once(void *context, const struct kt_job *job, double seconds)
{
        (void)job;
        (void)seconds;
        ++*(int *)context;
        return true;
}

static void test_run__keeps_the_pace(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_disk_volume *volume = calloc(1, sizeof(*volume));
        struct kt_job job = job_of(1000 * (uint64_t)MIB);
        struct kt_engine *engine = NULL;
        struct kt_err e = { 0 };
        int windows = 0;
        double due;

        assert_non_null(volume);
        use(volume, tree);
        job.shares[0].rate = 655360; /* ten requests a second */
        assert_int_equal(kt_engine_new(volume, 1, &engine, &e), 0);
        assert_int_equal(kt_engine_run(engine, &job, stop_at_once, &windows, &e), 0);
        assert_int_equal(windows, 1);
        /* A machine that is late is late with the window's end, too. */
        due = job.shares[0].rate * volume->phases[KT_PHASE_WRITE].seconds;
        assert_true((double)volume->phases[KT_PHASE_WRITE].write_bytes <= due + 2 * 65536);
        assert_true((double)volume->phases[KT_PHASE_WRITE].write_bytes >= due - 4 * 65536);
        kt_engine_free(engine);
        drop(volume);
        free(volume);
}

static void test_run__what_is_flushed_is_part_of_the_rate(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_disk_volume *volume = calloc(1, sizeof(*volume));
        struct kt_job job = job_of(1000 * (uint64_t)MIB);
        struct kt_engine *engine = NULL;
        struct kt_err e = { 0 };
        int windows = 0;
        double due;

        assert_non_null(volume);
        use(volume, tree);
        job.syncs = true;
        job.shares[0].rate = 4 * MIB; /* up to 0.4 of it for fdatasync(2) */
        assert_int_equal(kt_engine_new(volume, 1, &engine, &e), 0);
        assert_int_equal(kt_engine_run(engine, &job, stop_at_once, &windows, &e), 0);
        assert_true(volume->phases[KT_PHASE_WRITE].sync_latency.count > 0);
        due = job.shares[0].rate * volume->phases[KT_PHASE_WRITE].seconds;
        assert_true((double)volume->phases[KT_PHASE_WRITE].write_bytes <= due + 3 * 65536); /* begun when it ended */
        assert_true((double)volume->phases[KT_PHASE_WRITE].write_bytes > 0);
        kt_engine_free(engine);
        drop(volume);
        free(volume);
}

static bool has_read(void *context, const struct kt_job *job, double seconds)
{
        const struct kt_disk_volume *volume = context;
        const struct kt_disk_phase *phase = &volume->phases[job->phase];
        uint64_t bytes = 0;

        (void)seconds;
        for (size_t i = 0; i < phase->window_count; i++)
                bytes += phase->windows[i].read_bytes;
        return bytes > 0;
}

/* A reader of files that hold nothing ends; one of files that are shorter than its block reads what there is. */
static void test_run__reads_what_there_is(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_disk_volume *volume = calloc(1, sizeof(*volume));
        struct kt_job job = job_of(0);
        struct kt_engine *engine = NULL;
        struct kt_err e = { 0 };

        assert_non_null(volume);
        use(volume, tree);
        job.phase = KT_PHASE_READ;
        job.writes = false;
        job.reads = true;
        job.read_block = MIB;
        assert_int_equal(kt_engine_new(volume, 1, &engine, &e), 0);
        assert_int_equal(kt_engine_run(engine, &job, NULL, NULL, &e), 0);
        assert_int_equal(volume->phases[KT_PHASE_READ].read_bytes, 0);
        assert_true(volume->phases[KT_PHASE_READ].seconds < job.seconds);

        job.phase = KT_PHASE_WRITE;
        job.writes = true;
        job.reads = false;
        job.shares[0].byte_limit = 2 * MIB; /* an eighth for each file */
        assert_int_equal(kt_engine_run(engine, &job, NULL, NULL, &e), 0);
        job.phase = KT_PHASE_READ;
        job.writes = false;
        job.reads = true;
        assert_int_equal(kt_engine_run(engine, &job, has_read, volume, &e), 0);
        assert_true(volume->phases[KT_PHASE_READ].seconds < job.seconds);
        assert_int_equal(volume->error, 0);
        kt_engine_free(engine);
        drop(volume);
        free(volume);
}

/* From now on in this process: the system call is answered with what, or never (SECCOMP_RET_USER_NOTIF, and nobody
 * answers the notice). Returns -1 where it cannot be had, otherwise a descriptor that can be read once a thread waits. */
static int answer(int number, uint32_t what)
{
        struct sock_filter rules[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ, (uint32_t)number, 0, 1),
                BPF_STMT(BPF_RET, what),
                BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { .len = KT_COUNT(rules), .filter = rules };
        const unsigned flags = what == SECCOMP_RET_USER_NOTIF ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -1;
        return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* Ends the job, once a request hangs. */
static void *end_when_one_hangs(void *opaque)
{
        struct pollfd notice = { .fd = *(const int *)opaque, .events = POLLIN };

        while (poll(&notice, 1, -1) < 0)
                ;
        (void)kill(getpid(), SIGTERM); /* our own process */
        return NULL;
}

static const struct trouble {
        int number; /* of the system call */
        uint32_t answer;
        int result;
        int error; /* of the volume */
        const char *says;
} troubles[] = {
        { __NR_ftruncate, SECCOMP_RET_ERRNO | EIO, 0, -EIO, "write beside read" },
        { __NR_pwrite64, SECCOMP_RET_ERRNO | ENOSPC, 0, -ENOSPC, "write after" },
        { __NR_pwrite64, SECCOMP_RET_USER_NOTIF, -ETIMEDOUT, -ETIMEDOUT, "has not returned" },
};

/* In a process of its own, which the filter never leaves. Says what went wrong, or NULL. */
static const char *run_in_trouble(const struct test_tree *tree, const struct trouble *trouble, bool *has_filter)
{
        static struct kt_disk_volume volume;
        struct kt_job job = job_of(4 * MIB);
        struct kt_engine *engine = NULL;
        struct kt_err e = { 0 };
        pthread_t thread;
        int notice;

        use(&volume, tree);
        job.phase = KT_PHASE_MIXED;
        job.set = KT_SET_BESIDE;
        job.depth = 1;
        job.late_seconds = 0.01;
        if (kt_engine_new(&volume, 1, &engine, &e) < 0)
                return "cannot begin";
        notice = answer(trouble->number, trouble->answer);
        *has_filter = notice >= 0;
        if (!*has_filter || (trouble->answer == SECCOMP_RET_USER_NOTIF &&
                             pthread_create(&thread, NULL, end_when_one_hangs, &notice) != 0))
                return "cannot make trouble";
        if (kt_engine_run(engine, &job, NULL, NULL, &e) != trouble->result)
                return "another result";
        if (volume.error != trouble->error || volume.phases[KT_PHASE_MIXED].end != KT_END_ERROR)
                return "another error";
        return strstr(volume.error_text, trouble->says) ? NULL : volume.error_text;
}

static void test_run__what_befalls_a_volume_is_its_error(void **state)
{
        const struct test_tree *tree = *state;

        for (size_t i = 0; i < KT_COUNT(troubles); i++) {
                int status = 0;
                pid_t child = fork();

                if (child == 0) {
                        bool has_filter = true;
                        const char *wrong = run_in_trouble(tree, &troubles[i], &has_filter);

                        if (wrong)
                                (void)fprintf(stderr, "# %s\n", wrong); /* the parent fails */
                        _exit(!has_filter ? NO_FILTER : wrong ? FAILS : WORKS);
                }
                assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
                if (WEXITSTATUS(status) == NO_FILTER)
                        skip();
                assert_int_equal(WEXITSTATUS(status), WORKS);
        }
}

/* Makes the kernel answer as it does for a filesystem without O_DIRECT: open(2) and fcntl(2) say EINVAL. */
static bool refuse_direct(void)
{
        struct sock_filter rules[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ, __NR_openat, 3, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ, __NR_fcntl, 0, 5),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
                BPF_JUMP(BPF_JMP | BPF_JEQ, F_SETFL, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
                BPF_JUMP(BPF_JMP | BPF_JSET, O_DIRECT, 0, 1),
                BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | EINVAL),
                BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { .len = KT_COUNT(rules), .filter = rules };

        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a process of its own, which the filter never leaves. Says what went wrong, or NULL. */
static const char *run_without_direct(const struct test_tree *tree, struct kt_disk_volume *volume)
{
        struct kt_job job = job_of(MIB - 64 * 1024);
        struct kt_engine *engine = NULL;
        struct kt_err e = { 0 };

        use(volume, tree);
        if (kt_engine_new(volume, 1, &engine, &e) < 0)
                return "cannot begin";
        if (volume->target.is_direct)
                return "says that O_DIRECT works";
        if (kt_engine_run(engine, &job, NULL, NULL, &e) < 0 || volume->error != 0)
                return "cannot write";
        /* However the files share it, none has the whole MiB that is flushed at once. */
        if (volume->phases[KT_PHASE_WRITE].write_latency.count != 15)
                return "has not written all";
        if (volume->phases[KT_PHASE_WRITE].write_bytes != 0)
                return "counts what was not flushed";
        job.shares[0].byte_limit = 48 * MIB;
        if (kt_engine_run(engine, &job, NULL, NULL, &e) < 0 || volume->error != 0)
                return "cannot flush";
        /* At most the 16 files' last MiB each is not flushed yet. */
        if (volume->phases[KT_PHASE_WRITE].write_bytes < 32 * MIB)
                return "does not count what was flushed";
        kt_engine_free(engine);
        return NULL;
}

static void test_run__without_direct_counts_what_is_flushed(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_disk_volume *volume = calloc(1, sizeof(*volume));
        int status = 0;
        pid_t child;

        assert_non_null(volume);
        child = fork();
        if (child == 0) {
                const char *wrong;

                if (!refuse_direct())
                        _exit(NO_FILTER);
                wrong = run_without_direct(tree, volume);
                if (wrong)
                        (void)fprintf(stderr, "# %s\n", wrong); /* the parent fails */
                _exit(wrong ? FAILS : WORKS);
        }
        free(volume);
        assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
        if (WEXITSTATUS(status) == NO_FILTER)
                skip();
        assert_int_equal(WEXITSTATUS(status), WORKS);
}

static void test_new__says_which_folder_is_not_there(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_disk_volume *volume = calloc(1, sizeof(*volume));
        struct kt_engine *engine = NULL;
        struct kt_err e = { 0 };

        assert_non_null(volume);
        use(volume, tree);
        (void)snprintf(volume->target.resolved, sizeof(volume->target.resolved), "%.40s/nothing", tree->path);
        assert_int_equal(kt_engine_new(volume, 1, &engine, &e), -ENOENT);
        assert_null(engine);
        free(volume);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pool__every_page_is_new),
                cmocka_unit_test_setup_teardown(test_files__have_no_name, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_run__stops_at_its_bytes_and_reads_them_back, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_run__keeps_the_pace, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_run__what_is_flushed_is_part_of_the_rate, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_run__reads_what_there_is, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_run__what_befalls_a_volume_is_its_error, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_run__without_direct_counts_what_is_flushed, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_new__says_which_folder_is_not_there, test_tree_setup,
                                                test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
