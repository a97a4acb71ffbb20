/* SPDX-License-Identifier: Apache-2.0 */
/* Giving a tree away: what is given, what is left alone, and that nothing is written twice. */
#include "initc/chown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

enum { BROKER = 1000, STRANGER = 4242 };

static struct stat look(const struct test_tree *tree, const char *path)
{
        struct stat st;

        assert_int_equal(fstatat(tree->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        return st;
}

static void expect_owner(const struct test_tree *tree, const char *path, uid_t uid)
{
        struct stat st = look(tree, path);

        if (st.st_uid != uid || st.st_gid != uid)
                fail_msg("%s belongs to %u:%u, not to %u", path, st.st_uid, st.st_gid, uid);
}

static int give(const struct test_tree *tree, uid_t uid, gid_t gid, struct kt_chown_stats *stats, struct kt_err *e)
{
        const struct kt_chown_opts opts = { .owner = { .uid = uid, .gid = gid } };
        KT_AUTO_FD int fd = openat(tree->fd, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_true(fd >= 0);
        return kt_chown_tree(fd, &opts, stats, e);
}

/* Owners can only be changed by root. */
static void need_root(void)
{
        if (geteuid() != 0) {
                print_message("# skipped: not root\n");
                skip();
        }
}

/* log/ with two partitions, everything root's. */
static void make_log(const struct test_tree *tree)
{
        test_write(tree, "log/t-0/00000000000000000000.log", "x");
        test_write(tree, "log/t-1/00000000000000000000.index", "");
        test_write(tree, "log/meta.properties", "version=1\n");
}

static void test_chown_tree__gives_everything_and_the_root(void **state)
{
        static const char *const paths[] = { "log",
                                             "log/t-0",
                                             "log/t-0/00000000000000000000.log",
                                             "log/t-1",
                                             "log/t-1/00000000000000000000.index",
                                             "log/meta.properties" };
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        need_root();
        make_log(tree);
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        for (size_t i = 0; i < KT_COUNT(paths); i++)
                expect_owner(tree, paths[i], BROKER);
        assert_int_equal(stats.entries, KT_COUNT(paths));
        assert_int_equal(stats.changed, KT_COUNT(paths));
        assert_int_equal(stats.failed, 0);
        expect_owner(tree, ".", 0);
}

static void test_chown_tree__writes_nothing_the_second_time(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };
        struct stat before;
        struct stat after;

        need_root();
        make_log(tree);
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        before = look(tree, "log/t-0/00000000000000000000.log");
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        after = look(tree, "log/t-0/00000000000000000000.log");
        assert_int_equal(stats.changed, 0);
        assert_memory_equal(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim));
}

static void test_chown_tree__leaves_links_and_their_targets(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        need_root();
        make_log(tree);
        test_write(tree, "outside/secret", "x");
        test_symlink(tree, "../outside/secret", "log/link");
        test_symlink(tree, "../outside", "log/dirlink");
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        expect_owner(tree, "outside", 0);
        expect_owner(tree, "outside/secret", 0);
        expect_owner(tree, "log/link", 0);
        expect_owner(tree, "log/dirlink", 0);
        expect_owner(tree, "log", BROKER);
}

static void test_chown_tree__leaves_hard_links_of_others(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        need_root();
        make_log(tree);
        test_write(tree, "outside/shadow", "x");
        assert_int_equal(linkat(tree->fd, "outside/shadow", tree->fd, "log/t-0/shadow", 0), 0);
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        assert_int_equal(stats.left[KT_ENTRY_HARD_LINK], 1);
        assert_int_equal(kt_chown_blocking(&stats), 1);
        expect_owner(tree, "outside/shadow", 0);
        expect_owner(tree, "log/t-0", BROKER);
}

static void test_chown_tree__leaves_special_and_set_id_files(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        need_root();
        make_log(tree);
        test_write(tree, "log/sh", "x");
        assert_int_equal(fchmodat(tree->fd, "log/sh", 04755, 0), 0);
        assert_int_equal(mkfifoat(tree->fd, "log/fifo", 0600), 0);
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        assert_int_equal(stats.left[KT_ENTRY_SET_ID], 1);
        assert_int_equal(stats.left[KT_ENTRY_SPECIAL], 1);
        assert_int_equal(kt_chown_blocking(&stats), 1);
        expect_owner(tree, "log/sh", 0);
        assert_int_equal(look(tree, "log/sh").st_mode & 07777, 04755);
        expect_owner(tree, "log/fifo", 0);
        assert_int_equal(look(tree, "log/fifo").st_mode & 07777, 0600);
}

static void test_chown_tree__enters_and_opens_what_has_no_mode(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        need_root();
        make_log(tree);
        assert_int_equal(fchmodat(tree->fd, "log/t-0", 0, 0), 0);
        assert_int_equal(fchmodat(tree->fd, "log/t-1/00000000000000000000.index", 0, 0), 0);
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        assert_int_equal(look(tree, "log/t-0").st_mode & 07777, 0700);
        expect_owner(tree, "log/t-0/00000000000000000000.log", BROKER);
        assert_int_equal(look(tree, "log/t-1/00000000000000000000.index").st_mode & 07777, 0600);
}

static void test_chown_tree__keeps_the_seal_of_snapshots(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        need_root();
        test_write(tree, "log/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", "x");
        assert_int_equal(
                fchmodat(tree->fd, "log/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", 0400, 0), 0);
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        assert_int_equal(look(tree, "log/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint").st_mode &
                                 07777,
                         0400);
        expect_owner(tree, "log/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", BROKER);
}

static void test_chown_tree__takes_files_from_strangers_too(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        need_root();
        make_log(tree);
        assert_int_equal(fchownat(tree->fd, "log/t-0", STRANGER, BROKER, 0), 0);
        assert_int_equal(fchownat(tree->fd, "log/t-1", BROKER, STRANGER, 0), 0);
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        expect_owner(tree, "log/t-0", BROKER);
        expect_owner(tree, "log/t-1", BROKER);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* So that a run that was interrupted leaves a root that is still wrong. */
static void test_chown_tree__the_root_comes_last(void **state)
{
        enum { FILES = 1000 }; /* takes longer than one tick of the filesystem's clock */
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };
        struct stat root;

        need_root();
        for (int i = 0; i < FILES; i++) {
                char name[32];

                (void)snprintf(name, sizeof(name), "log/%d", i); /* always fits */
                test_write(tree, name, "");
        }
        assert_int_equal(give(tree, BROKER, BROKER, &stats, NULL), 0);
        root = look(tree, "log");
        for (int i = 0; i < FILES; i++) {
                char name[32];
                struct stat st;

                (void)snprintf(name, sizeof(name), "log/%d", i); /* always fits */
                st = look(tree, name);
                assert_false(is_later(&st.st_ctim, &root.st_ctim));
        }
}

static void test_chown_tree__repairs_modes_of_its_own_files(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };

        make_log(tree);
        assert_int_equal(fchmodat(tree->fd, "log/meta.properties", 0200, 0), 0);
        assert_int_equal(fchmodat(tree->fd, "log/t-0", 0500, 0), 0);
        assert_int_equal(give(tree, geteuid(), getegid(), &stats, NULL), 0);
        assert_int_equal(stats.changed, 2);
        assert_int_equal(look(tree, "log/meta.properties").st_mode & 07777, 0600);
        assert_int_equal(look(tree, "log/t-0").st_mode & 07777, 0700);
}

static void test_chown_tree__counts_what_fails_and_goes_on(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_chown_stats stats = { 0 };
        struct kt_err e = { 0 };

        make_log(tree);
        test_as_nobody(tree);
        assert_int_equal(give(tree, STRANGER, STRANGER, &stats, &e), -EPERM);
        test_as_before();
        assert_int_equal(stats.entries, 6);
        assert_int_equal(stats.failed, 6);
        assert_int_equal(stats.changed, 0);
        assert_int_equal(e.code, -EPERM);
        assert_non_null(strstr(e.text, "give away"));
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

static void test_chown_verify__counts_and_changes_nothing(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_owner owner = { .uid = getuid() + 1, .gid = getgid() };
        struct kt_chown_stats stats = { 0 };
        KT_AUTO_FD int fd = -1;

        make_log(tree);
        test_write(tree, "outside/shadow", "x");
        assert_int_equal(linkat(tree->fd, "outside/shadow", tree->fd, "log/t-0/shadow", 0), 0);
        assert_int_equal(symlinkat("meta.properties", tree->fd, "log/link"), 0);
        fd = openat(tree->fd, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(kt_chown_verify(fd, &owner, &stats, NULL), 0);
        assert_int_equal(stats.entries, 8);
        assert_int_equal(stats.changed, 6);
        assert_int_equal(stats.left[KT_ENTRY_HARD_LINK], 1);
        assert_int_equal(stats.left[KT_ENTRY_LINK], 1);
        assert_int_equal(kt_chown_blocking(&stats), 1);
        expect_owner(tree, "log/meta.properties", getuid());
}

static const struct CMUnitTest tests[] = {
        WITH_TREE(test_chown_tree__gives_everything_and_the_root),
        WITH_TREE(test_chown_tree__writes_nothing_the_second_time),
        WITH_TREE(test_chown_tree__leaves_links_and_their_targets),
        WITH_TREE(test_chown_tree__leaves_hard_links_of_others),
        WITH_TREE(test_chown_tree__leaves_special_and_set_id_files),
        WITH_TREE(test_chown_tree__enters_and_opens_what_has_no_mode),
        WITH_TREE(test_chown_tree__keeps_the_seal_of_snapshots),
        WITH_TREE(test_chown_tree__takes_files_from_strangers_too),
        WITH_TREE(test_chown_tree__the_root_comes_last),
        WITH_TREE(test_chown_tree__repairs_modes_of_its_own_files),
        WITH_TREE(test_chown_tree__counts_what_fails_and_goes_on),
        WITH_TREE(test_chown_verify__counts_and_changes_nothing),
};

int main(void)
{
        return TEST_MAIN(tests);
}
