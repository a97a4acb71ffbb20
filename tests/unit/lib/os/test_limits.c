/* SPDX-License-Identifier: Apache-2.0 */
/* Limits: the own ones, and the text of /proc/PID/limits. */
#include "lib/os/limits.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char text[] = "Limit                     Soft Limit           Hard Limit           Units     \n"
                           "Max cpu time              unlimited            unlimited            seconds   \n"
                           "Max processes             96365                unlimited            processes \n"
                           "Max open files            1024                 524288               files     \n"
                           "Max nice priority         0                    0                    \n"
                           "Max broken                a few                524288               files     \n"
                           "Max half                  1024\n"
                           "Max huge                  99999999999999999999 1                    files     \n";

static void test_parse__rows(void **state)
{
        static const struct {
                const char *name;
                int expect;
                uint64_t soft;
                uint64_t hard;
                const char *why;
        } rows[] = {
                { "Max open files", 0, 1024, 524288, "two numbers" },
                { "Max processes", 0, 96365, KT_LIMIT_UNLIMITED, "unlimited" },
                { "Max nice priority", 0, 0, 0, "no unit" },
                { "Max open", -ENOENT, 0, 0, "only the start of a name" },
                { "open files", -ENOENT, 0, 0, "only the end of a name" },
                { "Max locked memory", -ENOENT, 0, 0, "not there" },
                { "Max broken", -EBADMSG, 0, 0, "no number" },
                { "Max half", -EBADMSG, 0, 0, "the hard one is missing" },
                { "Max huge", -EBADMSG, 0, 0, "above 64 bits" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_limit limit = { 0 };

                assert_int_equal(kt_limits_parse(text, rows[i].name, &limit), rows[i].expect);
                assert_int_equal(limit.soft, rows[i].soft);
                assert_int_equal(limit.hard, rows[i].hard);
        }
}

static void test_parse__empty_text(void **state)
{
        struct kt_limit limit = { .soft = 7 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_limits_parse("", "Max open files", &limit), -ENOENT);
        assert_int_equal(kt_limits_parse("Max open files", "Max open files", &limit), -ENOENT);
        assert_int_equal(limit.soft, 7);
}

static void test_nofile__is_what_getrlimit_says(void **state)
{
        struct kt_limit limit = { 0 };
        struct rlimit expect;

        (void)state; /* no tree needed */
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &expect), 0);
        assert_int_equal(kt_limits_nofile(&limit), 0);
        assert_int_equal(limit.soft, expect.rlim_cur);
        assert_int_equal(limit.hard, expect.rlim_max);
}

/* Runs in a child: a limit cannot be raised again by everybody. */
static int raise_in_child(void)
{
        const struct rlimit low = { .rlim_cur = 64, .rlim_max = 128 };
        struct kt_limit limit = { 0 };
        struct kt_err e = { 0 };

        if (setrlimit(RLIMIT_NOFILE, &low) < 0 || kt_limits_raise_nofile(&limit, &e) < 0)
                return 1;
        return limit.soft == 128 && limit.hard == 128 ? 0 : 2;
}

static void test_raise_nofile__lifts_soft_to_hard(void **state)
{
        pid_t pid = fork();
        int status = -1;

        (void)state; /* no tree needed */
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(raise_in_child());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse__rows),
                cmocka_unit_test(test_parse__empty_text),
                cmocka_unit_test(test_nofile__is_what_getrlimit_says),
                cmocka_unit_test(test_raise_nofile__lifts_soft_to_hard),
        };

        return TEST_MAIN(tests);
}
