/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: released at the end of the block, unless it was given away, and errno survives. */
#include "lib/base/auto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/support.h"

static bool is_open(int fd)
{
        return fcntl(fd, F_GETFD) >= 0;
}

static int open_null(void)
{
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

        assert_true(fd >= 0);
        return fd;
}

static void test_close__closes_and_keeps_errno(void **state)
{
        int fd = open_null();
        (void)state;

        errno = EXDEV;
        assert_int_equal(kt_close(fd), -1);
        assert_int_equal(errno, EXDEV);
        assert_false(is_open(fd));

        errno = EXDEV;
        assert_int_equal(kt_close(fd), -1);
        assert_int_equal(kt_close(-1), -1);
        assert_int_equal(errno, EXDEV);
}

static void test_auto_fd__ends_with_its_block(void **state)
{
        int seen;
        (void)state;

        {
                KT_AUTO_FD int fd = open_null();

                seen = fd;
                assert_true(is_open(seen));
        }
        assert_false(is_open(seen));
}

static void test_take_fd__gives_it_away(void **state)
{
        int kept;
        (void)state;

        {
                KT_AUTO_FD int fd = open_null();

                kept = kt_take_fd(&fd);
                assert_int_equal(fd, -1);
        }
        assert_true(is_open(kept));
        kt_close(kept);
}

static void test_auto_free__and_take_ptr(void **state)
{
        char *kept;
        (void)state;

        {
                KT_AUTO_FREE char *gone = strdup("gone"); /* LeakSanitizer says whether it is */
                KT_AUTO_FREE char *given = strdup("given");
                KT_AUTO_FREE char *none = NULL;

                assert_true(gone && given && !none);
                kept = kt_take_ptr(given);
                assert_null(given);
        }
        assert_string_equal(kept, "given");
        free(kept);
}

static void test_auto_streams__end_with_their_block(void **state)
{
        int file_fd;
        int dir_fd;
        (void)state;

        {
                KT_AUTO_FILE FILE *file = fopen("/dev/null", "re");
                KT_AUTO_FILE FILE *no_file = NULL;
                KT_AUTO_DIR DIR *dir = opendir("/");
                KT_AUTO_DIR DIR *no_dir = NULL;

                assert_true(file && dir && !no_file && !no_dir);
                file_fd = fileno(file);
                dir_fd = dirfd(dir);
                errno = EXDEV;
        }
        assert_int_equal(errno, EXDEV);
        assert_false(is_open(file_fd));
        assert_false(is_open(dir_fd));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_close__closes_and_keeps_errno),
                cmocka_unit_test(test_auto_fd__ends_with_its_block),
                cmocka_unit_test(test_take_fd__gives_it_away),
                cmocka_unit_test(test_auto_free__and_take_ptr),
                cmocka_unit_test(test_auto_streams__end_with_their_block),
        };

        return TEST_MAIN(tests);
}
