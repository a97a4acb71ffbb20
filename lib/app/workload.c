/* SPDX-License-Identifier: Apache-2.0 */
/* The workload as numbers. */
#include "lib/app/workload.h"

#include <string.h>

#include "lib/kafka/listener.h"
#include "lib/kafka/schema.h"
#include "lib/text/num.h"

/* In the order of kt_workload_numbers; the number is for a version whose schema has no default. */
enum { SEGMENT_BYTES, DELETE_DELAY_MS, NETWORK_THREADS, NUMBERS };

const char *const kt_workload_numbers[NUMBERS + 1] = {
        [SEGMENT_BYTES] = "log.segment.bytes",
        [DELETE_DELAY_MS] = "log.segment.delete.delay.ms",
        [NETWORK_THREADS] = "num.network.threads",
};

static const uint64_t fallbacks[NUMBERS] = {
        [SEGMENT_BYTES] = 1 << 30, [DELETE_DELAY_MS] = 60000, [NETWORK_THREADS] = 3
};

static uint64_t number_of(const struct kt_workload_source *source, const struct kt_kafka_version *version, size_t i)
{
        const char *text = source->value(source->context, kt_workload_numbers[i]);
        const struct kt_schema_key *key = kt_schema_find(version, kt_workload_numbers[i]);
        uint64_t value;

        if (text && kt_num_parse_u64(text, &value) == 0)
                return value;
        return key && key->preset && kt_num_parse_u64(key->preset, &value) == 0 ? value : fallbacks[i];
}

static uint64_t count_listeners(const struct kt_spec *spec, const struct kt_workload_source *source)
{
        const char *text = source->value(source->context, "listeners");
        struct kt_listeners listeners = { .count = 0 };

        if (text && kt_listeners_parse(text, &listeners, NULL) == 0 && listeners.count > 0)
                return listeners.count;
        return spec->kafka.roles & KT_ROLE_CONTROLLER ? 2 : 1;
}

void kt_workload_need_input(const struct kt_spec *spec, const struct kt_kafka_version *version,
                            const struct kt_workload_source *source, size_t log_dirs, struct kt_need_input *ret)
{
        *ret = (struct kt_need_input){
                .version = version,
                .roles = spec->kafka.roles,
                .partitions = spec->workload.partitions,
                .partition_size_bytes = spec->workload.partition_size_bytes,
                .connections = spec->workload.connections,
                .write_rate_bytes = spec->workload.write_rate_bytes,
                .buffer_time_ms = spec->workload.buffer_time_ms,
                .classpath_jars = spec->workload.classpath_jars,
                .segment_bytes = number_of(source, version, SEGMENT_BYTES),
                .delete_delay_ms = number_of(source, version, DELETE_DELAY_MS),
                .network_threads = number_of(source, version, NETWORK_THREADS),
                .listeners = count_listeners(spec, source),
                .log_dirs = log_dirs > 0 ? log_dirs : 1,
        };
}
