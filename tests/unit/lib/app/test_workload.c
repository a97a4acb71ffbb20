/* SPDX-License-Identifier: Apache-2.0 */
/* The workload as numbers: what is written counts, then the version's default, then ours. */
#include "lib/app/workload.h"

#include "tests/unit/support.h"

#include <string.h>

#include "lib/base/auto.h"

/* One property is set, or none. */
struct pair {
        const char *name;
        const char *value;
};

static const char *value_of(const void *context, const char *name)
{
        const struct pair *pair = context;

        return pair->name && strcmp(pair->name, name) == 0 ? pair->value : NULL;
}

static struct kt_need_input fill(const struct pair *pair, unsigned roles, size_t log_dirs)
{
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        const struct kt_workload_source source = { .value = value_of, .context = pair };
        struct kt_need_input input = { 0 };

        assert_int_equal(kt_spec_default(&spec), 0);
        spec.kafka.roles = roles;
        kt_workload_need_input(&spec, kt_kafka_version_find("4.3"), &source, log_dirs, &input);
        return input;
}

static void test_need_input__numbers(void **state)
{
        static const struct {
                struct pair pair;
                uint64_t segment_bytes;
                uint64_t network_threads;
                const char *why;
        } rows[] = {
                { { NULL, NULL }, 1 << 30, 3, "the schema's defaults" },
                { { "log.segment.bytes", "1048576" }, 1048576, 3, "as written" },
                { { "num.network.threads", "8" }, 1 << 30, 8, "as written" },
                { { "log.segment.bytes", "much" }, 1 << 30, 3, "no number: its default" },
                { { "log.segment.bytes", "-1" }, 1 << 30, 3, "nor is a negative one" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_need_input input = fill(&rows[i].pair, KT_ROLE_BROKER, 1);

                assert_int_equal(input.segment_bytes, rows[i].segment_bytes);
                assert_int_equal(input.network_threads, rows[i].network_threads);
                assert_int_equal(input.delete_delay_ms, 60000);
        }
}

static void test_need_input__listeners(void **state)
{
        static const struct {
                const char *value;
                unsigned roles;
                uint64_t expect;
        } rows[] = {
                { NULL, KT_ROLE_BROKER, 1 },
                { NULL, KT_ROLE_BROKER | KT_ROLE_CONTROLLER, 2 },
                { NULL, 0, 1 },
                { "A://:1,B://:2,C://:3", KT_ROLE_BROKER, 3 },
                { "nonsense", KT_ROLE_BROKER | KT_ROLE_CONTROLLER, 2 },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct pair pair = { rows[i].value ? "listeners" : NULL, rows[i].value };

                assert_int_equal(fill(&pair, rows[i].roles, 1).listeners, rows[i].expect);
        }
}

static void test_need_input__workload_and_log_dirs(void **state)
{
        const struct pair none = { NULL, NULL };
        const struct kt_need_input input = fill(&none, KT_ROLE_BROKER, 0);

        (void)state; /* no tree needed */
        assert_int_equal(input.partitions, 1000);
        assert_int_equal(input.partition_size_bytes, 1 << 30);
        assert_int_equal(input.connections, 1000);
        assert_int_equal(input.write_rate_bytes, 10000000);
        assert_int_equal(input.buffer_time_ms, 30000);
        assert_int_equal(input.classpath_jars, 150);
        assert_int_equal(input.log_dirs, 1);
        assert_int_equal(fill(&none, KT_ROLE_BROKER, 3).log_dirs, 3);
        assert_int_equal(input.found.segments, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_need_input__numbers),
                cmocka_unit_test(test_need_input__listeners),
                cmocka_unit_test(test_need_input__workload_and_log_dirs),
        };

        return TEST_MAIN(tests);
}
