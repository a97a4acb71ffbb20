/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: what is visited, what is entered, and what is only told. */
#include "initc/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/text/str.h"
#include "tests/unit/support.h"

/* What was seen of one path; names come in the kernel's order, so tests ask for them. */
struct seen {
        char paths[64][256];
        struct kt_walk_entry entries[64];
        size_t count;
        size_t stop_at; /* 0: never */
};

static int see(void *context, const struct kt_walk_entry *entry)
{
        struct seen *seen = context;

        if (seen->count == KT_COUNT(seen->paths))
                return -E2BIG;
        (void)snprintf(seen->paths[seen->count], sizeof(seen->paths[0]), "%s", entry->path); /* short in all tests */
        seen->entries[seen->count++] = *entry;
        return seen->count == seen->stop_at ? -ECANCELED : 0;
}

static size_t index_of(const struct seen *seen, const char *path)
{
        for (size_t i = 0; i < seen->count; i++)
                if (strcmp(seen->paths[i], path) == 0)
                        return i;
        return SIZE_MAX;
}

static const struct kt_walk_entry *find(const struct seen *seen, const char *path)
{
        size_t i = index_of(seen, path);

        if (i == SIZE_MAX)
                fail_msg("%s was not visited", path);
        return &seen->entries[i];
}

static void test_walk__visits_all_of_it_folders_first(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .count = 0 };

        test_write(tree, "a/b/c", "x");
        test_write(tree, "a/d", "xy");
        test_write(tree, "e", "");
        assert_int_equal(kt_walk(tree->fd, see, &seen), 0);
        assert_int_equal(seen.count, 5);
        assert_true(index_of(&seen, "a") < index_of(&seen, "a/b"));
        assert_true(index_of(&seen, "a/b") < index_of(&seen, "a/b/c"));
        assert_int_equal(find(&seen, "a/b/c")->depth, 3);
        assert_int_equal(find(&seen, "e")->depth, 1);
        assert_int_equal(find(&seen, "a/d")->st.st_size, 2);
        assert_int_equal(find(&seen, "a/d")->fd, -1);
        assert_true(find(&seen, "a")->fd >= 0);
        assert_int_equal(find(&seen, "a/b/c")->problem, KT_ENTRY_RIGHT);
}

static void test_walk__an_empty_folder(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .count = 0 };

        assert_int_equal(kt_walk(tree->fd, see, &seen), 0);
        assert_int_equal(seen.count, 0);
}

static void test_walk__follows_no_link_and_opens_no_fifo(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .count = 0 };

        test_write(tree, "elsewhere/secret", "x");
        test_symlink(tree, "/etc", "root/absolute");
        test_symlink(tree, "../elsewhere", "root/relative");
        test_symlink(tree, ".", "root/loop");
        test_symlink(tree, "nothing", "root/dangling");
        assert_int_equal(mkfifoat(tree->fd, "root/fifo", 0644), 0);

        KT_AUTO_FD int fd = openat(tree->fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(kt_walk(fd, see, &seen), 0);
        assert_int_equal(seen.count, 5);
        assert_true(S_ISLNK(find(&seen, "absolute")->st.st_mode));
        assert_true(S_ISLNK(find(&seen, "relative")->st.st_mode));
        assert_true(S_ISLNK(find(&seen, "dangling")->st.st_mode));
        assert_true(S_ISFIFO(find(&seen, "fifo")->st.st_mode));
}

static void test_walk__goes_no_deeper_than_the_limit(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .count = 0 };
        KT_AUTO_STR struct kt_str path = { 0 };

        for (int i = 0; i < KT_WALK_DEPTH_MAX; i++)
                kt_str_add(&path, "d/");
        kt_str_add(&path, "file");
        test_write(tree, kt_str_get(&path), "x");

        assert_int_equal(kt_walk(tree->fd, see, &seen), 0);
        assert_int_equal(seen.count, KT_WALK_DEPTH_MAX);
        for (size_t i = 0; i < seen.count; i++)
                assert_int_equal(seen.entries[i].problem,
                                 seen.entries[i].depth == KT_WALK_DEPTH_MAX ? KT_ENTRY_TOO_DEEP : KT_ENTRY_RIGHT);
}

static void test_walk__a_file_at_the_limit_is_no_problem(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .count = 0 };
        KT_AUTO_STR struct kt_str path = { 0 };

        for (int i = 1; i < KT_WALK_DEPTH_MAX; i++)
                kt_str_add(&path, "d/");
        kt_str_add(&path, "file");
        test_write(tree, kt_str_get(&path), "x");

        assert_int_equal(kt_walk(tree->fd, see, &seen), 0);
        assert_int_equal(find(&seen, kt_str_get(&path))->problem, KT_ENTRY_RIGHT);
}

static void test_walk__a_folder_that_cannot_be_read(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .count = 0 };

        test_write(tree, "closed/file", "x");
        test_write(tree, "open/file", "x");
        assert_int_equal(fchmodat(tree->fd, "closed", 0, 0), 0);
        test_as_nobody(tree);
        assert_int_equal(kt_walk(tree->fd, see, &seen), 0);
        test_as_before();
        assert_int_equal(fchmodat(tree->fd, "closed", 0755, 0), 0);
        assert_int_equal(seen.count, 3);
        assert_int_equal(find(&seen, "closed")->problem, KT_ENTRY_UNREADABLE);
        assert_int_equal(find(&seen, "closed")->error, -EACCES);
        assert_int_equal(find(&seen, "closed")->fd, -1);
}

struct mounts {
        size_t count;
        size_t wrong;
};

static int count_mounts(void *context, const struct kt_walk_entry *entry)
{
        struct mounts *mounts = context;
        bool is_mount = entry->problem == KT_ENTRY_OTHER_MOUNT;

        mounts->count += is_mount;
        mounts->wrong += is_mount && (entry->error != -EXDEV || entry->fd >= 0);
        return 0;
}

static void test_walk__enters_no_other_mount(void **state)
{
        struct mounts mounts = { .count = 0 };
        KT_AUTO_FD int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        (void)state; /* looks at this machine: only root could mount something in a tree */
        if (fd < 0 || kt_walk(fd, count_mounts, &mounts) < 0 || mounts.count == 0) {
                print_message("# skipped: nothing is mounted below /dev\n");
                skip();
        }
        assert_int_equal(mounts.wrong, 0);
}

static void test_walk__ends_when_told(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .stop_at = 2 };

        test_write(tree, "a/b/c", "x");
        assert_int_equal(kt_walk(tree->fd, see, &seen), -ECANCELED);
        assert_int_equal(seen.count, 2);
}

/* Removes what it is told of: what an attacker may do while we walk. */
static int remove_it(void *context, const struct kt_walk_entry *entry)
{
        const struct test_tree *tree = context;

        (void)unlinkat(tree->fd, "x/file", 0);       /* one of the two is gone before it is visited */
        (void)unlinkat(tree->fd, "x", AT_REMOVEDIR); /* entered already, or never */
        return entry->problem == KT_ENTRY_RIGHT ? 0 : -EIO;
}

static void test_walk__what_is_gone_meanwhile_is_no_problem(void **state)
{
        struct test_tree *tree = *state;

        test_write(tree, "x/file", "x");
        assert_int_equal(kt_walk(tree->fd, remove_it, tree), 0);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

static const struct CMUnitTest tests[] = {
        WITH_TREE(test_walk__visits_all_of_it_folders_first),       WITH_TREE(test_walk__an_empty_folder),
        WITH_TREE(test_walk__follows_no_link_and_opens_no_fifo),    WITH_TREE(test_walk__goes_no_deeper_than_the_limit),
        WITH_TREE(test_walk__a_file_at_the_limit_is_no_problem),    WITH_TREE(test_walk__a_folder_that_cannot_be_read),
        cmocka_unit_test(test_walk__enters_no_other_mount),         WITH_TREE(test_walk__ends_when_told),
        WITH_TREE(test_walk__what_is_gone_meanwhile_is_no_problem),
};

int main(void)
{
        return TEST_MAIN(tests);
}
