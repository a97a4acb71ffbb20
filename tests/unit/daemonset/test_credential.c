/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are replaced as the kubelet does it, and files that are none. */
#include "daemonset/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

static struct kt_credential of(const struct test_tree *tree, const char *path)
{
        return (struct kt_credential){ .path = test_path(tree, path) };
}

static void test_refresh__reads_once(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_credential_done) struct kt_credential token = of(tree, "token");
        bool changed = false;

        test_write(tree, "token", "abc \r\n");
        assert_int_equal(kt_credential_refresh(&token, false, &changed, NULL), 0);
        assert_true(changed);
        assert_string_equal(kt_str_get(&token.text), "abc");
        assert_int_equal(kt_credential_refresh(&token, false, &changed, NULL), 0);
        assert_false(changed);
        assert_int_equal(kt_credential_refresh(&token, true, &changed, NULL), 0);
        assert_false(changed);
}

static void test_refresh__follows_the_kubelets_swap(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_credential_done) struct kt_credential token = of(tree, "token");
        bool changed = false;

        test_write(tree, "..1/token", "one");
        test_write(tree, "..2/token", "two");
        test_symlink(tree, "..1", "..data");
        test_symlink(tree, "..data/token", "token");
        assert_int_equal(kt_credential_refresh(&token, false, &changed, NULL), 0);
        assert_string_equal(kt_str_get(&token.text), "one");

        test_symlink(tree, "..2", "..data_tmp");
        assert_int_equal(renameat(tree->fd, "..data_tmp", tree->fd, "..data"), 0);
        assert_int_equal(kt_credential_refresh(&token, false, &changed, NULL), 0);
        assert_true(changed);
        assert_string_equal(kt_str_get(&token.text), "two");
}

static void test_refresh__keeps_the_old_one_when_it_fails(void **state)
{
        static const struct {
                const char *text;
                int code;
        } rows[] = { { "", -ENODATA }, { " \n\n", -ENODATA } };
        const struct test_tree *tree = *state;
        KT_AUTO(kt_credential_done) struct kt_credential token = of(tree, "token");
        struct kt_err e = { 0 };
        bool changed = true;

        test_write(tree, "token", "abc");
        assert_int_equal(kt_credential_refresh(&token, false, &changed, NULL), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                test_write(tree, "token", rows[i].text);
                assert_int_equal(kt_credential_refresh(&token, true, &changed, NULL), rows[i].code);
                assert_false(changed);
                assert_string_equal(kt_str_get(&token.text), "abc");
        }
        assert_int_equal(unlinkat(tree->fd, "token", 0), 0);
        assert_int_equal(kt_credential_refresh(&token, false, &changed, &e), -ENOENT);
        assert_non_null(strstr(e.text, "/token"));
        assert_string_equal(kt_str_get(&token.text), "abc");
}

static void test_refresh__refuses_what_is_no_small_file(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_credential_done) struct kt_credential folder = of(tree, "folder");
        KT_AUTO(kt_credential_done) struct kt_credential pipe = of(tree, "pipe");
        KT_AUTO(kt_credential_done) struct kt_credential large = of(tree, "large");
        KT_AUTO_FREE char *bytes = calloc(1, KT_CREDENTIAL_MAX + 1);
        bool changed = false;

        test_mkdir(tree, "folder");
        assert_int_equal(mkfifoat(tree->fd, "pipe", 0600), 0);
        assert_int_equal(kt_credential_refresh(&folder, false, &changed, NULL), -EINVAL);
        assert_int_equal(kt_credential_refresh(&pipe, false, &changed, NULL), -EINVAL);

        assert_non_null(bytes);
        memset(bytes, 'x', KT_CREDENTIAL_MAX + 1);
        test_write_bytes(tree, "large", bytes, KT_CREDENTIAL_MAX + 1);
        assert_int_equal(kt_credential_refresh(&large, false, &changed, NULL), -EFBIG);
        assert_int_equal(unlinkat(tree->fd, "large", 0), 0);
        test_write_bytes(tree, "large", bytes, KT_CREDENTIAL_MAX);
        assert_int_equal(kt_credential_refresh(&large, false, &changed, NULL), 0);
}

static void test_is_token__knows_header_lines(void **state)
{
        static const struct {
                const char *text;
                size_t len;
                bool expect;
        } rows[] = {
                { "eyJhbGciOi.J9-_", 15, true }, { "", 0, false },     { "a b", 3, false },
                { "a\r\nX: y", 7, false },       { "a\0b", 3, false }, { "\x7f", 1, false },
                { "\xc3\xa4", 2, false },        { "a", 1, true },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_credential_is_token(rows[i].text, rows[i].len), rows[i].expect);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_refresh__reads_once, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_refresh__follows_the_kubelets_swap, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_refresh__keeps_the_old_one_when_it_fails, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_refresh__refuses_what_is_no_small_file, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test(test_is_token__knows_header_lines),
        };

        return TEST_MAIN(tests);
}
