/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary trees for unit tests. */
#include "tests/unit/support.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int test_tree_setup(void **state)
{
        struct test_tree *tree = calloc(1, sizeof(*tree));
        const char *base = getenv("TMPDIR");

        if (!tree)
                return -1;

        if (snprintf(tree->path, sizeof(tree->path), "%s/kt-test-XXXXXX", base ? base : "/tmp") >=
                    (int)sizeof(tree->path) ||
            !mkdtemp(tree->path)) {
                free(tree);
                return -1;
        }
        tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = tree;
        return tree->fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
        (void)st;   /* the callback's shape */
        (void)flag; /* the callback's shape */
        (void)ftw;  /* the callback's shape */
        return remove(path);
}

int test_tree_teardown(void **state)
{
        struct test_tree *tree = *state;
        int r = nftw(tree->path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

        close(tree->fd);
        free(tree);
        return r;
}

static void make_parents(const struct test_tree *tree, const char *path)
{
        char copy[512];

        assert_true(strlen(path) < sizeof(copy));
        memcpy(copy, path, strlen(path) + 1);
        for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                (void)mkdirat(tree->fd, copy, 0755); /* it may be there already */
                *slash = '/';
        }
}

void test_write_bytes(const struct test_tree *tree, const char *path, const void *bytes, size_t len)
{
        int fd;

        make_parents(tree, path);
        fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, len), (ssize_t)len);
        assert_int_equal(close(fd), 0);
}

void test_write(const struct test_tree *tree, const char *path, const char *text)
{
        test_write_bytes(tree, path, text, strlen(text));
}

void test_mkdir(const struct test_tree *tree, const char *path)
{
        make_parents(tree, path);
        assert_int_equal(mkdirat(tree->fd, path, 0755), 0);
}

void test_symlink(const struct test_tree *tree, const char *target, const char *path)
{
        make_parents(tree, path);
        assert_int_equal(symlinkat(target, tree->fd, path), 0);
}

void test_as_nobody(const struct test_tree *tree)
{
        enum { NOBODY = 65534 };

        assert_int_equal(fchmod(tree->fd, 0755), 0);
        if (geteuid() == 0)
                assert_int_equal(seteuid(NOBODY), 0); /* capabilities go and come with it: capabilities(7) */
}

void test_as_before(void)
{
        assert_int_equal(seteuid(getuid()), 0);
}

char *test_path(const struct test_tree *tree, const char *path)
{
        char *full = NULL;

        assert_true(asprintf(&full, "%s/%s", tree->path, path) > 0);
        return full;
}

char *test_read(const struct test_tree *tree, const char *path)
{
        int fd = openat(tree->fd, path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        char *text;

        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &st), 0);
        text = calloc(1, (size_t)st.st_size + 1);
        assert_non_null(text);
        assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
        close(fd);
        return text;
}
