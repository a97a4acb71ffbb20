/* SPDX-License-Identifier: Apache-2.0 */
/* The report for people: every part of it, and what it may not say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"
#include "tuner/bench/report.h"
#include "tuner/bench/verdict.h"

#define MB 1e6

static struct kt_disk_rate rate_of(double value)
{
        return (struct kt_disk_rate){ .is_known = true,
                                      .value = value,
                                      .low = value - 0.1 * MB,
                                      .high = value + 0.1 * MB,
                                      .windows = 34,
                                      .seconds = 34,
                                      .bytes = (uint64_t)(value * 34) };
}

static struct kt_disk_result *result_of(size_t volumes)
{
        static const char *const paths[] = { "/mnt/a", "/mnt/b" };
        struct kt_disk_result *result = calloc(1, sizeof(*result));

        assert_non_null(result);
        result->volume_count = volumes;
        for (size_t v = 0; v < volumes; v++) {
                struct kt_disk_volume *volume = &result->volumes[v];

                volume->target.path = paths[v];
                volume->target.is_direct = true;
                (void)snprintf(volume->target.fstype, sizeof(volume->target.fstype), "xfs");
                (void)snprintf(volume->target.device, sizeof(volume->target.device), "vdb");
                volume->fit.sustained = rate_of(45 * MB);
                volume->fit.is_sustained = true;
                volume->fit.model.seconds = 42;
        }
        return result;
}

static void make(struct kt_disk_result *result, struct kt_str *out)
{
        const struct kt_verdict_inputs inputs = { .buffer_seconds = 30 };

        kt_verdict_make(&inputs, result);
        assert_int_equal(kt_report_disk_text(result, false, out), 0);
}

static void has(const struct kt_str *out, const char *text)
{
        if (!strstr(kt_str_get(out), text))
                fail_msg("'%s' is not in:\n%s", text, kt_str_get(out));
}

static void test_text__a_proven_volume(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        result->volumes[0].phases[KT_PHASE_SYNC_50].sync_latency =
                (struct kt_disk_latency){ .count = 400, .quantile_ns = { 1500000 }, .most_ns = 9000000 };
        make(result, &out);
        has(&out, "sustained");
        has(&out, "45.0 MB/s ±0.1");
        has(&out, "none seen in 42 s");
        has(&out, "held for 34 s (34 windows, 1.5 GB; 95 %: 44.9 to 45.1)");
        has(&out, "fdatasync   /mnt/a: at 50 % of the rate p50 1.50 ms");
        has(&out, "one broker may take 36.0 MB/s of produce");
        has(&out, "nothing is left behind");
        assert_null(strstr(kt_str_get(&out), "not proven"));
}

static void test_text__a_burst(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        result->volumes[0].fit.has_knee = true;
        result->volumes[0].fit.burst = rate_of(80 * MB);
        result->volumes[0].fit.bucket_bytes = 800 * MB;
        result->volumes[0].fit.knee_seconds = 13.33;
        result->volumes[0].fit.refill_rate = 20 * MB;
        make(result, &out);
        has(&out, "80.0 MB/s for 13.3 s, 800 MB");
        has(&out, "fills at 20.0 MB/s, by the model");
}

static void test_text__unproven_is_said_and_nothing_promised(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        result->volumes[0].fit.is_sustained = false;
        (void)snprintf(result->volumes[0].fit.why, sizeof(result->volumes[0].fit.why), "It drifts.");
        result->volumes[0].fit.bound_count = 1;
        result->volumes[0].fit.bounds[0].rate = 22.5 * MB;
        result->volumes[0].fit.bounds[0].bucket_bytes = 765 * MB;
        result->volumes[0].fit.bounds[0].reason = "half of it";
        make(result, &out);
        has(&out, "not proven");
        has(&out, ". It is not proven. It drifts.\n");
        has(&out, "a later drop to 22.5 MB/s (half of it) needs a burst bucket above 765 MB");
        has(&out, "nothing can be promised");
        assert_null(strstr(kt_str_get(&out), "sustained "));
}

static void test_text__a_shared_cap(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(2);
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        for (size_t v = 0; v < 2; v++) {
                result->volumes[v].fit.sustained = rate_of(30 * MB);
                result->volumes[v].phases[KT_PHASE_SOLO].write = rate_of(45 * MB);
        }
        result->node.is_sustained = true;
        result->node.write = (struct kt_disk_cap){ .is_known = true,
                                                   .verdict = KT_CAP_SHARED,
                                                   .together = rate_of(60 * MB),
                                                   .alone = 90 * MB,
                                                   .model = { .cap = 60 * MB } };
        make(result, &out);
        has(&out, "together");
        has(&out, "node cap    writes: 60.0 MB/s together");
        has(&out, "keep them apart");
        has(&out, "may take 48.0 MB/s");
}

static void test_text__where_the_stall_comes_from(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        result->node.dirty_limit_bytes = 4900000000;
        result->volumes[0].phases[KT_PHASE_CATCH_UP].read = rate_of(48 * MB);
        result->volumes[0].phases[KT_PHASE_CATCH_UP].has_credit = true;
        make(result, &out);
        has(&out, "a write may be blocked for 108.9 s: the dirty limit of 4.9 GB at 45.0 MB/s\n");
        has(&out, "kafka.yaml: `storage.sustainedRate: 45.0M`");
        has(&out, "catching up 48.0 MB/s (too high: a rest had filled the burst bucket)");
        assert_null(strstr(kt_str_get(&out), "measured: "));

        result->node.is_dirty_limit_of_group = true;
        result->volumes[0].phases[KT_PHASE_STALL].end = KT_END_TIME;
        result->volumes[0].phases[KT_PHASE_STALL].write_latency =
                (struct kt_disk_latency){ .count = 9, .most_ns = 2900000000 };
        make(result, &out);
        has(&out, "4.9 GB (by our memory limit) at 45.0 MB/s; measured: 2.9 s\n");
}

static void test_text__errors_and_hostile_names(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(1);
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        result->volumes[0].target.path = "/mnt/\033[2J";
        result->volumes[0].error = -ENOSPC;
        (void)snprintf(result->volumes[0].error_text, sizeof(result->volumes[0].error_text), "write after 1.2 GB");
        make(result, &out);
        has(&out, "write after 1.2 GB; what is above was measured before");
        assert_null(strchr(kt_str_get(&out), '\033'));
        assert_int_equal(result->exit_code, 4);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text__a_proven_volume),
                cmocka_unit_test(test_text__a_burst),
                cmocka_unit_test(test_text__unproven_is_said_and_nothing_promised),
                cmocka_unit_test(test_text__a_shared_cap),
                cmocka_unit_test(test_text__where_the_stall_comes_from),
                cmocka_unit_test(test_text__errors_and_hostile_names),
        };

        return TEST_MAIN(tests);
}
