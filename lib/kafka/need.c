/* SPDX-License-Identifier: Apache-2.0 */
/* What one broker needs of the node. docs/need.md explains the terms and says how far they were measured. */
#include "lib/kafka/need.h"

#include <limits.h>

#include "lib/base/attr.h"

enum {
        JVM_DESCRIPTORS = 9,          /* modules file, /dev/null, random, urandom, three of stdio, pipe, socket */
        SELECTOR_DESCRIPTORS = 2,     /* epoll and eventfd */
        MAPS_PER_SEGMENT = 2,         /* .index and .timeindex */
        METADATA_LOG_DESCRIPTORS = 2, /* its segment, and the snapshot that is held open */
        THREAD_HEADROOM = 100,        /* the bases were read with two CPUs; threads and GC follow their number */
        MS_PER_SECOND = 1000,
};

static const uint64_t default_segment_bytes = 1ULL << 30;

enum { ROLES_ZOOKEEPER = 0, ROLE_BROKER = 1, ROLE_CONTROLLER = 2, ROLES_COMBINED = 3 };

/* What a fresh process of that version and these roles was seen to have. */
struct process {
        const char *version;
        unsigned roles;
        uint64_t selectors; /* beside those of listeners and network threads */
        uint64_t maps;      /* rounded up from the largest of several starts */
};

static const struct process processes[] = {
        { "0.10.2", ROLES_ZOOKEEPER, 2, 320 }, { "3.9", ROLES_ZOOKEEPER, 6, 340 }, { "4.0", ROLES_COMBINED, 8, 420 },
        { "4.1", ROLES_COMBINED, 9, 420 },     { "4.3", ROLES_COMBINED, 9, 420 },  { "4.4", ROLES_COMBINED, 10, 420 },
        { "4.3", ROLE_BROKER, 8, 410 },        { "4.3", ROLE_CONTROLLER, 2, 330 },
};

/* How many releases lie between; a process of other roles is the farthest there is. */
static unsigned distance(const struct process *row, const struct kt_kafka_version *version, unsigned roles)
{
        unsigned bit = kt_kafka_version_find(row->version)->schema_bit;

        if (row->roles != (roles & ROLES_COMBINED))
                return UINT_MAX;
        return bit > version->schema_bit ? bit - version->schema_bit : version->schema_bit - bit;
}

/* The row of these roles and of the nearest release; every set of roles has one. */
static const struct process *find_process(const struct kt_kafka_version *version, unsigned roles)
{
        const struct process *best = &processes[0];

        for (size_t i = 1; i < KT_COUNT(processes); i++)
                if (distance(&processes[i], version, roles) < distance(best, version, roles))
                        best = &processes[i];
        return best;
}

static uint64_t add(uint64_t a, uint64_t b)
{
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t multiply(uint64_t a, uint64_t b)
{
        uint64_t product;

        return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t divide_up(uint64_t a, uint64_t b)
{
        return a / b + (a % b != 0);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

/* a x b / 1000, the product unbounded. */
static uint64_t per_second(uint64_t a, uint64_t b)
{
        __extension__ typedef unsigned __int128 wide;
        wide value = (wide)a * b / MS_PER_SECOND;

        return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static void add_value(struct kt_need_sum *sum, const char *name, uint64_t count, uint64_t per, uint64_t value)
{
        sum->terms[sum->term_count++] = (struct kt_need_term){ name, count, per, value };
        sum->total = add(sum->total, value);
}

static void add_term(struct kt_need_sum *sum, const char *name, uint64_t count, uint64_t per)
{
        add_value(sum, name, count, per, multiply(count, per));
}

/* What the terms count: once for the volume as it will be, once for the volume as it is. */
struct counts {
        uint64_t segments; /* without the metadata log */
        uint64_t metadata_logs;
        uint64_t pending; /* segments deleted less than the delay ago */
        uint64_t indexes; /* files that are mapped, without those of the two above */
};

static uint64_t segment_bytes(const struct kt_need_input *in)
{
        return in->segment_bytes > 0 ? in->segment_bytes : default_segment_bytes;
}

static uint64_t plan_segments(const struct kt_need_input *in)
{
        uint64_t per_partition = larger(divide_up(in->partition_size_bytes, segment_bytes(in)), 1);

        return multiply(in->partitions, per_partition);
}

static struct counts count_found(const struct kt_need_input *in)
{
        uint64_t metadata_logs = in->roles != ROLES_ZOOKEEPER ? 1 : 0;
        uint64_t segments = in->found.segments - smaller(in->found.segments, metadata_logs);

        segments = larger(segments, in->found.partitions); /* the broker makes what a partition lacks */
        return (struct counts){
                .segments = segments,
                .metadata_logs = metadata_logs,
                .pending = in->found.deleted,
                /* The active segment's .index is mapped even when it has nothing in it. */
                .indexes = smaller(add(in->found.indexes, in->found.partitions), multiply(segments, MAPS_PER_SEGMENT)),
        };
}

/* The volume grown to plan. Retention then deletes as fast as producers write. */
static struct counts count_grown(const struct kt_need_input *in, const struct counts *found)
{
        uint64_t written = per_second(in->write_rate_bytes, in->delete_delay_ms);
        uint64_t segments = larger(plan_segments(in), found->segments);

        return (struct counts){
                .segments = segments,
                .metadata_logs = found->metadata_logs,
                .pending = larger(divide_up(written, segment_bytes(in)), found->pending),
                .indexes = multiply(segments, MAPS_PER_SEGMENT),
        };
}

static void sum_descriptors(const struct kt_need_input *in, const struct counts *counts, struct kt_need_sum *sum)
{
        const struct process *process = find_process(in->version, in->roles);
        uint64_t selectors = add(multiply(in->listeners, add(1, in->network_threads)), process->selectors);

        add_term(sum, "jars", in->classpath_jars, 1);
        add_term(sum, "jvm", JVM_DESCRIPTORS, 1);
        add_term(sum, "selectors", selectors, SELECTOR_DESCRIPTORS);
        add_term(sum, "listeners", in->listeners, 1);
        add_term(sum, "log-dirs", in->log_dirs, 1);
        add_term(sum, "segments", counts->segments, 1);
        add_term(sum, "metadata-log", counts->metadata_logs, METADATA_LOG_DESCRIPTORS);
        add_term(sum, "txnindexes", in->found.txnindexes, 1);
        add_term(sum, "pending-deletes", counts->pending, 1);
        add_term(sum, "connections", in->connections, 1);
}

static void sum_maps(const struct kt_need_input *in, const struct counts *counts, struct kt_need_sum *sum)
{
        add_term(sum, "base", find_process(in->version, in->roles)->maps, 1);
        add_term(sum, "threads", THREAD_HEADROOM, 1);
        add_value(sum, "segments", counts->segments, MAPS_PER_SEGMENT, counts->indexes);
        add_term(sum, "metadata-log", counts->metadata_logs, MAPS_PER_SEGMENT);
        add_term(sum, "pending-deletes", counts->pending, MAPS_PER_SEGMENT);
}

void kt_need_compute(const struct kt_need_input *input, struct kt_need *ret)
{
        uint64_t buffer_time_ms = input->buffer_time_ms > 0 ? (uint64_t)input->buffer_time_ms : 0;
        struct counts found = count_found(input);
        struct counts grown = count_grown(input, &found);
        struct kt_need_sum descriptors_now = { 0 };
        struct kt_need_sum maps_now = { 0 };

        *ret = (struct kt_need){ .segments_planned = plan_segments(input), .segments = grown.segments };
        sum_descriptors(input, &grown, &ret->descriptors);
        sum_maps(input, &grown, &ret->maps);
        add_value(&ret->memory, "write-buffer", input->write_rate_bytes, buffer_time_ms,
                  per_second(input->write_rate_bytes, buffer_time_ms));

        sum_descriptors(input, &found, &descriptors_now);
        sum_maps(input, &found, &maps_now);
        ret->descriptors_now = descriptors_now.total;
        ret->maps_now = maps_now.total;
}
