/* SPDX-License-Identifier: Apache-2.0 */
/* Children that behave well and badly, played by scripts. */
#include "daemonset/bench.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static char *script(struct test_tree *tree, const char *text)
{
        char *path;

        test_write(tree, "bench", text);
        path = test_path(tree, "bench");
        assert_int_equal(chmod(path, 0755), 0);
        return path;
}

/* Steps until it has an answer. */
static int finish(struct kt_bench *bench)
{
        const struct timespec nap = { .tv_nsec = 5000000 };
        int r = 0;

        for (int i = 0; r == 0 && i < 1000; i++) {
                r = kt_bench_step(bench, 0, NULL);
                (void)nanosleep(&nap, NULL); /* a shorter nap does no harm */
        }
        return r;
}

static void test_step__children(void **state)
{
        static const struct {
                const char *text;
                int want;
                const char *report;
        } rows[] = {
                { "#!/bin/sh\necho \"$@\"\n", 1, "--quiet --output json -- /a /b\n" },
                { "#!/bin/sh\necho report; exit 6\n", 1, "report\n" }, /* not steady: the report says so */
                { "#!/bin/sh\nexit 4\n", -ENODATA, "" },
                { "#!/bin/sh\nkill -9 $$\n", -ENODATA, "" },
                { "#!/bin/sh\nyes | head -c 5000000\n", -EFBIG, NULL },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE char *path = script(*state, rows[i].text);
                struct kt_bench *bench = NULL;

                assert_int_equal(kt_bench_start(path, "/a,/b", 0, &bench, NULL), 0);
                assert_int_equal(finish(bench), rows[i].want);
                if (rows[i].report)
                        assert_string_equal(kt_str_get(kt_bench_report(bench)), rows[i].report);
                kt_bench_free(bench);
        }
}

static void test_step__has_an_end(void **state)
{
        KT_AUTO_FREE char *path = script(*state, "#!/bin/sh\nexec sleep 100\n");
        struct kt_bench *bench = NULL;

        assert_int_equal(kt_bench_start(path, "/a", 0, &bench, NULL), 0);
        assert_int_equal(kt_bench_step(bench, KT_BENCH_LONGEST_MS - 1, NULL), 0);
        assert_int_equal(kt_bench_step(bench, KT_BENCH_LONGEST_MS, NULL), -ETIMEDOUT);
        kt_bench_free(bench); /* returns: it was killed */
}

static void test_is_gone__kills_and_does_not_wait(void **state)
{
        KT_AUTO_FREE char *path = script(*state, "#!/bin/sh\nexec sleep 100\n");
        const struct timespec nap = { .tv_nsec = 5000000 };
        struct kt_bench *bench = NULL;
        bool is_gone = false;

        assert_int_equal(kt_bench_start(path, "/a", 0, &bench, NULL), 0);
        for (int i = 0; !is_gone && i < 1000; i++) {
                is_gone = kt_bench_is_gone(bench);
                (void)nanosleep(&nap, NULL); /* a shorter nap does no harm */
        }
        assert_true(is_gone);
        assert_true(kt_bench_is_gone(bench)); /* the number is nobody's now: nothing is killed */
        kt_bench_free(bench);
}

static void test_start__refusals(void **state)
{
        static const struct {
                const char *paths;
                const char *program;
                int want;
        } rows[] = {
                { "", "/bin/true", -EINVAL },          { "a", "/bin/true", -EINVAL },
                { "/a,", "/bin/true", -EINVAL },       { "/a,--force", "/bin/true", -EINVAL },
                { "/a", "/no/such/program", -ENOENT }, { "/,/,/,/,/,/,/,/,/,/,/,/,/,/,/,/,/", "/bin/true", -EINVAL },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_bench *bench = NULL;

                assert_int_equal(kt_bench_start(rows[i].program, rows[i].paths, 0, &bench, NULL), rows[i].want);
                assert_null(bench);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_step__children, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_step__has_an_end, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_is_gone__kills_and_does_not_wait, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test(test_start__refusals),
        };

        return TEST_MAIN(tests);
}
