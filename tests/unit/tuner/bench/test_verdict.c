/* SPDX-License-Identifier: Apache-2.0 */
/* What rates mean for Kafka, and the exit code. */
#include "tuner/bench/verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

#define MB 1e6

static struct kt_disk_rate rate_of(double value)
{
        return (struct kt_disk_rate){ .is_known = true, .value = value, .low = value, .high = value };
}

/* Volumes of 45 MB/s each, proven. */
static struct kt_disk_result *result_of(size_t volumes)
{
        struct kt_disk_result *result = calloc(1, sizeof(*result));

        assert_non_null(result);
        result->volume_count = volumes;
        for (size_t v = 0; v < volumes; v++) {
                result->volumes[v].fit.sustained = rate_of(45 * MB);
                result->volumes[v].fit.is_sustained = true;
        }
        result->node.dirty_limit_bytes = 450000000;
        return result;
}

/* A node that gives two of them 60 together. */
static struct kt_disk_result *capped(void)
{
        struct kt_disk_result *result = result_of(2);

        for (size_t v = 0; v < 2; v++) {
                result->volumes[v].fit.sustained = rate_of(30 * MB);
                result->volumes[v].fit.is_sustained = false; /* shares may wander */
                result->volumes[v].phases[KT_PHASE_SOLO].write = rate_of(45 * MB);
        }
        result->node.write =
                (struct kt_disk_cap){ .is_known = true, .verdict = KT_CAP_SHARED, .together = rate_of(60 * MB) };
        result->node.is_sustained = true;
        return result;
}

static void test_make__one_volume(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
        char setting[KT_VERDICT_SETTING_MAX];
        const struct kt_verdict_inputs inputs = { .buffer_seconds = 30 };

        (void)state;
        kt_verdict_make(&inputs, result);
        assert_int_equal(result->exit_code, 0);
        assert_true(result->verdict.broker_rate == 36 * MB);
        assert_true(result->verdict.memory_bytes == (uint64_t)(36 * MB * 30));
        assert_int_equal(result->verdict.brokers, 1);
        assert_true(result->verdict.worst_stall_seconds == 10);
        assert_true(result->verdict.sustained_rate == 45 * MB);
        assert_string_equal(kt_verdict_setting(result, setting), "storage.sustainedRate: 45.0M");
        assert_int_equal(result->verdict.dirty_bytes, 214 << 20);
        assert_int_equal(result->verdict.dirty_background_bytes, 42 << 20);
        assert_int_equal(result->volumes[0].good_partitions, 5149);
}

static void test_make__a_shared_cap_bounds_the_brokers(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = capped();
        struct kt_verdict_inputs inputs = { .buffer_seconds = 30 };

        (void)state;
        kt_verdict_make(&inputs, result);
        assert_int_equal(result->exit_code, 0);
        assert_true(kt_verdict_alone(result, 0)->value == 45 * MB);
        assert_true(result->verdict.node_rate == 48 * MB);
        assert_true(result->volumes[1].produce_rate == 36 * MB);
        assert_int_equal(result->verdict.brokers, 1);
        inputs.broker_rate = 16 * MB;
        kt_verdict_make(&inputs, result);
        assert_int_equal(result->verdict.brokers, 3);
        assert_true(result->verdict.is_rate_given);
}

static void test_make__volumes_without_a_cap_add_up(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(4);
        const struct kt_verdict_inputs inputs = { .buffer_seconds = 30 };

        (void)state;
        kt_verdict_make(&inputs, result);
        assert_true(result->verdict.node_rate == 144 * MB);
        assert_int_equal(result->verdict.brokers, 4);
}

static void test_make__a_stall_counts_when_the_phase_was_whole(void **state)
{
        static const struct {
                enum kt_disk_end end;
                double expect;
        } rows[] = { { KT_END_TIME, 2 }, { KT_END_BYTES, 0 }, { KT_END_ERROR, 0 }, { KT_END_SIGNAL, 0 } };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
                const struct kt_verdict_inputs inputs = { .buffer_seconds = 30 };
                struct kt_disk_phase *phase = &result->volumes[0].phases[KT_PHASE_STALL];

                phase->end = rows[i].end;
                phase->write_latency = (struct kt_disk_latency){ .count = 9, .most_ns = 2000000000 };
                kt_verdict_make(&inputs, result);
                assert_true(result->verdict.measured_stall_seconds == rows[i].expect);
        }
}

static void test_make__promises_nothing_unproven(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(2);
        const struct kt_verdict_inputs inputs = { .buffer_seconds = 30 };

        (void)state;
        result->volumes[1].fit.is_sustained = false;
        kt_verdict_make(&inputs, result);
        assert_int_equal(result->exit_code, 6);
        assert_true(result->verdict.node_rate == 0 && result->verdict.memory_bytes == 0);
        assert_true(result->volumes[0].produce_rate == 0);
}

static void test_make__exit_codes(void **state)
{
        static const struct {
                int signal;
                int error; /* of the volume, */
                int lost;  /* and of the run */
                double required;
                bool is_proven;
                int expect;
        } rows[] = {
                { 0, 0, 0, 0, true, 0 },
                { 0, 0, 0, 45 * MB, true, 0 },
                { 0, 0, 0, 46 * MB, true, 1 },
                { 0, 0, 0, 46 * MB, false, 1 },
                { 0, 0, 0, 44 * MB, false, 6 },
                { 0, -EIO, 0, 46 * MB, true, 4 },
                { 0, 0, -EAGAIN, 46 * MB, true, 4 },
                { SIGTERM, -EIO, -EAGAIN, 0, true, 143 },
                { SIGINT, 0, 0, 0, false, 130 },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
                const struct kt_verdict_inputs inputs = { .buffer_seconds = 30, .required = rows[i].required };

                result->signal = rows[i].signal;
                result->volumes[0].error = rows[i].error;
                result->error = rows[i].lost;
                result->volumes[0].fit.is_sustained = rows[i].is_proven;
                kt_verdict_make(&inputs, result);
                assert_int_equal(result->exit_code, rows[i].expect);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_make__one_volume),
                cmocka_unit_test(test_make__a_shared_cap_bounds_the_brokers),
                cmocka_unit_test(test_make__volumes_without_a_cap_add_up),
                cmocka_unit_test(test_make__a_stall_counts_when_the_phase_was_whole),
                cmocka_unit_test(test_make__promises_nothing_unproven),
                cmocka_unit_test(test_make__exit_codes),
        };

        return TEST_MAIN(tests);
}
