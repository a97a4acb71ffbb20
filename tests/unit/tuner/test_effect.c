/* SPDX-License-Identifier: Apache-2.0 */
/* Effect: intervals worked out by hand, and the verdict that follows from them. */
#include "tuner/effect.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <math.h>

static void test_compute__an_interval_by_hand(void **state)
{
        /* Logarithms of the ratios: ln 1.1, ln 1.2, ln 1.3; mean 0.179997, deviation 0.083553; t(2) 4.303. */
        static const double before[] = { 100, 100, 100 };
        static const double after[] = { 110, 120, 130 };
        struct kt_effect effect = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_effect_compute(before, after, 3, &effect), 0);
        assert_float_equal(effect.change, 0.197214, 1e-5);
        assert_float_equal(effect.low, -0.027202, 1e-5);
        assert_float_equal(effect.high, 0.473395, 1e-5);
        assert_float_equal(effect.before, 100, 1e-9);
        assert_float_equal(effect.after, 120, 1e-9);
        assert_int_equal(effect.verdict, KT_EFFECT_UNSTEADY);
}

static void test_compute__verdicts(void **state)
{
        static const struct {
                double after[4]; /* against 100 each time */
                enum kt_effect_verdict verdict;
                const char *why;
        } rows[] = {
                { { 120, 121, 119, 120 }, KT_EFFECT_BETTER, "all pairs gained" },
                { { 90, 91, 89, 90 }, KT_EFFECT_WORSE, "all pairs lost" },
                { { 101, 99, 100, 101 }, KT_EFFECT_SAME, "about the same" },
                { { 100, 100, 100, 100 }, KT_EFFECT_SAME, "no spread at all" },
                { { 50, 200, 70, 150 }, KT_EFFECT_UNSTEADY, "anything may be true" },
        };
        static const double before[] = { 100, 100, 100, 100 };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_effect effect = { 0 };

                assert_int_equal(kt_effect_compute(before, rows[i].after, 4, &effect), 0);
                assert_int_equal(effect.verdict, rows[i].verdict);
                assert_true(effect.low <= effect.change && effect.change <= effect.high);
        }
}

/* A volume that slows down all the time slows both sides of a pair. */
static void test_compute__a_trend_cancels_out(void **state)
{
        static const double before[] = { 1000, 500, 250, 125, 60 };
        static const double after[] = { 1100, 551, 274, 138, 66 };
        struct kt_effect effect = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_effect_compute(before, after, 5, &effect), 0);
        assert_int_equal(effect.verdict, KT_EFFECT_BETTER);
        assert_float_equal(effect.change, 0.1, 0.01);
}

static void test_compute__refuses(void **state)
{
        static const double good[KT_EFFECT_ROUNDS_MAX] = { 1, 1, 1 };
        static const double zero[] = { 1, 0, 1 };
        const double endless[] = { 1, HUGE_VAL, 1 };
        struct kt_effect effect = { .rounds = 77 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_effect_compute(good, good, 2, &effect), -EINVAL);
        assert_int_equal(kt_effect_compute(good, good, KT_EFFECT_ROUNDS_MAX + 1, &effect), -EINVAL);
        assert_int_equal(kt_effect_compute(zero, good, 3, &effect), -EINVAL);
        assert_int_equal(kt_effect_compute(good, endless, 3, &effect), -EINVAL);
        assert_int_equal(effect.rounds, 77);
}

static void test_show(void **state)
{
        const struct kt_effect effect = { .change = 0.123, .low = -0.05, .high = 0.3, .verdict = KT_EFFECT_SAME };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        kt_effect_show(&effect, &out);
        assert_string_equal(kt_str_get(&out), "no difference measured: +12.3 % (95 % sure: -5.0 to +30.0 %)");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_compute__an_interval_by_hand),
                cmocka_unit_test(test_compute__verdicts),
                cmocka_unit_test(test_compute__a_trend_cancels_out),
                cmocka_unit_test(test_compute__refuses),
                cmocka_unit_test(test_show),
        };

        return TEST_MAIN(tests);
}
