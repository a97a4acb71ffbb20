/* SPDX-License-Identifier: Apache-2.0 */
/* Time and bytes, shared out. */
#include "tuner/bench/plan.h"

#include "tests/unit/support.h"

static double planned(const struct kt_disk_plan *plan, size_t volumes)
{
        double sum = 0;

        for (size_t p = 0; p < KT_PHASE_COUNT_; p++)
                sum += plan->phases[p].seconds * (kt_disk_phase_rows[p].is_each ? (double)volumes : 1);
        return sum;
}

static void test_rows__stand_at_their_own_id(void **state)
{
        (void)state;
        for (size_t p = 0; p < KT_PHASE_COUNT_; p++) {
                assert_int_equal(kt_disk_phase_rows[p].id, p);
                assert_true(kt_disk_phase_rows[p].writes || kt_disk_phase_rows[p].reads);
                assert_true(!kt_disk_phase_rows[p].writes || kt_disk_phase_rows[p].byte_weight > 0);
        }
}

static void test_make__fits_the_time(void **state)
{
        static const struct {
                size_t volumes;
                double seconds;
                double write_least; /* what proving a burst of 13 s or a flat volume takes */
        } rows[] = { { 1, 60, 35 }, { 2, 90, 34 }, { 4, 150, 35 },   { 16, 510, 36 },
                     { 1, 10, 4 },  { 2, 20, 8 },  { 1, 3600, 3500 } };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_disk_plan plan;

                kt_disk_plan_make(rows[i].volumes, rows[i].seconds, &plan);
                assert_true(planned(&plan, rows[i].volumes) <= rows[i].seconds);
                assert_true(plan.phases[KT_PHASE_WRITE].seconds >= rows[i].write_least);
        }
}

/* What a cap is told from grows with the time that is asked for, as far as that helps. */
static void test_seconds_for__a_phase_of_that_length(void **state)
{
        static const double lengths[] = { 3, 6, 12, 29.5, 30 };

        (void)state;
        for (size_t volumes = 2; volumes <= KT_DISK_VOLUMES_MAX; volumes++) {
                for (size_t i = 0; i < KT_COUNT(lengths); i++) {
                        const double seconds = kt_disk_plan_seconds_for(volumes, lengths[i]);
                        struct kt_disk_plan plan;

                        kt_disk_plan_make(volumes, seconds, &plan);
                        assert_true(seconds >= kt_disk_plan_usual_seconds(volumes));
                        assert_true(plan.phases[KT_PHASE_SOLO].seconds > lengths[i] - 0.001);
                        assert_true(plan.phases[KT_PHASE_AGAIN].seconds > lengths[i] - 0.001);
                        assert_true(plan.phases[KT_PHASE_READ_SOLO].seconds > lengths[i] - 0.001);
                        assert_true(planned(&plan, volumes) <= seconds);
                        assert_true(plan.phases[KT_PHASE_WRITE].seconds >= 0.4 * seconds);
                }
                assert_true(kt_disk_plan_seconds_for(volumes, 31) == 0);
        }
}

static void test_make__says_why_a_phase_is_left_out(void **state)
{
        struct kt_disk_plan plan;

        (void)state;
        kt_disk_plan_make(1, 60, &plan);
        assert_string_equal(plan.phases[KT_PHASE_SOLO].why, "There is one volume only.");
        kt_disk_plan_make(2, 90, &plan);
        assert_null(plan.phases[KT_PHASE_SOLO].why);
        for (size_t p = 0; p < KT_PHASE_COUNT_; p++)
                assert_true((plan.phases[p].seconds > 0) == (plan.phases[p].why == NULL));
}

static void test_make__shares_all_bytes_and_no_more(void **state)
{
        struct kt_disk_plan plan;
        double left = 1;

        (void)state;
        kt_disk_plan_make(2, 90, &plan);
        for (size_t p = 0; p < KT_PHASE_COUNT_; p++) {
                assert_true(plan.phases[p].byte_share >= 0 && plan.phases[p].byte_share <= 1);
                left -= left * plan.phases[p].byte_share;
        }
        assert_true(left >= 0 && left < 0.01);
}

static void test_bytes__a_tenth_at_most(void **state)
{
        (void)state;
        assert_int_equal(kt_disk_plan_bytes(1000, 0), 100);
        assert_int_equal(kt_disk_plan_bytes(UINT64_C(1) << 40, 0), UINT64_C(16) << 30);
        assert_int_equal(kt_disk_plan_bytes(1000, 777), 777);
}

static void test_block__follows_rate_and_partitions(void **state)
{
        static const struct {
                double rate;
                uint64_t partitions;
                uint64_t max_sectors_kib;
                uint32_t expect;
        } rows[] = {
                { 60e6, 0, 1280, 1 << 20 },     /* no partitions: large */
                { 60e6, 1000, 1280, 1 << 20 },  /* 1.8 MB each */
                { 60e6, 10000, 1280, 176128 },  /* 180 kB each, down to pages */
                { 60e6, 1000, 512, 512 << 10 }, /* the disk takes less at once */
                { 60e6, 1000000, 1280, 4096 },  /* not below a page */
                { 0, 1000, 0, 4096 },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_disk_plan_block(rows[i].rate, rows[i].partitions, rows[i].max_sectors_kib),
                                 rows[i].expect);
}

static void test_windows__grow_with_the_noise(void **state)
{
        (void)state;
        assert_true(kt_disk_plan_windows(0.05, 0) > 5 && kt_disk_plan_windows(0.05, 0) < 6);
        assert_true(kt_disk_plan_windows(0.10, 0) > 21 && kt_disk_plan_windows(0.10, 0) < 22);
        assert_true(kt_disk_plan_windows(0.10, 0.5) > 3 * kt_disk_plan_windows(0.10, 0) - 1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows__stand_at_their_own_id),
                cmocka_unit_test(test_make__fits_the_time),
                cmocka_unit_test(test_seconds_for__a_phase_of_that_length),
                cmocka_unit_test(test_make__says_why_a_phase_is_left_out),
                cmocka_unit_test(test_make__shares_all_bytes_and_no_more),
                cmocka_unit_test(test_bytes__a_tenth_at_most),
                cmocka_unit_test(test_block__follows_rate_and_partitions),
                cmocka_unit_test(test_windows__grow_with_the_noise),
        };

        return TEST_MAIN(tests);
}
