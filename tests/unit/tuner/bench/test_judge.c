/* SPDX-License-Identifier: Apache-2.0 */
/* From windows to rates, fits and the cap of the node. */
#include "tuner/bench/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

#define MB 1e6

static void drop(struct kt_disk_result **result)
{
        kt_disk_result_done(*result);
        free(*result);
}

static struct kt_disk_result *result_of(size_t volumes)
{
        struct kt_disk_result *result = calloc(1, sizeof(*result));

        assert_non_null(result);
        result->volume_count = volumes;
        for (size_t v = 0; v < volumes; v++)
                result->volumes[v].target.minor = (uint32_t)v;
        return result;
}

/* count windows of a second at rate, with a little that differs from one to the next. */
static void add(struct kt_disk_phase *phase, size_t count, double rate, bool is_read, bool is_ramp)
{
        phase->windows = realloc(phase->windows, (phase->window_count + count) * sizeof(*phase->windows));
        assert_non_null(phase->windows);
        for (size_t i = 0; i < count; i++) {
                const double bytes = rate * (1 + 0.004 * ((double)(i % 3) - 1));

                phase->windows[phase->window_count] = (struct kt_disk_window){
                        .begin_seconds = (double)phase->window_count,
                        .seconds = 1,
                        .write_bytes = is_read ? 0 : (uint64_t)bytes,
                        .read_bytes = is_read ? (uint64_t)bytes : 0,
                        .ops = 40,
                        .is_ramp = is_ramp,
                };
                phase->window_count++;
        }
        phase->depth = 4;
}

static void assert_sentence(const char *why)
{
        const size_t len = strlen(why);

        if (len == 0 || why[0] < 'A' || why[0] > 'Z' || why[len - 1] != '.')
                fail_msg("no sentence: '%s'", why);
}

static void test_rate__leaves_the_start_out(void **state)
{
        KT_AUTO(drop) struct kt_disk_result *result = result_of(1);
        struct kt_disk_phase *phase = &result->volumes[0].phases[KT_PHASE_READ];
        struct kt_series series;
        struct kt_disk_rate rate;

        (void)state;
        add(phase, 1, 90 * MB, true, false);
        add(phase, 6, 45 * MB, true, false);
        kt_judge_series(phase, true, &series);
        kt_judge_rate(&series, 1, &rate);
        assert_true(rate.is_known && fabs(rate.value - 45 * MB) < 0.1 * MB);
        assert_int_equal(rate.windows, 6);
        assert_true(rate.low < rate.value && rate.value < rate.high && rate.high - rate.low < 1 * MB);
        kt_judge_series(phase, false, &series);
        kt_judge_rate(&series, 1, &rate);
        assert_false(rate.is_known); /* nothing was written */
}

static void test_rate_behind__what_a_rest_gave_back(void **state)
{
        static const struct {
                double first; /* rates of the first window and of those behind it */
                double rest;
                double credit;
                double expect;
                bool is_high;
                const char *why;
        } rows[] = {
                { 48 * MB, 20 * MB, 0, 20 * MB, false, "no credit: only the start is left out" },
                { 48 * MB, 20 * MB, 20 * MB, 20 * MB, false, "spent in the first window" },
                { 48 * MB, 48 * MB, 40 * MB, 48 * MB, false, "spent, and still fast: reads have a limit of their own" },
                { 48 * MB, 48 * MB, 400 * MB, 48 * MB, true, "not spent in the time" },
                { 12 * MB, 12 * MB, 400 * MB, 12 * MB, false, "slower than the volume: nothing is spent" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(drop) struct kt_disk_result *result = result_of(1);
                struct kt_disk_phase *phase = &result->volumes[0].phases[KT_PHASE_CATCH_UP];
                struct kt_series series;
                struct kt_disk_rate rate;

                add(phase, 1, rows[i].first, true, false);
                add(phase, 4, rows[i].rest, true, false);
                kt_judge_series(phase, true, &series);
                if (kt_judge_rate_behind(&series, 1, rows[i].credit, 20 * MB, &rate) != rows[i].is_high ||
                    fabs(rate.value - rows[i].expect) > 0.01 * rows[i].expect)
                        fail_msg("%s: %.1f MB/s", rows[i].why, rate.value / MB);
        }
}

static void test_rate__one_window_bounds_nothing(void **state)
{
        KT_AUTO(drop) struct kt_disk_result *result = result_of(1);
        struct kt_disk_phase *phase = &result->volumes[0].phases[KT_PHASE_READ];
        struct kt_series series;
        struct kt_disk_rate rate;

        (void)state;
        add(phase, 1, 45 * MB, true, false);
        kt_judge_series(phase, true, &series);
        kt_judge_rate(&series, 1, &rate);
        assert_true(rate.is_known && isinf(rate.high));
        memset(&series, 0, sizeof(series));
        kt_judge_rate(&series, 1, &rate);
        assert_false(rate.is_known);
}

static void test_settle__only_slower_steps_of_the_ramp(void **state)
{
        KT_AUTO(drop) struct kt_disk_result *flat = result_of(1);
        KT_AUTO(drop) struct kt_disk_result *steep = result_of(1);
        struct kt_disk_phase *phase = &steep->volumes[0].phases[KT_PHASE_WRITE];

        (void)state;
        add(&flat->volumes[0].phases[KT_PHASE_WRITE], 4, 45 * MB, false, true);
        assert_true(kt_judge_settle(&flat->volumes[0].phases[KT_PHASE_WRITE]) == 1);
        add(phase, 2, 20 * MB, false, true);
        add(phase, 1, 40 * MB, false, true);
        add(phase, 1, 45 * MB, false, true);
        add(phase, 9, 45 * MB, false, false);
        assert_true(kt_judge_settle(phase) == 3);
}

static void test_write__proves_a_flat_volume(void **state)
{
        static const double early[KT_DISK_VOLUMES_MAX] = { 0 };
        KT_AUTO(drop) struct kt_disk_result *result = result_of(1);
        struct kt_disk_fit *fit = &result->volumes[0].fit;
        struct kt_fit sum;

        (void)state;
        add(&result->volumes[0].phases[KT_PHASE_WRITE], 10, 45 * MB, false, false);
        kt_judge_write(result, early, &sum);
        assert_false(fit->is_sustained);
        assert_false(kt_judge_may_stop(result));
        assert_sentence(fit->why);
        add(&result->volumes[0].phases[KT_PHASE_WRITE], 12, 45 * MB, false, false);
        kt_judge_write(result, early, &sum);
        assert_true(fit->is_sustained && fit->is_steady && !fit->has_knee);
        assert_true(kt_judge_may_stop(result));
        assert_true(result->node.is_sustained);
        assert_string_equal(fit->why, "");
        assert_true(fabs(fit->sustained.value - 45 * MB) < 0.2 * MB);
        assert_int_equal(fit->bound_count, 2);
        assert_true(fabs(fit->bounds[0].rate - 22.5 * MB) < 0.2 * MB);
}

static void test_write__finds_burst_and_bucket(void **state)
{
        static const double none[KT_DISK_VOLUMES_MAX] = { 0 };
        static const double early[KT_DISK_VOLUMES_MAX] = { 80 * MB };
        KT_AUTO(drop) struct kt_disk_result *result = result_of(1);
        struct kt_disk_fit *fit = &result->volumes[0].fit;
        struct kt_fit sum;

        (void)state;
        add(&result->volumes[0].phases[KT_PHASE_WRITE], 13, 80 * MB, false, false);
        add(&result->volumes[0].phases[KT_PHASE_WRITE], 22, 20 * MB, false, false);
        kt_judge_write(result, none, &sum);
        assert_true(fit->has_knee && fit->is_sustained);
        assert_true(fabs(fit->burst.value - 80 * MB) < 0.8 * MB);
        assert_true(fabs(fit->sustained.value - 20 * MB) < 0.2 * MB);
        assert_true(fabs(fit->bucket_bytes - 780 * MB) < 20 * MB);
        assert_true(fabs(fit->knee_seconds - 13) < 0.3);
        kt_judge_write(result, early,
                       &sum); /* a second at full rate was before: 60 of its 80 MB came from the bucket */
        assert_true(fabs(fit->bucket_bytes - 840 * MB) < 20 * MB);
}

static void fill_pair(struct kt_disk_result *result, double together, double alone)
{
        for (size_t v = 0; v < 2; v++) {
                add(&result->volumes[v].phases[KT_PHASE_WRITE], 24, together, false, false);
                add(&result->volumes[v].phases[KT_PHASE_SOLO], 8, alone, false, false);
                add(&result->volumes[v].phases[KT_PHASE_AGAIN], 8, together, false, false);
        }
}

static void test_caps__shared_none_and_the_same_disk(void **state)
{
        static const struct {
                double together;
                bool is_same_disk;
                enum kt_cap_verdict expect;
        } rows[] = {
                { 30 * MB, false, KT_CAP_SHARED },
                { 45 * MB, false, KT_CAP_NONE },
                { 30 * MB, true, KT_CAP_SAME_DEVICE },
        };
        static const double early[KT_DISK_VOLUMES_MAX] = { 0 };
        static const struct kt_judge_rests rests = { .solo = { 0 } };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(drop) struct kt_disk_result *result = result_of(2);
                struct kt_fit sum;

                fill_pair(result, rows[i].together, 45 * MB);
                if (rows[i].is_same_disk)
                        result->volumes[1].target.minor = 0;
                kt_judge_write(result, early, &sum);
                kt_judge_caps(result, &sum, &rests);
                assert_true(result->node.write.is_known);
                assert_int_equal(result->node.write.verdict, rows[i].expect);
                assert_true(fabs(result->node.write.together.value - 2 * rows[i].together) < 1 * MB);
                assert_false(result->node.read.is_known);
                assert_sentence(result->node.read.why);
        }
}

/* Windows of a second that scatter by so much to both sides. */
static void add_noisy(struct kt_disk_phase *phase, size_t count, double rate, double noise)
{
        const size_t from = phase->window_count;

        add(phase, count, rate, false, false);
        for (size_t i = from; i < phase->window_count; i++)
                phase->windows[i].write_bytes = (uint64_t)(rate * (i / 2 % 2 == 0 ? 1 + noise : 1 - noise));
}

static void test_caps__says_what_to_do(void **state)
{
        static const struct {
                double alone;
                double together; /* of each */
                double again;
                double noise;
                enum kt_disk_end end; /* of what was alone */
                enum kt_cap_verdict expect;
                const char *says;
                const char *next;
        } rows[] = {
                { 45, 45, 45, 0.15, KT_END_TIME, KT_CAP_UNCERTAIN, "100.0 % of what they get alone", "--time " },
                { 45, 45, 45, 0.15, KT_END_BYTES, KT_CAP_UNCERTAIN, "99 % sure: between", "--bytes" },
                { 45, 45, 45, 0.60, KT_END_TIME, KT_CAP_UNCERTAIN, "99 % sure: between", "Measure on a quiet node." },
                { 45, 45, 30, 0.01, KT_END_TIME, KT_CAP_CREDIT, "90.0 MB/s at first and 60.0 MB/s at the end",
                  "--time " },
                { 45, 45, 40, 0.08, KT_END_TIME, KT_CAP_UNCERTAIN, "at first and 80.0 MB/s at the end", "--time " },
                { 45, 45, 0, 0.01, KT_END_TIME, KT_CAP_UNCERTAIN, "Too few seconds", "--time" },
        };
        static const struct kt_judge_rests rests = { .solo = { 0 } };
        static const double early[KT_DISK_VOLUMES_MAX] = { 0 };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(drop) struct kt_disk_result *result = result_of(2);
                struct kt_disk_cap *cap = &result->node.write;
                struct kt_fit sum;

                for (size_t v = 0; v < 2; v++) {
                        struct kt_disk_phase *phases = result->volumes[v].phases;

                        add_noisy(&phases[KT_PHASE_WRITE], 25, rows[i].together * MB, rows[i].noise);
                        add_noisy(&phases[KT_PHASE_SOLO], 9, rows[i].alone * MB, rows[i].noise);
                        add_noisy(&phases[KT_PHASE_AGAIN], 9, rows[i].again * MB, rows[i].noise);
                        phases[KT_PHASE_SOLO].end = rows[i].end;
                }
                kt_judge_write(result, early, &sum);
                kt_judge_caps(result, &sum, &rests);
                assert_sentence(cap->why);
                assert_true(strlen(cap->why) < sizeof(cap->why) - 1);
                if (cap->verdict != rows[i].expect || !strstr(cap->why, rows[i].says) ||
                    !strstr(cap->why, rows[i].next))
                        fail_msg("%zu, %s: %s", i, kt_cap_verdict_name(cap->verdict), cap->why);
        }
}

static void test_caps__one_volume_says_why_not(void **state)
{
        static const struct kt_judge_rests rests = { .solo = { 0 } };
        KT_AUTO(drop) struct kt_disk_result *result = result_of(1);
        struct kt_fit sum;

        (void)state;
        memset(&sum, 0, sizeof(sum));
        kt_judge_caps(result, &sum, &rests);
        assert_false(result->node.write.is_known);
        assert_non_null(strstr(result->node.write.why, "several paths"));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rate__leaves_the_start_out),
                cmocka_unit_test(test_rate_behind__what_a_rest_gave_back),
                cmocka_unit_test(test_rate__one_window_bounds_nothing),
                cmocka_unit_test(test_settle__only_slower_steps_of_the_ramp),
                cmocka_unit_test(test_write__proves_a_flat_volume),
                cmocka_unit_test(test_write__finds_burst_and_bucket),
                cmocka_unit_test(test_caps__shared_none_and_the_same_disk),
                cmocka_unit_test(test_caps__says_what_to_do),
                cmocka_unit_test(test_caps__one_volume_says_why_not),
        };

        return TEST_MAIN(tests);
}
