/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: nothing is lost by folding and widening, and nothing overflows. */
#include "tests/unit/support.h"

#include "tests/unit/tuner/bench/noise.h"
#include "tuner/bench/series.h"

#define SECOND INT64_C(1000000000)

static struct kt_series series;
static struct kt_series other;

static void fill(struct kt_series *ret, size_t count, uint64_t ops)
{
        kt_series_init(ret);
        for (size_t i = 0; i < count; i++)
                kt_series_add(ret, &(struct kt_window){ .begin_ns = (int64_t)i * SECOND,
                                                        .length_ns = SECOND,
                                                        .bytes = 10 * ops,
                                                        .ops = ops });
}

static void test_add__folds_a_run_of_any_length(void **state)
{
        (void)state;
        fill(&series, 10 * KT_SERIES_MAX + 7, 3);
        assert_true(series.count <= KT_SERIES_MAX && series.count >= KT_SERIES_MAX / 2);
        assert_int_equal(kt_series_ops(&series), 3 * (10 * KT_SERIES_MAX + 7));
        assert_int_equal(kt_series_bytes(&series), 30 * (10 * KT_SERIES_MAX + 7));
        assert_true(fabs(kt_series_seconds(&series) - (10 * KT_SERIES_MAX + 7)) < 1e-6);
        for (size_t i = 0; i + 1 < series.count; i++)
                assert_int_equal(series.windows[i].length_ns, 16 * SECOND);
}

static void test_add__ignores_what_cannot_be(void **state)
{
        static const struct {
                struct kt_window window;
                const char *why;
        } rows[] = {
                { { .begin_ns = 9 * SECOND, .length_ns = 0, .bytes = 1 }, "does not last" },
                { { .begin_ns = 9 * SECOND, .length_ns = -1, .bytes = 1 }, "lasts backwards" },
                { { .begin_ns = 1 * SECOND, .length_ns = SECOND, .bytes = 1 }, "before the last one" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                fill(&series, 5, 1);
                kt_series_add(&series, &rows[i].window);
                assert_int_equal(series.count, 5);
        }
}

static void test_sums__saturate(void **state)
{
        struct kt_window huge = { .length_ns = INT64_MAX, .bytes = UINT64_MAX, .ops = UINT64_MAX };

        (void)state;
        kt_series_init(&series);
        for (size_t i = 0; i < 2 * KT_SERIES_MAX; i++)
                kt_series_add(&series, &huge);
        assert_true(kt_series_bytes(&series) == UINT64_MAX);
        assert_true(kt_series_ops(&series) == UINT64_MAX);
        assert_true(series.windows[0].length_ns == INT64_MAX);
        assert_true(isfinite(kt_series_median_rate(&series)));
        assert_true(isfinite(kt_series_seconds(&series)));
}

static void test_slice__takes_windows_by_their_middle(void **state)
{
        (void)state;
        fill(&series, 10, 1);
        kt_series_slice(&series, 2, 5, &other);
        assert_int_equal(other.count, 3);
        assert_int_equal(other.windows[0].begin_ns, 2 * SECOND);
        kt_series_slice(&series, 2.6, 1e300, &other);
        assert_int_equal(other.count, 7);
        kt_series_slice(&series, 5, 2, &other);
        assert_int_equal(other.count, 0);
}

static void test_slice__clocks_at_both_ends_of_the_range(void **state)
{
        (void)state;
        kt_series_init(&series);
        kt_series_add(&series, &(struct kt_window){ .begin_ns = INT64_MIN, .length_ns = SECOND });
        kt_series_add(&series, &(struct kt_window){ .begin_ns = INT64_MAX, .length_ns = SECOND });
        kt_series_slice(&series, 1e6, 1e300, &other);
        assert_int_equal(other.count, 1);
}

static void test_sum__is_as_long_as_the_shortest(void **state)
{
        static struct kt_series shorter;
        const struct kt_series *parts[] = { &series, &shorter };

        (void)state;
        fill(&series, 10, 2);
        fill(&shorter, 7, 5);
        kt_series_sum(parts, 2, &other);
        assert_int_equal(other.count, 7);
        assert_int_equal(other.windows[6].ops, 7);
        assert_int_equal(other.windows[6].length_ns, SECOND);
        kt_series_sum(parts, 0, &other);
        assert_int_equal(other.count, 0);
}

static void test_widen__until_windows_hold_enough(void **state)
{
        static const struct {
                size_t count;
                uint64_t ops;
                size_t factor;
                size_t left;
                const char *why;
        } rows[] = {
                { 60, 8, 1, 60, "enough as it is" },
                { 120, 4, 2, 60, "twice" },
                { 120, 2, 4, 30, "four times" },
                { 120, 1, 4, 30, "eight times would leave fifteen" },
                { 30, 1, 1, 30, "twice would leave fifteen" },
                { 101, 4, 2, 50, "the rest joins the last" },
                { 0, 1, 1, 0, "nothing" },
                { 60, 0, 1, 60, "a stall asks for nothing" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                fill(&series, rows[i].count, rows[i].ops);
                assert_int_equal(kt_series_widen(&series, KT_SERIES_MIN_OPS, &other), rows[i].factor);
                assert_int_equal(other.count, rows[i].left);
                assert_int_equal(kt_series_bytes(&other), kt_series_bytes(&series));
                assert_true(fabs(kt_series_seconds(&other) - (double)rows[i].count) < 1e-6);
        }
}

static void test_median__odd_even_none(void **state)
{
        double odd[] = { 3, 1, 2 };
        double even[] = { 4, 1, 3, 2 };
        double huge[] = { 1.7e308, 1.7e308 };

        (void)state;
        assert_true(kt_median(odd, 3) == 2);
        assert_true(kt_median(even, 4) == 2.5);
        assert_true(kt_median(huge, 2) == 1.7e308);
        assert_true(kt_median(odd, 0) == 0);
}

static void test_running_median__is_shorter_at_the_ends(void **state)
{
        static const double values[] = { 1, 9, 2, 8, 3 };
        static const double expect[] = { 5, 2, 8, 3, 5.5 };
        double got[5];

        (void)state;
        kt_running_median(values, 5, 3, got);
        for (size_t i = 0; i < 5; i++)
                assert_true(got[i] == expect[i]);
}

static void test_window_rate__of_no_time_is_zero(void **state)
{
        (void)state;
        assert_true(kt_window_rate(&(struct kt_window){ .bytes = 5 }) == 0);
        assert_true(kt_window_rate(&(struct kt_window){ .bytes = 5, .length_ns = SECOND / 2 }) == 10);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add__folds_a_run_of_any_length),
                cmocka_unit_test(test_add__ignores_what_cannot_be),
                cmocka_unit_test(test_sums__saturate),
                cmocka_unit_test(test_slice__takes_windows_by_their_middle),
                cmocka_unit_test(test_slice__clocks_at_both_ends_of_the_range),
                cmocka_unit_test(test_sum__is_as_long_as_the_shortest),
                cmocka_unit_test(test_widen__until_windows_hold_enough),
                cmocka_unit_test(test_median__odd_even_none),
                cmocka_unit_test(test_running_median__is_shorter_at_the_ends),
                cmocka_unit_test(test_window_rate__of_no_time_is_zero),
        };

        return TEST_MAIN(tests);
}
