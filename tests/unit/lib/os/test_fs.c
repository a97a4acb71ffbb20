/* SPDX-License-Identifier: Apache-2.0 */
/* File access relative to a directory. Built twice: test_fs_enosys.c runs the same tests without openat2(2). */
#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/os/fs.h"

static const struct kt_fs_attr plain = { .mode = 0640, .uid = (uid_t)-1, .gid = (gid_t)-1 };

static void test_open_beneath__goes_nowhere_else(void **state)
{
        static const struct {
                const char *path;
                int expect; /* 0: opens */
                const char *why;
        } rows[] = {
                { "dir/file", 0, "an ordinary path" },
                { "dir/./file", 0, "a dot changes nothing" },
                { "missing", -ENOENT, "not there" },
                { "", -ENOENT, "no name at all" },
                { "../escape", -EXDEV, "parent of the start" },
                { "/etc/passwd", -EXDEV, "absolute" },
                { "link", -ELOOP, "last component is a link" },
                { "dirlink/file", -ELOOP, "a link on the way" },
                { "abslink/passwd", -ELOOP, "a link out of the tree on the way" },
        };
        const struct test_tree *tree = *state;

        test_write(tree, "dir/file", "x");
        test_symlink(tree, "dir/file", "link");
        test_symlink(tree, "dir", "dirlink");
        test_symlink(tree, "/etc", "abslink");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                int fd = kt_fs_open_beneath(tree->fd, rows[i].path, O_RDONLY, 0);

                if (fd >= 0)
                        close(fd);
                if ((rows[i].expect == 0) != (fd >= 0) || (fd < 0 && fd != rows[i].expect))
                        fail_msg("%s (%s): got %d", rows[i].path, rows[i].why, fd);
        }
}

static void test_open_beneath__refuses_another_mount(void **state)
{
        int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        int fd = kt_fs_open_beneath(root, "proc/self", O_RDONLY, 0);

        (void)state; /* needs no tree */
        close(root);
        assert_int_equal(fd, -EXDEV);
}

static void test_open_in_root__keeps_links_inside(void **state)
{
        static const struct {
                const char *path;
                int flags;
                int expect;
        } rows[] = {
                { "/etc/inside", 0, 0 },
                { "etc/../etc/inside", 0, 0 },
                { "/../../etc/inside", 0, 0 },
                { "/abs", 0, 0 },           /* -> /etc/inside, of the tree */
                { "/up", 0, 0 },            /* -> ../../../etc/inside */
                { "/folder/inside", 0, 0 }, /* folder -> /etc */
                { "/loop", 0, -ELOOP },
                { "/abs", O_NOFOLLOW, -ELOOP },
                { "/etc/passwd", 0, -ENOENT }, /* the machine's is not reached */
        };
        const struct test_tree *tree = *state;

        test_write(tree, "etc/inside", "x");
        test_symlink(tree, "/etc/inside", "abs");
        test_symlink(tree, "../../../etc/inside", "up");
        test_symlink(tree, "/etc", "folder");
        test_symlink(tree, "loop", "loop");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                int fd = kt_fs_open_in_root(tree->fd, rows[i].path, O_RDONLY | rows[i].flags);

                if (fd >= 0)
                        close(fd);
                if ((rows[i].expect == 0) != (fd >= 0) || (fd < 0 && fd != rows[i].expect))
                        fail_msg("%s: got %d", rows[i].path, fd);
        }
}

static void test_read__takes_regular_files_within_the_limit(void **state)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        const struct test_tree *tree = *state;

        test_write(tree, "file", "12345");
        test_mkdir(tree, "folder");
        assert_int_equal(mkfifoat(tree->fd, "fifo", 0600), 0);

        assert_int_equal(kt_fs_read(tree->fd, "file", 4, &text), -EFBIG);
        kt_str_clear(&text);
        assert_int_equal(kt_fs_read(tree->fd, "file", 5, &text), 0);
        assert_string_equal(kt_str_get(&text), "12345");
        assert_int_equal(kt_fs_read(tree->fd, "folder", 5, &text), -EINVAL);
        assert_int_equal(kt_fs_read(tree->fd, "fifo", 5, &text), -EINVAL);
        assert_int_equal(kt_fs_read(tree->fd, "missing", 5, &text), -ENOENT);
}

static void test_write_atomic__replaces_and_sets_the_mode(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };
        char *text;

        test_write(tree, "file", "old");
        test_write(tree, ".file.k8skafka-tmp", "left by a crash");
        assert_int_equal(kt_fs_write_atomic(tree->fd, "file", "new", 3, &plain, &e), 0);

        text = test_read(tree, "file");
        assert_string_equal(text, "new");
        free(text);
        assert_true(kt_fs_is_same(tree->fd, "file", "new", 3, &plain));
        assert_int_equal(faccessat(tree->fd, ".file.k8skafka-tmp", F_OK, 0), -1);
}

static void test_write_atomic__does_not_write_through_a_planted_link(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };
        char *text;

        test_write(tree, "victim", "precious");
        test_symlink(tree, "victim", "file");
        test_symlink(tree, "victim", ".file.k8skafka-tmp");
        assert_int_equal(kt_fs_write_atomic(tree->fd, "file", "new", 3, &plain, &e), 0);

        text = test_read(tree, "victim");
        assert_string_equal(text, "precious");
        free(text);
}

static void test_write_atomic__names_what_is_in_the_way(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };

        test_mkdir(tree, ".file.k8skafka-tmp");
        assert_int_equal(kt_fs_write_atomic(tree->fd, "file", "x", 1, &plain, &e), -EISDIR);
        assert_string_equal(e.text, "write file");
        kt_err_clear(&e);
        assert_int_equal(kt_fs_write_atomic(tree->fd, "a/b", "x", 1, &plain, &e), -EINVAL);
}

static void test_is_same__sees_every_difference(void **state)
{
        const struct kt_fs_attr other_mode = { .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1 };
        const struct kt_fs_attr other_owner = { .mode = 0640, .uid = 54321, .gid = (gid_t)-1 };
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };

        assert_int_equal(kt_fs_write_atomic(tree->fd, "file", "abc", 3, &plain, &e), 0);
        assert_true(kt_fs_is_same(tree->fd, "file", "abc", 3, &plain));
        assert_false(kt_fs_is_same(tree->fd, "file", "abd", 3, &plain));
        assert_false(kt_fs_is_same(tree->fd, "file", "ab", 2, &plain));
        assert_false(kt_fs_is_same(tree->fd, "file", "abcd", 4, &plain));
        assert_false(kt_fs_is_same(tree->fd, "file", "abc", 3, &other_mode));
        assert_false(kt_fs_is_same(tree->fd, "file", "abc", 3, &other_owner));
        assert_false(kt_fs_is_same(tree->fd, "missing", "abc", 3, &plain));
}

static int count_until_three(void *context, const char *name)
{
        size_t *count = context;

        assert_true(name[0] != '.');
        return ++*count == 3 ? -ECANCELED : 0;
}

static void test_each__visits_all_and_hands_back_the_callers_stop(void **state)
{
        const struct test_tree *tree = *state;
        size_t count = 0;

        test_write(tree, "a", "");
        test_write(tree, "b", "");
        assert_int_equal(kt_fs_each(tree->fd, count_until_three, &count), 0);
        assert_int_equal(count, 2);
        test_write(tree, "c", "");
        count = 0;
        assert_int_equal(kt_fs_each(tree->fd, count_until_three, &count), -ECANCELED);
}

static void test_make_dir__makes_what_is_missing(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };
        char *path = test_path(tree, "one/two/three");
        int fd = kt_fs_make_dir(path, 0750, &e);
        struct stat st;

        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0750);
        close(fd);
        fd = kt_fs_make_dir(path, 0750, &e);
        assert_true(fd >= 0);
        close(fd);
        free(path);

        test_write(tree, "file", "");
        path = test_path(tree, "file/below");
        assert_int_equal(kt_fs_make_dir(path, 0750, &e), -ENOTDIR);
        free(path);
}

static void test_make_beneath__makes_each_and_follows_nothing(void **state)
{
        const struct test_tree *tree = *state;
        struct stat st;

        assert_int_equal(kt_fs_make_beneath(tree->fd, "one/two", 0750), 0);
        assert_int_equal(fstatat(tree->fd, "one/two", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0750);
        assert_int_equal(kt_fs_make_beneath(tree->fd, "one/two", 0700), 0);
        assert_int_equal(fstatat(tree->fd, "one/two", &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0750);

        test_mkdir(tree, "outside");
        test_symlink(tree, "outside", "link");
        assert_true(kt_fs_make_beneath(tree->fd, "link/inside", 0750) < 0);
        assert_int_equal(fstatat(tree->fd, "outside/inside", &st, 0), -1);
        assert_int_equal(kt_fs_make_beneath(tree->fd, "one/../two", 0750), -EXDEV);
        test_write(tree, "file", "");
        assert_int_equal(kt_fs_make_beneath(tree->fd, "file/below", 0750), -ENOTDIR);
}

/* While anything on the machine is renamed or mounted, openat2(2) may give up on a ".." with EAGAIN. */
static void test_open_in_root__renames_elsewhere_do_no_harm(void **state)
{
        enum { OPENS = 20000 };
        const struct test_tree *tree = *state;
        int failures = 0;
        pid_t child;

        test_write(tree, "a/file", "x");
        test_mkdir(tree, "b");
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
                (void)alarm(10); /* it ends even if nobody kills it */
        while (child == 0) {
                if (renameat(tree->fd, "b", tree->fd, "c") < 0 || renameat(tree->fd, "c", tree->fd, "b") < 0)
                        _exit(0);
        }
        for (int i = 0; i < OPENS; i++) {
                int fd = kt_fs_open_in_root(tree->fd, "a/../a/../a/../a/file", O_RDONLY);

                failures += fd < 0;
                kt_close(fd);
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_int_equal(failures, 0);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_make_beneath__makes_each_and_follows_nothing, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_open_beneath__goes_nowhere_else, test_tree_setup, test_tree_teardown),
        cmocka_unit_test(test_open_beneath__refuses_another_mount),
        cmocka_unit_test_setup_teardown(test_open_in_root__keeps_links_inside, test_tree_setup, test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_open_in_root__renames_elsewhere_do_no_harm, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_read__takes_regular_files_within_the_limit, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_write_atomic__replaces_and_sets_the_mode, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_write_atomic__does_not_write_through_a_planted_link, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_write_atomic__names_what_is_in_the_way, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_is_same__sees_every_difference, test_tree_setup, test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_each__visits_all_and_hands_back_the_callers_stop, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_make_dir__makes_what_is_missing, test_tree_setup, test_tree_teardown),
};

#ifndef TEST_FS_WITHOUT_OPENAT2
int main(void)
{
        return TEST_MAIN(tests);
}
#endif
