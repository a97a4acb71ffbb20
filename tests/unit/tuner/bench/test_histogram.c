/* SPDX-License-Identifier: Apache-2.0 */
/* The histogram's promises: 0.4 %, no clamp, exact ends, mean and merge. */
#include "tests/unit/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tuner/bench/noise.h"
#include "tuner/bench/histogram.h"

static struct kt_histogram one;
static struct kt_histogram two;

static void test_percentile__is_within_four_thousandths_for_any_value(void **state)
{
        (void)state;
        for (int bit = 0; bit < 64; bit++) {
                for (uint64_t step = 0; step < 64; step++) {
                        uint64_t base = UINT64_C(1) << bit;
                        uint64_t value = base + (base - 1) / 63 * step;
                        uint64_t got;

                        memset(&one, 0, sizeof(one));
                        kt_histogram_record(&one, 0);
                        kt_histogram_record(&one, value);
                        kt_histogram_record(&one, UINT64_MAX);
                        got = kt_histogram_percentile(&one, 50);
                        assert_true(fabs((double)got - (double)value) <= 0.004 * (double)value);
                }
        }
}

static void test_percentile__small_values_are_exact(void **state)
{
        (void)state;
        for (uint64_t value = 0; value < 256; value++) {
                memset(&one, 0, sizeof(one));
                kt_histogram_record(&one, value);
                kt_histogram_record(&one, 1000);
                kt_histogram_record(&one, 1000);
                assert_int_equal(kt_histogram_percentile(&one, 33), value);
        }
}

static void test_percentile__nearest_rank(void **state)
{
        static const struct {
                double percent;
                uint64_t expect;
        } rows[] = {
                { -1, 1 },    { 0, 1 },   { NAN, 1 },    { 0.001, 1 }, { 1, 1 },          { 1.5, 2 },   { 50, 50 },
                { 50.5, 51 }, { 99, 99 }, { 99.9, 100 }, { 100, 100 }, { INFINITY, 100 }, { 200, 100 },
        };

        (void)state;
        memset(&one, 0, sizeof(one));
        for (uint64_t i = 1; i <= 100; i++)
                kt_histogram_record(&one, i);
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_histogram_percentile(&one, rows[i].percent), rows[i].expect);
}

static void test_percentile__stays_between_min_and_max(void **state)
{
        (void)state;
        memset(&one, 0, sizeof(one));
        kt_histogram_record(&one, 1000001);
        assert_int_equal(kt_histogram_percentile(&one, 50), 1000001);
        kt_histogram_record(&one, UINT64_MAX);
        assert_int_equal(kt_histogram_percentile(&one, 99), UINT64_MAX);
}

static void test_empty__is_zero_everywhere(void **state)
{
        (void)state;
        memset(&one, 0, sizeof(one));
        assert_int_equal(kt_histogram_percentile(&one, 50), 0);
        assert_int_equal(kt_histogram_percentile(&one, 100), 0);
        assert_int_equal(kt_histogram_min(&one), 0);
        assert_int_equal(kt_histogram_max(&one), 0);
        assert_true(kt_histogram_mean(&one) == 0);
}

static void test_mean__sums_beyond_64_bits(void **state)
{
        (void)state;
        memset(&one, 0, sizeof(one));
        for (int i = 0; i < 4; i++)
                kt_histogram_record(&one, UINT64_MAX - 1);
        assert_true(kt_histogram_mean(&one) == (double)(UINT64_MAX - 1));
        memset(&one, 0, sizeof(one));
        kt_histogram_record(&one, 1);
        kt_histogram_record(&one, 2);
        assert_true(kt_histogram_mean(&one) == 1.5);
}

static void test_merge__is_the_same_as_recording_into_one(void **state)
{
        static struct kt_histogram both;
        struct source source = source_of(1);

        (void)state;
        memset(&one, 0, sizeof(one));
        memset(&two, 0, sizeof(two));
        memset(&both, 0, sizeof(both));
        for (int i = 0; i < 10000; i++) {
                uint64_t value = (uint64_t)exp(40 * next_uniform(&source));

                kt_histogram_record(i % 3 == 0 ? &one : &two, value);
                kt_histogram_record(&both, value);
        }
        kt_histogram_merge(&one, &two);
        assert_memory_equal(&one, &both, sizeof(both));
}

static void test_merge__an_empty_one_changes_nothing(void **state)
{
        (void)state;
        memset(&one, 0, sizeof(one));
        memset(&two, 0, sizeof(two));
        kt_histogram_record(&one, 7);
        kt_histogram_merge(&one, &two);
        assert_int_equal(kt_histogram_min(&one), 7);
        kt_histogram_merge(&two, &one);
        assert_int_equal(kt_histogram_min(&two), 7);
        assert_int_equal(kt_histogram_max(&two), 7);
        assert_int_equal(two.count, 1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_percentile__is_within_four_thousandths_for_any_value),
                cmocka_unit_test(test_percentile__small_values_are_exact),
                cmocka_unit_test(test_percentile__nearest_rank),
                cmocka_unit_test(test_percentile__stays_between_min_and_max),
                cmocka_unit_test(test_empty__is_zero_everywhere),
                cmocka_unit_test(test_mean__sums_beyond_64_bits),
                cmocka_unit_test(test_merge__is_the_same_as_recording_into_one),
                cmocka_unit_test(test_merge__an_empty_one_changes_nothing),
        };

        return TEST_MAIN(tests);
}
