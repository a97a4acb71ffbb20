/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a machine, real or captured. */
#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/os/root.h"

static void open_tree(const struct test_tree *tree, struct kt_root *root)
{
        assert_int_equal(kt_root_open(tree->path, root, NULL), 0);
        assert_false(root->is_host);
}

static void test_open__host_and_missing(void **state)
{
        struct kt_root root;
        struct kt_err e = { 0 };

        (void)state; /* needs no tree */
        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_true(root.is_host);
        kt_root_done(&root);
        assert_int_equal(kt_root_open("/nonexistent/node", &root, &e), -ENOENT);
        assert_string_equal(e.text, "open /nonexistent/node as the root of a machine");
}

static void test_read__trims_one_newline_and_knows_its_limit(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_root root;
        char buf[8];

        test_write(tree, "proc/short", "1234567\n");
        test_write(tree, "proc/fits", "123456\n");
        test_write(tree, "proc/empty", "");
        open_tree(tree, &root);
        assert_int_equal(kt_root_read(&root, "/proc/short", buf, sizeof(buf)), -EFBIG);
        assert_int_equal(kt_root_read(&root, "/proc/fits", buf, sizeof(buf)), 6);
        assert_string_equal(buf, "123456");
        assert_int_equal(kt_root_read(&root, "/proc/empty", buf, sizeof(buf)), 0);
        assert_string_equal(buf, "");
        assert_int_equal(kt_root_read(&root, "/proc/none", buf, sizeof(buf)), -ENOENT);
        kt_root_done(&root);
}

static void test_read_u64__says_what_is_no_number(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };
        struct kt_root root;
        uint64_t value = 7;

        test_write(tree, "proc/sys/vm/max_map_count", "65530\n");
        test_write(tree, "proc/sys/vm/odd", "65530 1\n");
        open_tree(tree, &root);
        assert_int_equal(kt_root_read_u64(&root, "/proc/sys/vm/odd", &value, &e), -EINVAL);
        assert_string_equal(e.text, "/proc/sys/vm/odd holds '65530 1', not a number");
        assert_int_equal(value, 7);
        assert_int_equal(kt_root_read_u64(&root, "/proc/sys/vm/max_map_count", &value, NULL), 0);
        assert_int_equal(value, 65530);
        kt_root_done(&root);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open__host_and_missing),
        cmocka_unit_test_setup_teardown(test_read__trims_one_newline_and_knows_its_limit, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test_setup_teardown(test_read_u64__says_what_is_no_number, test_tree_setup, test_tree_teardown),
};

int main(void)
{
        return TEST_MAIN(tests);
}
