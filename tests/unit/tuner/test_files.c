/* SPDX-License-Identifier: Apache-2.0 */
/* What a file says to a write. Files that refuse are the kernel's: those of this very process, which change nothing. */
#include "tuner/files.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define SCORE "/proc/self/oom_score_adj" /* takes -1000 to 1000 (proc(5)) */

static void test_write__refusals_of_a_kernel(void **state)
{
        static const struct {
                const char *path;
                const char *value;
                int expect;
                const char *text;
        } rows[] = {
                { SCORE, "99999", -EINVAL, "the kernel refuses '99999' for " SCORE },
                { SCORE, "many", -EINVAL, "the kernel refuses 'many' for " SCORE },
                { "/dev/full", "1", -ENOSPC, "write '1' to /dev/full" },
                { "/proc/self/nothing", "1", -ENOENT, "/proc/self/nothing is not there" },
                { SCORE "/below", "1", -ENOENT, SCORE "/below is not there" },
        };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO_STR struct kt_str before = { 0 };
        KT_AUTO_STR struct kt_str after = { 0 };
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(kt_files_read(&root, SCORE, &before, &e), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                kt_err_clear(&e);
                assert_int_equal(kt_files_write(&root, rows[i].path, rows[i].value, &e), rows[i].expect);
                assert_string_equal(e.text, rows[i].text);
        }
        kt_err_clear(&e);
        assert_int_equal(kt_files_read(&root, SCORE, &after, &e), 0);
        assert_string_equal(kt_str_get(&after), kt_str_get(&before));
}

static void test_write__plain_file(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO_FREE char *path = test_path(tree, "value");
        struct kt_err e = { 0 };

        test_write(tree, "value", "a long old value\n");
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_files_write(&root, "/value", "1", &e), 0);
        {
                KT_AUTO_FREE char *text = test_read(tree, "value");

                assert_string_equal(text, "1");
        }
        assert_int_equal(chmod(path, 0444), 0);
        test_as_nobody(tree);
        assert_int_equal(kt_files_write(&root, "/value", "2", &e), -EACCES);
        test_as_before();
        assert_non_null(strstr(e.text, "open /value for writing"));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_write__refusals_of_a_kernel),
                cmocka_unit_test_setup_teardown(test_write__plain_file, test_tree_setup, test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
