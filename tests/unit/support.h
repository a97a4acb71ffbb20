/* SPDX-License-Identifier: Apache-2.0 */
/* What unit tests share: cmocka, and a temporary tree that the fixture makes and removes. */
#ifndef KT_TESTS_UNIT_SUPPORT_H
#define KT_TESTS_UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/types.h>

#include "lib/base/attr.h"

/* A new empty directory below $TMPDIR or /tmp; fails the test when there is none. */
struct test_tree {
        char path[64];
        int fd;
};

/* cmocka setup and teardown that keep a struct test_tree * in *state. */
int test_tree_setup(void **state);
int test_tree_teardown(void **state);

/* Make things in the tree; path is relative, folders above it are made. */
void test_write(const struct test_tree *tree, const char *path, const char *text);
void test_write_bytes(const struct test_tree *tree, const char *path, const void *bytes, size_t len);
void test_mkdir(const struct test_tree *tree, const char *path);
void test_symlink(const struct test_tree *tree, const char *target, const char *path);

/* The whole file as an owned string; fails the test when it cannot be read. */
char *test_read(const struct test_tree *tree, const char *path);
/* An owned "TREE/path". */
char *test_path(const struct test_tree *tree, const char *path);

/* Lets everybody into the tree and, when root runs the test, becomes a user without any privilege until
 * test_as_before(): for what must fail. */
void test_as_nobody(const struct test_tree *tree);
void test_as_before(void);

/* Runs the tests of one file: int main(void) { return TEST_MAIN(tests); } */
#define TEST_MAIN(tests) cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL)

#endif
