/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes whose truth is known by construction, quiet and noisy, and series that no volume should ever produce. */
#include "tests/unit/support.h"

#include "tests/unit/tuner/bench/noise.h"
#include "tuner/bench/fit.h"

#define SECOND INT64_C(1000000000)

static struct kt_series series;

static void assert_near(double got, double want, double share)
{
        assert_true(fabs(got - want) <= share * want);
}

static void assert_holds(const struct kt_interval *interval, double truth)
{
        assert_true(interval->low <= interval->value && interval->value <= interval->high);
        assert_true(interval->low <= truth && truth <= interval->high);
}

static void assert_sane(const struct kt_interval *interval)
{
        assert_true(isfinite(interval->value) && isfinite(interval->low) && isfinite(interval->high));
        assert_true(0 <= interval->low && interval->low <= interval->value && interval->value <= interval->high);
}

static void assert_all_sane(const struct kt_fit *fit)
{
        assert_sane(&fit->burst);
        assert_sane(&fit->sustained);
        assert_true(fit->knee_count <= KT_FIT_KNEES_MAX && fit->level_count <= KT_FIT_LEVELS_MAX);
        for (size_t i = 0; i < fit->knee_count; i++) {
                assert_sane(&fit->knees[i].bucket);
                assert_sane(&fit->knees[i].seconds);
                assert_sane(&fit->knees[i].refill);
        }
        for (size_t i = 0; i < fit->level_count; i++) {
                assert_sane(&fit->levels[i].rate);
                assert_true(isfinite(fit->levels[i].begin_s) && isfinite(fit->levels[i].seconds));
                assert_true(isfinite(fit->levels[i].bytes) && isfinite(fit->levels[i].median));
        }
        assert_true(isfinite(fit->noise) && isfinite(fit->correlation) && isfinite(fit->gap_s));
        assert_true(isfinite(fit->seconds) && isfinite(fit->bytes) && isfinite(fit->half_width));
        assert_true(isfinite(kt_fit_respend_seconds(fit, 1e9)) && isfinite(kt_fit_bucket_bound(fit, 0)));
}

/* Rates and seconds of levels one after the other. */
struct level {
        double rate;
        size_t seconds;
};

static void fill_levels(const struct level *levels, size_t count, const struct noise *noise, size_t seed)
{
        struct source source = source_of(seed);

        kt_series_init(&series);
        for (size_t i = 0; i < count; i++)
                for (size_t k = 0; k < levels[i].seconds; k++)
                        add_second(&series, levels[i].rate * next_share(&source, noise, series.count));
}

static void test_series__bursts_of_throttled_volumes(void **state)
{
        static const struct {
                double peak;
                struct bucket bucket;
                double knee;
                size_t seconds;
                const char *why;
        } rows[] = {
                { 80 * MB, { 800 * MB, 20 * MB }, 13.3333, 45, "80 MB/s for 10 s worth, then 20" },
                { 45 * MB, { 900 * MB, 30 * MB }, 60, 100, "a late knee" },
                { 120 * MB, { 1200 * MB, 60 * MB }, 20, 60, "a node's bucket over two volumes" },
                { 90 * MB, { 450 * MB, 45 * MB }, 10, 45, "the bucket of a network volume" },
                { 1000 * MB, { 20000 * MB, 50 * MB }, 21.0526, 60, "a cliff of twenty times" },
                { 23 * MB, { 60 * MB, 20 * MB }, 20, 60, "a step of an eighth" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct bucket buckets[] = { { 0, rows[i].peak }, rows[i].bucket };
                struct kt_fit fit;

                fill_buckets(&series, buckets, 2, rows[i].seconds);
                kt_fit_series(&series, 1.0, &fit);
                assert_int_equal(fit.shape, KT_FIT_BURST);
                assert_int_equal(fit.reason, KT_FIT_STEADY);
                assert_int_equal(fit.knee_count, 1);
                assert_near(fit.burst.value, rows[i].peak, 0.003);
                assert_near(fit.sustained.value, rows[i].bucket.rate, 0.003);
                assert_near(fit.knees[0].bucket.value, rows[i].bucket.bytes, 0.02);
                assert_true(fabs(fit.knees[0].seconds.value - rows[i].knee) < 0.5);
                assert_holds(&fit.burst, rows[i].peak);
                assert_holds(&fit.sustained, rows[i].bucket.rate);
                assert_holds(&fit.knees[0].bucket, rows[i].bucket.bytes);
                assert_holds(&fit.knees[0].seconds, rows[i].knee);
                assert_holds(&fit.knees[0].refill, rows[i].bucket.rate);
                assert_all_sane(&fit);
        }
}

static void test_series__two_buckets_in_a_row(void **state)
{
        static const struct bucket buckets[] = { { 0, 160 * MB }, { 1200 * MB, 80 * MB }, { 3000 * MB, 20 * MB } };
        struct kt_fit fit;

        (void)state;
        fill_buckets(&series, buckets, 3, 70);
        kt_fit_series(&series, 1.0, &fit);
        assert_int_equal(fit.shape, KT_FIT_TWO_BURSTS);
        assert_int_equal(fit.knee_count, 2);
        assert_near(fit.burst.value, 160 * MB, 0.002);
        assert_near(fit.sustained.value, 20 * MB, 0.002);
        assert_near(fit.knees[0].bucket.value, 1200 * MB, 0.01);
        assert_near(fit.knees[1].bucket.value, 3000 * MB, 0.01);
        assert_holds(&fit.knees[0].seconds, 15);
        assert_holds(&fit.knees[1].seconds, 30);
        assert_near(fit.knees[0].refill.value, 80 * MB, 0.002);
        assert_all_sane(&fit);
}

static void test_series__constant(void **state)
{
        static const struct bucket flat = { 0, 50 * MB };
        struct kt_fit fit;

        (void)state;
        fill_buckets(&series, &flat, 1, 42);
        kt_fit_series(&series, 1.0, &fit);
        assert_int_equal(fit.shape, KT_FIT_CONSTANT);
        assert_int_equal(fit.knee_count, 0);
        assert_near(fit.sustained.value, 50 * MB, 0.002);
        assert_holds(&fit.sustained, 50 * MB);
        assert_true(fit.held_s == 41);
        assert_true(fit.half_width < 0.03);
        assert_all_sane(&fit);
}

static void test_series__an_overshoot_of_the_first_second_counts_for_the_bucket_only(void **state)
{
        static const struct level levels[] = { { 92 * MB, 1 }, { 80 * MB, 12 }, { 20 * MB, 30 } };
        struct kt_fit fit;

        (void)state;
        fill_levels(levels, 3, &(struct noise){ 0 }, 0);
        kt_fit_series(&series, 1.0, &fit);
        assert_int_equal(fit.shape, KT_FIT_BURST);
        assert_near(fit.burst.value, 80 * MB, 0.001);
        assert_near(fit.knees[0].bucket.value, (92 + 12 * 80 - 13 * 20) * MB, 0.001);
}

static void test_series__noisy_bursts(void **state)
{
        static const struct {
                struct noise noise;
                double rate_error;
                double bucket_error;
                double knee_error;
        } rows[] = {
                { { .cv = 0.01 }, 0.01, 0.015, 0.15 },
                { { .cv = 0.03 }, 0.025, 0.035, 0.4 },
                { { .cv = 0.05, .r = 0.3 }, 0.06, 0.08, 1.0 },
        };
        static const struct level levels[] = { { 80 * MB, 20 }, { 20 * MB, 60 } };
        size_t trials = trials_of(40);

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                size_t right = 0;
                size_t held = 0;

                for (size_t t = 0; t < trials; t++) {
                        struct kt_fit fit;

                        fill_levels(levels, 2, &rows[i].noise, 5 + i * 1000000 + t);
                        kt_fit_series(&series, 1.0, &fit);
                        assert_all_sane(&fit);
                        if (fit.shape != KT_FIT_BURST)
                                continue;
                        right += fabs(fit.sustained.value - 20 * MB) < rows[i].rate_error * 20 * MB &&
                                 fabs(fit.burst.value - 80 * MB) < rows[i].rate_error * 80 * MB &&
                                 fabs(fit.knees[0].bucket.value - 1200 * MB) < rows[i].bucket_error * 1200 * MB &&
                                 fabs(fit.knees[0].seconds.value - 20) < rows[i].knee_error;
                        held += fit.sustained.low <= 20 * MB && 20 * MB <= fit.sustained.high;
                }
                SHOW("cv %.2f r %.1f: %.1f %% within the errors, R inside its interval in %.1f %%\n", rows[i].noise.cv,
                     rows[i].noise.r, 100 * (double)right / (double)trials, 100 * (double)held / (double)trials);
                assert_true((double)right >= (0.97 - scatter_of(0.97, trials)) * (double)trials);
                assert_true((double)held >= (0.90 - scatter_of(0.90, trials)) * (double)trials);
        }
}

static void test_series__shapes(void **state)
{
        static const struct {
                struct level levels[8];
                size_t count;
                enum kt_fit_shape shape;
                enum kt_fit_reason reason;
                const char *why;
        } rows[] = {
                { { { 0 } }, 0, KT_FIT_SHORT, KT_FIT_STEADY, "nothing" },
                { { { 50 * MB, 1 } }, 1, KT_FIT_SHORT, KT_FIT_STEADY, "one window" },
                { { { 50 * MB, 10 } }, 1, KT_FIT_SHORT, KT_FIT_STEADY, "nine without the first" },
                { { { 50 * MB, 11 } }, 1, KT_FIT_CONSTANT, KT_FIT_STEADY, "ten without the first" },
                { { { 50 * MB, 20 }, { 100 * MB, 20 } }, 2, KT_FIT_UNSTEADY, KT_FIT_RISING, "an upgrade" },
                { { { 80 * MB, 20 }, { 20 * MB, 20 }, { 80 * MB, 20 } },
                  3,
                  KT_FIT_UNSTEADY,
                  KT_FIT_RISING,
                  "a neighbour that came and went" },
                { { { 80 * MB, 10 }, { 60 * MB, 10 }, { 45 * MB, 10 }, { 30 * MB, 10 } },
                  4,
                  KT_FIT_UNSTEADY,
                  KT_FIT_CHANGING,
                  "three falls" },
                { { { 50 * MB, 20 }, { 0, 3 }, { 50 * MB, 20 } }, 3, KT_FIT_CONSTANT, KT_FIT_STEADY, "a short stall" },
                { { { 50 * MB, 20 }, { 0, 8 }, { 50 * MB, 20 } }, 3, KT_FIT_UNSTEADY, KT_FIT_STALLED, "a long stall" },
                { { { 50 * MB, 20 }, { 0, 20 } }, 2, KT_FIT_UNSTEADY, KT_FIT_STALLED, "it died" },
                { { { 0, 40 } }, 1, KT_FIT_UNSTEADY, KT_FIT_STALLED, "it never lived" },
                { { { 54 * MB, 20 }, { 50 * MB, 20 } },
                  2,
                  KT_FIT_CONSTANT,
                  KT_FIT_STEADY,
                  "below the 10 % that matter" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_fit fit;

                fill_levels(rows[i].levels, rows[i].count, &(struct noise){ .cv = 0.01 }, i);
                kt_fit_series(&series, 1.0, &fit);
                assert_all_sane(&fit);
                assert_int_equal(fit.shape, rows[i].shape);
                assert_int_equal(fit.reason, rows[i].reason);
                if (fit.shape == KT_FIT_UNSTEADY || fit.shape == KT_FIT_SHORT) {
                        assert_true(fit.sustained.high == 0);
                        assert_int_equal(fit.knee_count, 0);
                }
        }
}

static void test_series__declines_are_sloping(void **state)
{
        static const struct {
                double last;
                double cv;
                size_t seconds;
                const char *why;
        } rows[] = {
                { 60 * MB, 0.01, 60, "quiet" },
                { 60 * MB, 0.05, 60, "noisy" },
                { 85 * MB, 0.01, 60, "a little" },
                { 30 * MB, 0.03, 40, "much" },
                { 60 * MB, 0.03, 300, "over a long time" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct source source = source_of(i);
                struct noise noise = { .cv = rows[i].cv };
                struct kt_fit fit;

                kt_series_init(&series);
                for (size_t k = 0; k < rows[i].seconds; k++)
                        add_second(&series,
                                   (100 * MB + (rows[i].last - 100 * MB) * (double)k / (double)rows[i].seconds) *
                                           next_share(&source, &noise, k));
                kt_fit_series(&series, 1.0, &fit);
                assert_int_equal(fit.shape, KT_FIT_UNSTEADY);
                assert_true(fit.reason == KT_FIT_SLOPING || fit.reason == KT_FIT_CHANGING);
                assert_true(fit.sustained.value == 0);
        }
}

static void test_series__a_slow_volume_is_judged_in_longer_windows(void **state)
{
        static const struct bucket buckets[] = { { 0, 8 * MB }, { 240 * MB, 2 * MB } };
        struct kt_fit fit;

        (void)state;
        fill_buckets(&series, buckets, 2, 120);
        kt_fit_series(&series, 1.0, &fit);
        assert_true(fit.window_s == 4);
        assert_int_equal(fit.shape, KT_FIT_BURST);
        assert_near(fit.sustained.value, 2 * MB, 0.02);
        assert_near(fit.knees[0].bucket.value, 240 * MB, 0.05);
}

static void test_series__gaps_widen_the_bucket_downwards(void **state)
{
        static const struct level levels[] = { { 80 * MB, 15 }, { 20 * MB, 30 } };
        struct kt_fit without;
        struct kt_fit with;

        (void)state;
        fill_levels(levels, 2, &(struct noise){ 0 }, 0);
        kt_fit_series(&series, 1.0, &without);
        for (size_t i = 5; i < series.count; i++)
                series.windows[i].begin_ns += 7 * SECOND;
        kt_fit_series(&series, 1.0, &with);
        assert_true(without.gap_s == 0 && fabs(with.gap_s - 7) < 1e-6);
        assert_true(with.seconds == without.seconds);
        assert_true(with.sustained.value == without.sustained.value);
        assert_true(with.knees[0].bucket.low < without.knees[0].bucket.low - 135 * MB);
        assert_true(with.knees[0].seconds.low < without.knees[0].seconds.low);
}

static void test_series__nonsense_stays_finite(void **state)
{
        static const struct kt_window rows[] = {
                { .begin_ns = 0, .length_ns = INT64_MAX, .bytes = UINT64_MAX, .ops = UINT64_MAX },
                { .begin_ns = INT64_MIN, .length_ns = 1, .bytes = UINT64_MAX, .ops = 1 },
                { .begin_ns = 0, .length_ns = 1, .bytes = 0, .ops = 0 },
                { .begin_ns = INT64_MAX, .length_ns = INT64_MAX, .bytes = 1, .ops = UINT64_MAX },
                { .begin_ns = 5, .length_ns = SECOND, .bytes = 100, .ops = 0 },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                for (size_t count = 1; count <= 60; count += 59) {
                        struct kt_stop stop;
                        struct kt_fit fit;

                        kt_series_init(&series);
                        for (size_t k = 0; k < count; k++)
                                kt_series_add(&series, &rows[i]);
                        for (double settle = -1; settle <= 1e9; settle = settle < 1 ? settle + 1 : settle * 1e3) {
                                kt_fit_series(&series, settle, &fit);
                                assert_all_sane(&fit);
                                kt_fit_may_stop(&fit, &stop);
                        }
                }
        }
}

static void test_series__random_windows_stay_finite(void **state)
{
        struct source source = source_of(3);

        (void)state;
        for (size_t t = 0; t < 200; t++) {
                size_t count = (size_t)(next_uniform(&source) * 60);
                struct kt_fit fit;

                kt_series_init(&series);
                for (size_t i = 0; i < count; i++)
                        kt_series_add(&series,
                                      &(struct kt_window){ .begin_ns = (int64_t)(next_uniform(&source) * 9e18),
                                                           .length_ns = (int64_t)exp(43 * next_uniform(&source)),
                                                           .bytes = (uint64_t)exp(44 * next_uniform(&source)),
                                                           .ops = (uint64_t)exp(20 * next_uniform(&source)) - 1 });
                kt_fit_series(&series, 1.0, &fit);
                assert_all_sane(&fit);
        }
}

static void test_may_stop__rows(void **state)
{
        static const struct {
                struct level levels[3];
                size_t count;
                double cv;
                enum kt_stop_why why;
                const char *text;
        } rows[] = {
                { { { 50 * MB, 5 } }, 1, 0.01, KT_STOP_SHORT, "too few windows" },
                { { { 50 * MB, 15 } }, 1, 0.01, KT_STOP_HOLD, "not 20 s" },
                { { { 50 * MB, 22 } }, 1, 0.01, KT_STOP_PROVEN, "20 s of one rate" },
                { { { 50 * MB, 22 } }, 1, 0.2, KT_STOP_WIDE, "too noisy" },
                { { { 80 * MB, 20 }, { 20 * MB, 15 } }, 2, 0.01, KT_STOP_HOLD, "the knee is too near" },
                { { { 80 * MB, 20 }, { 20 * MB, 22 } }, 2, 0.01, KT_STOP_PROVEN, "held after the knee" },
                { { { 80 * MB, 60 }, { 20 * MB, 25 } }, 2, 0.01, KT_STOP_HOLD, "half the time before it" },
                { { { 80 * MB, 60 }, { 20 * MB, 32 } }, 2, 0.01, KT_STOP_PROVEN, "more than that" },
                { { { 20 * MB, 20 }, { 80 * MB, 30 } }, 2, 0.01, KT_STOP_UNSTEADY, "rising" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_stop stop;
                struct kt_fit fit;

                fill_levels(rows[i].levels, rows[i].count, &(struct noise){ .cv = rows[i].cv }, i);
                kt_fit_series(&series, 1.0, &fit);
                kt_fit_may_stop(&fit, &stop);
                assert_int_equal(stop.why, rows[i].why);
        }
}

static void test_bounds__what_a_later_drop_would_need(void **state)
{
        static const struct bucket flat = { 0, 50 * MB };
        static const struct bucket burst[] = { { 0, 80 * MB }, { 800 * MB, 20 * MB } };
        struct kt_fit_bound bounds[KT_FIT_BOUNDS];
        struct kt_fit fit;

        (void)state;
        fill_buckets(&series, &flat, 1, 40);
        kt_fit_series(&series, 1.0, &fit);
        kt_fit_usual_bounds(&fit, bounds);
        assert_near(bounds[0].later_rate, 25 * MB, 0.002);
        assert_near(bounds[0].bucket, 25 * MB * 40, 0.005);
        assert_near(bounds[1].later_rate, 12.5 * MB, 0.002);
        assert_near(bounds[1].bucket, 37.5 * MB * 40, 0.005);
        assert_true(kt_fit_bucket_bound(&fit, 60 * MB) == 0);

        fill_buckets(&series, burst, 2, 40);
        kt_fit_series(&series, 1.0, &fit);
        assert_near(kt_fit_bucket_bound(&fit, 10 * MB), (800 + 20 * 40 - 10 * 40) * MB, 0.002);
}

static void test_respend__tokens_that_came_back(void **state)
{
        static const struct bucket burst[] = { { 0, 80 * MB }, { 800 * MB, 20 * MB } };
        static const struct bucket flat = { 0, 50 * MB };
        struct kt_fit fit;

        (void)state;
        fill_buckets(&series, burst, 2, 40);
        kt_fit_series(&series, 1.0, &fit);
        assert_near(kt_fit_respend_seconds(&fit, 15), 5, 0.02);
        assert_near(kt_fit_respend_seconds(&fit, 1e6), 13.33, 0.02);
        assert_true(kt_fit_respend_seconds(&fit, -5) == 0);
        fill_buckets(&series, &flat, 1, 40);
        kt_fit_series(&series, 1.0, &fit);
        assert_true(kt_fit_respend_seconds(&fit, 15) == 0);
}

static void test_refill__rows(void **state)
{
        static const struct {
                double tokens; /* what the second burst finds */
                double idle_s;
                size_t seconds;
                bool told;
                double refill;
                double high;
                const char *why;
        } rows[] = {
                { 300 * MB, 15, 20, true, 20 * MB, 21 * MB, "partly full" },
                { 100 * MB, 5, 12, true, 20 * MB, 21 * MB, "a short pause" },
                { 800 * MB, 100, 40, true, 8 * MB, 80 * MB, "full again: only a lower bound" },
                { 800 * MB, 40, 10, false, 0, 0, "still bursting at the end" },
                { 300 * MB, 15, 4, false, 0, 0, "too short" },
                { 300 * MB, 0, 20, false, 0, 0, "no pause" },
        };
        static const struct bucket burst[] = { { 0, 80 * MB }, { 800 * MB, 20 * MB } };
        struct kt_fit fit;

        (void)state;
        fill_buckets(&series, burst, 2, 60);
        kt_fit_series(&series, 1.0, &fit);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct bucket again[] = { { 0, 80 * MB }, { rows[i].tokens, 20 * MB } };
                struct kt_interval refill = { 0 };

                fill_buckets(&series, again, 2, rows[i].seconds);
                assert_int_equal(kt_fit_refill(&fit, &series, rows[i].idle_s, &refill), rows[i].told);
                assert_near(refill.value, rows[i].refill, 0.03);
                assert_near(refill.high, rows[i].high, 0.05);
        }
}

static void test_refill__needs_a_first_burst(void **state)
{
        static const struct bucket flat = { 0, 50 * MB };
        struct kt_interval refill;
        struct kt_fit fit;

        (void)state;
        fill_buckets(&series, &flat, 1, 40);
        kt_fit_series(&series, 1.0, &fit);
        assert_false(kt_fit_refill(&fit, &series, 15, &refill));
}

static void test_names__every_value_has_one(void **state)
{
        (void)state;
        for (int i = 0; i < KT_FIT_SHAPE_COUNT_; i++)
                assert_non_null(kt_fit_shape_name((enum kt_fit_shape)i));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_series__bursts_of_throttled_volumes),
                cmocka_unit_test(test_series__two_buckets_in_a_row),
                cmocka_unit_test(test_series__constant),
                cmocka_unit_test(test_series__an_overshoot_of_the_first_second_counts_for_the_bucket_only),
                cmocka_unit_test(test_series__noisy_bursts),
                cmocka_unit_test(test_series__shapes),
                cmocka_unit_test(test_series__declines_are_sloping),
                cmocka_unit_test(test_series__a_slow_volume_is_judged_in_longer_windows),
                cmocka_unit_test(test_series__gaps_widen_the_bucket_downwards),
                cmocka_unit_test(test_series__nonsense_stays_finite),
                cmocka_unit_test(test_series__random_windows_stay_finite),
                cmocka_unit_test(test_may_stop__rows),
                cmocka_unit_test(test_bounds__what_a_later_drop_would_need),
                cmocka_unit_test(test_respend__tokens_that_came_back),
                cmocka_unit_test(test_refill__rows),
                cmocka_unit_test(test_refill__needs_a_first_burst),
                cmocka_unit_test(test_names__every_value_has_one),
        };

        return TEST_MAIN(tests);
}
