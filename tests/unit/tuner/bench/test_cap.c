/* SPDX-License-Identifier: Apache-2.0 */
/* The node cap: who is blamed, and how often noise makes or hides a cap, with phases that grow as they would. */
#include "tests/unit/support.h"

#include "tests/unit/tuner/bench/noise.h"
#include "tuner/bench/cap.h"

enum {
        VOLUMES = 4,
        FIRST_LOOK = 8,
        LAST_LOOK = 30,
};

static struct kt_series solo[VOLUMES];
static struct kt_series first;
static struct kt_series last;
static const struct kt_series *const solos[VOLUMES] = { &solo[0], &solo[1], &solo[2], &solo[3] };

static void fill(struct kt_series *series, double rate, size_t seconds)
{
        kt_series_init(series);
        for (size_t i = 0; i < seconds; i++)
                add_second(series, rate * (i % 2 == 0 ? 1.005 : 0.995));
}

static void judge(size_t volumes, const struct kt_cap_confounders *confounders, struct kt_cap *ret)
{
        struct kt_cap_input input = {
                .solo = solos,
                .volumes = volumes,
                .together_first = &first,
                .together_last = &last,
                .confounders = *confounders,
        };

        kt_cap_judge(&input, ret);
        assert_true(isfinite(ret->rho.value) && isfinite(ret->rho.low) && isfinite(ret->rho.high));
        assert_true(ret->rho.low <= ret->rho.value && ret->rho.value <= ret->rho.high);
        assert_true(ret->verdict == KT_CAP_UNCERTAIN || ret->more_windows == 0);
        assert_true((ret->cap > 0) == (ret->verdict == KT_CAP_SHARED));
}

static void test_judge__verdicts(void **state)
{
        static const struct {
                double together;
                double after;
                struct kt_cap_confounders confounders;
                enum kt_cap_verdict verdict;
                const char *why;
        } rows[] = {
                { 60, 60, { 0 }, KT_CAP_SHARED, "two of 45 under 60" },
                { 90, 90, { 0 }, KT_CAP_NONE, "all that the sum promises" },
                { 88, 88, { 0 }, KT_CAP_NONE, "two per cent are lost to sharing a CPU" },
                { 92, 92, { 0 }, KT_CAP_NONE, "more than the sum" },
                { 85.3, 85.3, { 0 }, KT_CAP_UNCERTAIN, "at the limit" },
                { 60, 30, { 0 }, KT_CAP_CREDIT, "a bucket drained in between" },
                { 60, 90, { 0 }, KT_CAP_CREDIT, "or filled up" },
                { 60, 58, { 0 }, KT_CAP_SHARED, "3 % apart agree" },
                { 60, 60, { .same_device = true }, KT_CAP_SAME_DEVICE, "one device" },
                { 90, 90, { .same_device = true }, KT_CAP_SAME_DEVICE, "one device, whatever it does" },
                { 60, 60, { .cpu_throttled = true }, KT_CAP_OWN_CPU, "our cgroup was throttled" },
                { 60, 60, { .cpu_busy = 0.85 }, KT_CAP_OWN_CPU, "no CPU left" },
                { 90, 90, { .cpu_throttled = true, .cpu_busy = 1 }, KT_CAP_NONE, "busy, but nothing is missing" },
                { 60, 60, { .other_share = 0.06 }, KT_CAP_OTHER_TRAFFIC, "others wrote" },
                { 60, 60, { .other_share = 0.04, .cpu_busy = 0.7 }, KT_CAP_SHARED, "too little to matter" },
                { 90, 90, { .other_share = 0.5 }, KT_CAP_NONE, "others wrote, but nothing is missing" },
                { 60, 60, { .cpu_throttled = true, .other_share = 1 }, KT_CAP_OWN_CPU, "our own fault first" },
        };

        (void)state;
        fill(&solo[0], 45 * MB, FIRST_LOOK);
        fill(&solo[1], 45 * MB, FIRST_LOOK);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_cap cap;

                fill(&first, rows[i].together * MB, FIRST_LOOK);
                fill(&last, rows[i].after * MB, FIRST_LOOK);
                judge(2, &rows[i].confounders, &cap);
                assert_int_equal(cap.verdict, rows[i].verdict);
                assert_true(fabs(cap.sum.value - 90 * MB) < 0.1 * MB);
                assert_true(fabs(cap.first - rows[i].together * MB) < 0.1 * MB);
                assert_true(fabs(cap.last - rows[i].after * MB) < 0.1 * MB);
                if (cap.verdict == KT_CAP_SHARED)
                        assert_true(fabs(cap.cap - (rows[i].together + rows[i].after) / 2 * MB) < 0.1 * MB);
        }
}

static void test_judge__what_cannot_be_told(void **state)
{
        static const struct {
                size_t volumes;
                size_t seconds;
                size_t after;
                double rate;
                size_t more;
                const char *why;
        } rows[] = {
                { 1, 8, 8, 45 * MB, 0, "one volume" }, { 0, 8, 8, 45 * MB, 0, "none" },
                { 2, 0, 8, 45 * MB, 0, "no windows" }, { 2, 8, 0, 45 * MB, 0, "the second phase together is missing" },
                { 2, 8, 8, 0, 0, "nothing moved" },    { 2, 3, 3, 45 * MB, 2, "too few windows" },
                { 2, 1, 1, 45 * MB, 4, "one window" }, { 2, 8, 2, 45 * MB, 3, "the second phase has just begun" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_cap cap;

                fill(&solo[0], rows[i].rate, rows[i].seconds);
                fill(&solo[1], rows[i].rate, rows[i].seconds);
                fill(&first, rows[i].rate, rows[i].seconds);
                fill(&last, rows[i].rate, rows[i].after);
                judge(rows[i].volumes, &(struct kt_cap_confounders){ 0 }, &cap);
                assert_int_equal(cap.verdict, KT_CAP_UNCERTAIN);
                assert_int_equal(cap.more_windows, rows[i].more);
        }
}

static void test_judge__no_second_phase_at_all(void **state)
{
        struct kt_cap_input input = { .solo = solos, .volumes = 2, .together_first = &first };
        struct kt_cap cap;

        (void)state;
        fill(&solo[0], 45 * MB, 8);
        fill(&solo[1], 45 * MB, 8);
        fill(&first, 60 * MB, 8);
        kt_cap_judge(&input, &cap);
        assert_int_equal(cap.verdict, KT_CAP_UNCERTAIN);
        assert_true(fabs(cap.rho.value - 2.0 / 3) < 0.01);
}

static void test_judge__whole_ios_do_not_bend_the_cap(void **state)
{
        static const struct bucket each = { 0, 45.6 * MB };
        static const struct bucket both = { 0, 60.8 * MB };
        struct kt_cap cap;

        (void)state;
        fill_buckets(&solo[0], &each, 1, 8);
        fill_buckets(&solo[1], &each, 1, 8);
        fill_buckets(&first, &both, 1, 8);
        fill_buckets(&last, &both, 1, 8);
        judge(2, &(struct kt_cap_confounders){ 0 }, &cap);
        assert_int_equal(cap.verdict, KT_CAP_SHARED);
        assert_true(fabs(cap.cap - 60.8 * MB) < 0.01 * 60.8 * MB);
        assert_true(cap.rho.low < 60.8 / 91.2 && 60.8 / 91.2 < cap.rho.high);
}

static void test_judge__huge_numbers(void **state)
{
        struct kt_cap cap;

        (void)state;
        fill(&solo[0], 1.5e19, 8);
        fill(&solo[1], 1 * MB, 8);
        fill(&first, 1.5e19, 8);
        fill(&last, 1.5e19, 8);
        judge(2, &(struct kt_cap_confounders){ 0 }, &cap);
        assert_int_equal(cap.verdict, KT_CAP_NONE);
}

static void extend(struct kt_series *series, double rate, size_t seconds, const struct noise *noise,
                   struct source *source)
{
        while (series->count < seconds)
                add_second(series, rate * next_share(source, noise, series->count));
}

/* One measurement of `volumes` volumes of 100 MB/s: eight windows at first, then as many as the judgement asks for. */
static enum kt_cap_verdict measure(size_t volumes, double rho, const struct noise *noise, size_t seed)
{
        struct source sources[VOLUMES + 2];
        struct kt_cap cap = { .more_windows = FIRST_LOOK };
        size_t seconds = 0;

        for (size_t i = 0; i < VOLUMES; i++)
                kt_series_init(&solo[i]);
        for (size_t i = 0; i < VOLUMES + 2; i++)
                sources[i] = source_of(seed * (VOLUMES + 2) + i);
        kt_series_init(&first);
        kt_series_init(&last);
        while (cap.more_windows > 0 && seconds < LAST_LOOK) {
                seconds = seconds + cap.more_windows < LAST_LOOK ? seconds + cap.more_windows : LAST_LOOK;
                for (size_t i = 0; i < volumes; i++)
                        extend(&solo[i], 100 * MB, seconds, noise, &sources[i]);
                extend(&first, rho * (double)volumes * 100 * MB, seconds, noise, &sources[VOLUMES]);
                extend(&last, rho * (double)volumes * 100 * MB, seconds, noise, &sources[VOLUMES + 1]);
                judge(volumes, &(struct kt_cap_confounders){ 0 }, &cap);
        }
        return cap.verdict;
}

static void test_judge__false_caps(void **state)
{
        static const struct noise kinds[] = {
                { .cv = 0.01 },
                { .cv = 0.03 },
                { .cv = 0.05 },
                { .cv = 0.05, .r = 0.3, .outliers = true },
                { .cv = 0.10 },
                { .cv = 0.10, .r = 0.3, .dips = true, .outliers = true },
                { .cv = 0.10, .r = 0.5 },
                { .cv = 0.20 },
                { .cv = 0.20, .r = 0.3, .outliers = true },
        };
        size_t trials = trials_of(300);

        (void)state;
        for (size_t volumes = 2; volumes <= VOLUMES; volumes += 2) {
                for (size_t k = 0; k < KT_COUNT(kinds); k++) {
                        size_t seen[KT_CAP_VERDICT_COUNT_] = { 0 };

                        for (size_t t = 0; t < trials; t++)
                                seen[measure(volumes, 1, &kinds[k], 1 + k * 1000000 + t)]++;
                        SHOW("%zu volumes, no cap, cv %.2f r %.1f: shared %zu none %zu credit %zu not certain %zu\n",
                             volumes, kinds[k].cv, kinds[k].r, seen[KT_CAP_SHARED], seen[KT_CAP_NONE],
                             seen[KT_CAP_CREDIT], seen[KT_CAP_UNCERTAIN]);
                        assert_true((double)seen[KT_CAP_SHARED] <= (0.01 + scatter_of(0.01, trials)) * (double)trials);
                }
        }
}

/* What eight to thirty windows can do: the verdict needs the upper bound below 0.95, so that a cap of 0.90 is out of
 * reach from a noise of 10 % on, and is then called not certain. */
static void test_judge__sees_caps(void **state)
{
        static const struct {
                double cv;
                double rho;
                double at_least;
        } rows[] = {
                { 0.01, 0.90, 0.99 }, { 0.03, 0.90, 0.99 }, { 0.03, 0.67, 0.99 }, { 0.05, 0.90, 0.98 },
                { 0.05, 0.80, 0.98 }, { 0.05, 0.67, 0.98 }, { 0.10, 0.80, 0.98 }, { 0.10, 0.67, 0.98 },
                { 0.20, 0.80, 0.95 }, { 0.20, 0.67, 0.98 }, { 0.10, 0.90, 0.62 },
        };
        size_t trials = trials_of(300);

        (void)state;
        for (size_t volumes = 2; volumes <= VOLUMES; volumes += 2) {
                for (size_t i = 0; i < KT_COUNT(rows); i++) {
                        struct noise noise = { .cv = rows[i].cv };
                        size_t seen[KT_CAP_VERDICT_COUNT_] = { 0 };

                        for (size_t t = 0; t < trials; t++)
                                seen[measure(volumes, rows[i].rho, &noise, 3 + i * 1000000 + t)]++;
                        SHOW("%zu volumes, rho %.2f, cv %.2f: shared %zu none %zu credit %zu not certain %zu\n",
                             volumes, rows[i].rho, rows[i].cv, seen[KT_CAP_SHARED], seen[KT_CAP_NONE],
                             seen[KT_CAP_CREDIT], seen[KT_CAP_UNCERTAIN]);
                        assert_true((double)seen[KT_CAP_SHARED] >=
                                    (rows[i].at_least - scatter_of(rows[i].at_least, trials)) * (double)trials);
                }
        }
}

static void test_name__every_verdict_has_one(void **state)
{
        (void)state;
        for (int i = 0; i < KT_CAP_VERDICT_COUNT_; i++)
                assert_non_null(kt_cap_verdict_name((enum kt_cap_verdict)i));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_judge__verdicts),
                cmocka_unit_test(test_judge__what_cannot_be_told),
                cmocka_unit_test(test_judge__no_second_phase_at_all),
                cmocka_unit_test(test_judge__whole_ios_do_not_bend_the_cap),
                cmocka_unit_test(test_judge__huge_numbers),
                cmocka_unit_test(test_judge__false_caps),
                cmocka_unit_test(test_judge__sees_caps),
                cmocka_unit_test(test_name__every_verdict_has_one),
        };

        return TEST_MAIN(tests);
}
