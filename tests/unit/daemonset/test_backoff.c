/* SPDX-License-Identifier: Apache-2.0 */
/* Waits after failures: they double, have a ceiling, and are spread. */
#include "daemonset/backoff.h"

#include "tests/unit/support.h"

static void test_ms__doubles_up_to_the_most(void **state)
{
        static const struct {
                struct kt_backoff rule;
                unsigned failures;
                int64_t longest;
                int64_t shortest;
        } rows[] = {
                { { 1000, 60000 }, 0, 0, 0 },
                { { 1000, 60000 }, 1, 1000, 500 },
                { { 1000, 60000 }, 2, 2000, 1000 },
                { { 1000, 60000 }, 6, 32000, 16000 },
                { { 1000, 60000 }, 7, 60000, 30000 },
                { { 1000, 60000 }, UINT32_MAX, 60000, 30000 },
                { { 100000, 60000 }, 1, 60000, 30000 },
                { { 1, INT64_MAX }, 64, INT64_MAX, -1 },
                { { 0, 60000 }, 9, 0, 0 },
                { { 1, 1 }, 1, 1, 1 },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                assert_int_equal(kt_backoff_ms(&rows[i].rule, rows[i].failures, 0), rows[i].longest);
                if (rows[i].shortest >= 0)
                        assert_int_equal(kt_backoff_ms(&rows[i].rule, rows[i].failures, UINT32_MAX), rows[i].shortest);
        }
}

static void test_return_ms__spreads_the_first_wait_over_all_of_it(void **state)
{
        const struct kt_backoff rule = { 20000, 60000 };
        (void)state;

        assert_int_equal(kt_backoff_return_ms(&rule, 0, UINT32_MAX), 0);
        assert_int_equal(kt_backoff_return_ms(&rule, 1, 0), 0);
        assert_int_equal(kt_backoff_return_ms(&rule, 1, UINT32_MAX / 2), 10000);
        assert_int_equal(kt_backoff_return_ms(&rule, 1, UINT32_MAX), 20000);
        for (unsigned failures = 2; failures < 6; failures++)
                assert_int_equal(kt_backoff_return_ms(&rule, failures, 1 << 30),
                                 kt_backoff_ms(&rule, failures, 1 << 30));
}

static void test_spread_ms__is_even(void **state)
{
        unsigned counts[4] = { 0 };
        (void)state;

        for (uint64_t random = 0; random <= UINT32_MAX; random += 1 << 20)
                counts[kt_backoff_spread_ms(3, (uint32_t)random)]++;
        for (size_t i = 0; i < KT_COUNT(counts); i++)
                assert_int_equal(counts[i], 1024);
        assert_int_equal(kt_backoff_spread_ms(0, UINT32_MAX), 0);
        assert_int_equal(kt_backoff_spread_ms(-5, UINT32_MAX), 0);
        assert_int_equal(kt_backoff_spread_ms(1000, UINT32_MAX), 1000);
}

static void test_random__differs(void **state)
{
        uint32_t all = 0;
        (void)state;

        for (int i = 0; i < 16; i++)
                all |= kt_backoff_random() ^ kt_backoff_random();
        assert_int_not_equal(all, 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ms__doubles_up_to_the_most),
                cmocka_unit_test(test_return_ms__spreads_the_first_wait_over_all_of_it),
                cmocka_unit_test(test_spread_ms__is_even),
                cmocka_unit_test(test_random__differs),
        };

        return TEST_MAIN(tests);
}
