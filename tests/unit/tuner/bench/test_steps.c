/* SPDX-License-Identifier: Apache-2.0 */
/* The detector against noise: how often it sees a step that is not there, and how often it misses one that is. */
#include "tests/unit/support.h"

#include "tests/unit/tuner/bench/noise.h"
#include "tuner/bench/steps.h"

enum {
        WINDOWS = 120,
        STEP_AT = 40,
        NEAR = 5,
};

static const struct noise calm = { .cv = 0.03 };
static const struct noise usual = { .cv = 0.10 };
static const struct noise wandering = { .cv = 0.10, .r = 0.3 };
static const struct noise drifting = { .cv = 0.10, .r = 0.5 };
static const struct noise dipping = { .cv = 0.10, .dips = true };
static const struct noise spiky = { .cv = 0.10, .r = 0.3, .outliers = true };
static const struct noise nasty = { .cv = 0.10, .r = 0.5, .dips = true, .outliers = true };
static const struct noise rough = { .cv = 0.20 };
static const struct noise rough_spiky = { .cv = 0.20, .r = 0.3, .outliers = true };

static void find_in_noise(const struct noise *noise, double first, double last, bool slope, size_t seed,
                          struct kt_steps *ret)
{
        struct source source = source_of(seed);
        double rates[WINDOWS];

        for (size_t i = 0; i < WINDOWS; i++) {
                double rate = i < STEP_AT ? first : last;

                if (slope)
                        rate = first + (last - first) * (double)i / (WINDOWS - 1);
                rates[i] = rate * next_share(&source, noise, i);
        }
        kt_steps_find(rates, WINDOWS, 0, ret);
}

static bool is_step(const struct kt_steps *steps)
{
        return steps->count == 2 && !steps->sloping && steps->ends[0] >= STEP_AT - NEAR &&
               steps->ends[0] <= STEP_AT + NEAR;
}

static void test_find__false_alarms(void **state)
{
        static const struct noise *const kinds[] = { &calm,  &usual, &wandering, &drifting,   &dipping,
                                                     &spiky, &nasty, &rough,     &rough_spiky };
        size_t trials = trials_of(40);
        size_t all = 0;

        (void)state;
        for (size_t k = 0; k < KT_COUNT(kinds); k++) {
                size_t alarms = 0;

                for (size_t t = 0; t < trials; t++) {
                        struct kt_steps steps;

                        find_in_noise(kinds[k], 100 * MB, 100 * MB, false, 1 + k * 1000000 + t, &steps);
                        alarms += steps.count > 1 || steps.sloping;
                }
                SHOW("cv %.2f r %.1f%s%s: %.1f %% false alarms\n", kinds[k]->cv, kinds[k]->r,
                     kinds[k]->dips ? " dips" : "", kinds[k]->outliers ? " outliers" : "",
                     100 * (double)alarms / (double)trials);
                assert_true((double)alarms <= (double)trials * (0.01 + scatter_of(0.01, trials)));
                all += alarms;
        }
        assert_true((double)all <= 0.01 * (double)(trials * KT_COUNT(kinds)));
}

/* The shares are those of a thousand trials, less one or two per cent. */
static void test_find__sees_steps(void **state)
{
        static const struct {
                const struct noise *noise;
                double ratio;
                double at_least;
        } rows[] = {
                { &calm, 1.15, 0.99 },  { &usual, 1.15, 0.84 },       { &drifting, 1.15, 0.34 }, { &usual, 1.33, 0.99 },
                { &spiky, 1.33, 0.98 }, { &rough_spiky, 1.33, 0.49 }, { &spiky, 2, 0.99 },       { &nasty, 2, 0.99 },
                { &rough, 2, 0.99 },    { &rough_spiky, 2, 0.985 },   { &spiky, 4, 0.99 },       { &nasty, 4, 0.99 },
        };
        size_t trials = trials_of(25);

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                size_t seen = 0;

                for (size_t t = 0; t < trials; t++) {
                        struct kt_steps steps;

                        find_in_noise(rows[i].noise, rows[i].ratio * 100 * MB, 100 * MB, false, 7 + i * 1000000 + t,
                                      &steps);
                        seen += is_step(&steps);
                }
                SHOW("P/R %.2f cv %.2f r %.1f%s%s: %.1f %% detected\n", rows[i].ratio, rows[i].noise->cv,
                     rows[i].noise->r, rows[i].noise->dips ? " dips" : "", rows[i].noise->outliers ? " outliers" : "",
                     100 * (double)seen / (double)trials);
                assert_true((double)seen >= (double)trials * (rows[i].at_least - scatter_of(rows[i].at_least, trials)));
        }
}

static void test_find__a_decline_is_no_step(void **state)
{
        static const struct {
                const struct noise *noise;
                double last;
                double at_least;
        } rows[] = {
                { &calm, 80 * MB, 0.99 },
                { &calm, 50 * MB, 0.99 },
                { &usual, 60 * MB, 0.98 },
                { &spiky, 50 * MB, 0.97 },
        };
        size_t trials = trials_of(20);

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                size_t seen = 0;

                for (size_t t = 0; t < trials; t++) {
                        struct kt_steps steps;

                        find_in_noise(rows[i].noise, 100 * MB, rows[i].last, true, 11 + i * 1000000 + t, &steps);
                        seen += steps.sloping || steps.count > 3;
                }
                SHOW("decline to %.0f %% cv %.2f: %.1f %% told\n", rows[i].last / MB, rows[i].noise->cv,
                     100 * (double)seen / (double)trials);
                assert_true((double)seen >= (double)trials * (rows[i].at_least - scatter_of(rows[i].at_least, trials)));
        }
}

static void test_find__measures_the_noise(void **state)
{
        double noise = 0;
        double correlation = 0;

        (void)state;
        for (size_t t = 0; t < 40; t++) {
                struct kt_steps steps;

                find_in_noise(&drifting, 200 * MB, 100 * MB, false, t, &steps);
                noise += steps.noise / 40;
                correlation += steps.correlation / 40;
        }
        assert_true(noise > 0.08 && noise < 0.12);
        assert_true(correlation > 0.3 && correlation < 0.6);
}

static void test_find__few_rates(void **state)
{
        static const double rates[2 * KT_STEPS_MIN_WINDOWS] = { 9, 9, 9, 9, 9, 1, 1, 1, 1, 1 };

        (void)state;
        for (size_t count = 0; count <= KT_COUNT(rates); count++) {
                struct kt_steps steps;

                kt_steps_find(rates, count, 0, &steps);
                assert_int_equal(steps.count, count == 0 ? 0 : count == KT_COUNT(rates) ? 2 : 1);
                if (count > 0)
                        assert_int_equal(steps.ends[steps.count - 1], count);
        }
}

static void test_find__extreme_rates_stay_finite(void **state)
{
        static const double levels[][2] = { { 0, 0 }, { 1e19, 1e19 }, { 1e19, 0 }, { 0, 1e19 }, { 1e-9, 1e-9 } };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(levels); i++) {
                double rates[60];
                struct kt_steps steps;

                for (size_t k = 0; k < 60; k++)
                        rates[k] = levels[i][k / 30];
                kt_steps_find(rates, 60, 0, &steps);
                assert_int_equal(steps.count, levels[i][0] == levels[i][1] ? 1 : 2);
                assert_true(isfinite(steps.noise) && isfinite(steps.correlation));
        }
}

static void test_find__as_many_as_a_series_holds(void **state)
{
        static double rates[KT_SERIES_MAX];
        struct kt_steps steps;

        (void)state;
        for (size_t i = 0; i < KT_SERIES_MAX; i++)
                rates[i] = i / KT_STEPS_MIN_WINDOWS % 2 == 0 ? 100 * MB : 50 * MB;
        kt_steps_find(rates, KT_SERIES_MAX, 0, &steps);
        assert_true(steps.count <= KT_STEPS_MAX);
        assert_int_equal(steps.ends[steps.count - 1], KT_SERIES_MAX);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find__false_alarms),
                cmocka_unit_test(test_find__sees_steps),
                cmocka_unit_test(test_find__a_decline_is_no_step),
                cmocka_unit_test(test_find__measures_the_noise),
                cmocka_unit_test(test_find__few_rates),
                cmocka_unit_test(test_find__extreme_rates_stay_finite),
                cmocka_unit_test(test_find__as_many_as_a_series_holds),
        };

        return TEST_MAIN(tests);
}
