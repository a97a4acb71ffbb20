/* SPDX-License-Identifier: Apache-2.0 */
/* Locks as a broker holds them, by a child process: fcntl(2)'s locks are never one's own. */
#include "tuner/inuse.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"

/* A child that holds the lock until it is ended; returns when it does. */
static pid_t hold(const struct test_tree *tree, const char *path)
{
        KT_AUTO_FREE char *full = test_path(tree, path);
        int ready[2];
        char byte = 0;
        pid_t child;

        test_write(tree, path, "");
        assert_int_equal(pipe(ready), 0);
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
                struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
                int fd = open(full, O_RDWR | O_CLOEXEC);

                if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && write(ready[1], "x", 1) == 1)
                        (void)pause(); /* until it is ended */
                _exit(1);
        }
        assert_int_equal(close(ready[1]), 0);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        assert_int_equal(close(ready[0]), 0);
        return child;
}

static void let_go(pid_t child)
{
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_check__finds_a_broker(void **state)
{
        static const struct {
                const char *lock;
                int expect;
                const char *why;
        } rows[] = {
                { "v/.lock", -EBUSY, "the folder is the log dir" },
                { "v/kafka-log0/.lock", -EBUSY, "the usual place" },
                { "v/kafka/data/.lock", -EBUSY, "two folders below" },
                { "v/a/b/c/.lock", 0, "too deep for a log dir" },
                { "elsewhere/.lock", 0, "beside the folder" },
                { "v/free/kafka-0/.lock", 0, "below a log dir whose own lock is free" },
        };
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *folder = test_path(tree, "v");

        test_write(tree, "v/free/.lock", "");
        test_write(tree, "v/meta.properties", "");
        test_symlink(tree, "../elsewhere", "v/link");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                pid_t child = hold(tree, rows[i].lock);
                struct kt_err e = { 0 };

                assert_int_equal(kt_inuse_check(folder, &e), rows[i].expect);
                assert_int_equal(strstr(e.text, "a broker holds .lock in ") != NULL, rows[i].expect < 0);
                let_go(child);
                kt_err_clear(&e);
                assert_int_equal(kt_inuse_check(folder, &e), 0);
                if (i == 0) { /* what is no log dir any more is looked into */
                        KT_AUTO_FREE char *lock = test_path(tree, rows[i].lock);

                        assert_int_equal(unlink(lock), 0);
                }
        }
}

static void test_check__what_cannot_be_told(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *folder = test_path(tree, "v");
        KT_AUTO_FREE char *closed = test_path(tree, "v/closed");
        KT_AUTO_FREE char *fifo = test_path(tree, "v/.lock");
        struct kt_err e = { 0 };

        assert_int_equal(kt_inuse_check(folder, &e), -ENOENT);
        kt_err_clear(&e);
        test_mkdir(tree, "v/closed");
        assert_int_equal(mkfifo(fifo, 0600), 0);
        assert_int_equal(kt_inuse_check(folder, &e), 0); /* a pipe is no lock, and nobody waits for its other end */
        assert_int_equal(unlink(fifo), 0);
        assert_int_equal(chmod(closed, 0), 0);
        test_as_nobody(tree);
        assert_int_equal(kt_inuse_check(folder, &e), -EACCES);
        test_as_before();
        assert_non_null(strstr(e.text, "/v/closed"));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_check__finds_a_broker, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_check__what_cannot_be_told, test_tree_setup, test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
