/* SPDX-License-Identifier: Apache-2.0 */
/* The need of a broker, against what was measured of live ones (docs/need.md) and at the edges of the numbers. */
#include "lib/kafka/need.h"

#include <string.h>

#include "tests/unit/support.h"

/* One combined node of 4.3.1 as it was measured: 47 jars, two listeners, three network threads, one log dir. */
static struct kt_need_input combined(void)
{
        return (struct kt_need_input){
                .version = kt_kafka_version_find("4.3.1"),
                .roles = 3,
                .classpath_jars = 47,
                .segment_bytes = 1 << 20,
                .delete_delay_ms = 60000,
                .network_threads = 3,
                .listeners = 2,
                .log_dirs = 1,
        };
}

static const struct kt_need_term *term(const struct kt_need_sum *sum, const char *name)
{
        for (size_t i = 0; i < sum->term_count; i++)
                if (strcmp(sum->terms[i].name, name) == 0)
                        return &sum->terms[i];
        fail_msg("no term %s", name);
        return NULL;
}

static uint64_t sum_of_terms(const struct kt_need_sum *sum)
{
        uint64_t total = 0;

        for (size_t i = 0; i < sum->term_count; i++)
                total += sum->terms[i].value;
        return total;
}

static void test_kt_need_compute__descriptors_now_equal_live_brokers(void **state)
{
        static const struct {
                uint64_t partitions, segments, txnindexes, connections;
                uint64_t live;
                const char *why;
        } rows[] = {
                { 0, 1, 0, 4, 99, "fresh" },
                { 100, 101, 0, 6, 201, "100 partitions; two more sockets of its own" },
                { 100, 1001, 0, 6, 1101, "100 partitions of 10 segments" },
                { 100, 1001, 0, 4, 1099, "restarted" },
                { 100, 1051, 100, 4, 1249, "transactions: .txnindex files, and 50 partitions of their log" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_need_input in = combined();
                struct kt_need need;

                in.connections = rows[i].connections;
                in.found = (struct kt_need_found){ .partitions = rows[i].partitions,
                                                   .segments = rows[i].segments,
                                                   .txnindexes = rows[i].txnindexes };
                kt_need_compute(&in, &need);
                if (need.descriptors_now != rows[i].live)
                        fail_msg("%s: %llu, live %llu", rows[i].why, (unsigned long long)need.descriptors_now,
                                 (unsigned long long)rows[i].live);
        }
}

static void test_kt_need_compute__maps_cover_live_brokers(void **state)
{
        static const struct {
                uint64_t partitions, segments, indexes;
                uint64_t live; /* the most that was seen in any state of that volume */
        } rows[] = {
                { 0, 1, 0, 411 },
                { 100, 101, 0, 613 },
                { 100, 1001, 2000, 2414 },
                { 200, 2001, 2000, 2620 }, /* time rolls: .index files of no bytes */
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_need_input in = combined();
                struct kt_need need;

                in.found.partitions = rows[i].partitions;
                in.found.segments = rows[i].segments;
                in.found.indexes = rows[i].indexes;
                kt_need_compute(&in, &need);
                assert_true(need.maps.total >= rows[i].live);
                assert_true(need.maps.total >= need.maps_now);
                /* what is above the truth: headroom for threads, roundings, and active segments' empty indexes */
                assert_in_range(need.maps_now, rows[i].live, rows[i].live + 150 + rows[i].partitions);
        }
}

static void test_kt_need_compute__names_every_term(void **state)
{
        static const struct {
                const char *name;
                uint64_t count, per, value;
        } descriptors[] = {
                { "jars", 47, 1, 47 },
                { "jvm", 9, 1, 9 },
                { "selectors", 2 * (1 + 3) + 9, 2, 34 },
                { "listeners", 2, 1, 2 },
                { "log-dirs", 1, 1, 1 },
                { "segments", 20, 1, 20 },
                { "metadata-log", 1, 2, 2 },
                { "txnindexes", 5, 1, 5 },
                { "pending-deletes", 58, 1, 58 },
                { "connections", 7, 1, 7 },
        }, maps[] = {
                { "base", 420, 1, 420 },         { "threads", 100, 1, 100 },       { "segments", 20, 2, 40 },
                { "metadata-log", 1, 2, 2 },     { "pending-deletes", 58, 2, 116 },
        };
        struct kt_need_input in = combined();
        struct kt_need need;
        (void)state;

        in.partitions = 10;
        in.partition_size_bytes = (1 << 20) + 1;
        in.connections = 7;
        in.write_rate_bytes = 1000000;
        in.buffer_time_ms = 30500;
        in.found.txnindexes = 5;
        kt_need_compute(&in, &need);

        assert_int_equal(need.segments_planned, 20);
        assert_int_equal(need.segments, 20);
        assert_int_equal(need.descriptors.term_count, KT_COUNT(descriptors));
        for (size_t i = 0; i < KT_COUNT(descriptors); i++) {
                assert_int_equal(term(&need.descriptors, descriptors[i].name)->count, descriptors[i].count);
                assert_int_equal(term(&need.descriptors, descriptors[i].name)->per, descriptors[i].per);
                assert_int_equal(term(&need.descriptors, descriptors[i].name)->value, descriptors[i].value);
        }
        assert_int_equal(need.maps.term_count, KT_COUNT(maps));
        for (size_t i = 0; i < KT_COUNT(maps); i++) {
                assert_int_equal(term(&need.maps, maps[i].name)->count, maps[i].count);
                assert_int_equal(term(&need.maps, maps[i].name)->per, maps[i].per);
                assert_int_equal(term(&need.maps, maps[i].name)->value, maps[i].value);
        }
        assert_int_equal(need.descriptors.total, sum_of_terms(&need.descriptors));
        assert_int_equal(need.maps.total, sum_of_terms(&need.maps));
        assert_int_equal(need.memory.total, 30500000);
        assert_int_equal(need.memory.term_count, 1);
}

static void test_kt_need_compute__segments_are_the_larger_of_plan_and_volume(void **state)
{
        static const struct {
                uint64_t partitions, size, segment_bytes;
                uint64_t found_partitions, found_segments;
                uint64_t planned, expect;
                const char *why;
        } rows[] = {
                { 0, 0, 1 << 20, 0, 0, 0, 0, "nothing" },
                { 5, 0, 1 << 20, 0, 0, 5, 5, "an active segment each" },
                { 5, 1, 1 << 20, 0, 0, 5, 5, "a byte is a segment" },
                { 5, 1 << 20, 1 << 20, 0, 0, 5, 5, "exactly one" },
                { 5, (1 << 20) + 1, 1 << 20, 0, 0, 10, 10, "one byte more is two" },
                { 5, (1ULL << 30) + 1, 0, 0, 0, 10, 10, "segment size of 1 GiB when it is not given" },
                { 5, 0, 1 << 20, 3, 101, 5, 100, "found more; the metadata log's is not among them" },
                { 0, 0, 1 << 20, 7, 0, 0, 7, "found partitions get a segment each" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_need_input in = combined();
                struct kt_need need;

                in.partitions = rows[i].partitions;
                in.partition_size_bytes = rows[i].size;
                in.segment_bytes = rows[i].segment_bytes;
                in.found.partitions = rows[i].found_partitions;
                in.found.segments = rows[i].found_segments;
                kt_need_compute(&in, &need);
                if (need.segments_planned != rows[i].planned || need.segments != rows[i].expect)
                        fail_msg("%s", rows[i].why);
        }
}

static void test_kt_need_compute__process_follows_version_and_roles(void **state)
{
        static const struct {
                const char *version;
                unsigned roles;
                uint64_t selectors; /* with no listener at all */
                uint64_t base;
                uint64_t metadata_logs;
        } rows[] = {
                { "0.10.2", 0, 2, 320, 0 }, { "3.9", 0, 6, 340, 0 },    { "3.9", 3, 8, 420, 1 },
                { "4.0", 3, 8, 420, 1 },    { "4.1", 3, 9, 420, 1 },    { "4.2", 3, 9, 420, 1 },
                { "4.3", 3, 9, 420, 1 },    { "4.4", 3, 10, 420, 1 },   { "4.3", 1, 8, 410, 1 },
                { "4.0", 1, 8, 410, 1 },    { "4.3", 2, 2, 330, 1 },    { "4.4", 2, 2, 330, 1 },
                { "4.3", 7, 9, 420, 1 },    { "0.10.2", 3, 8, 420, 1 },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_need_input in = { .version = kt_kafka_version_find(rows[i].version), .roles = rows[i].roles };
                struct kt_need need;

                kt_need_compute(&in, &need);
                assert_int_equal(term(&need.descriptors, "selectors")->count, rows[i].selectors);
                assert_int_equal(term(&need.maps, "base")->value, rows[i].base);
                assert_int_equal(term(&need.descriptors, "metadata-log")->count, rows[i].metadata_logs);
        }
}

static void test_kt_need_compute__fresh_volume_shows_plan_and_now(void **state)
{
        struct kt_need_input in = combined();
        struct kt_need need;
        (void)state;

        in.partitions = 2000;
        in.partition_size_bytes = 10ULL << 30;
        in.segment_bytes = 1ULL << 30;
        in.write_rate_bytes = 60000000;
        kt_need_compute(&in, &need);
        assert_int_equal(need.segments, 20000);
        assert_int_equal(term(&need.descriptors, "pending-deletes")->value, 4);
        assert_int_equal(need.descriptors.total - need.descriptors_now, 20000 + 4);
        assert_int_equal(need.maps.total - need.maps_now, 2 * (20000 + 4));
}

static void test_kt_need_compute__found_deletes_count_when_they_are_more(void **state)
{
        struct kt_need_input in = combined();
        struct kt_need need;
        (void)state;

        in.write_rate_bytes = 1 << 20;
        in.found.deleted = 4000;
        kt_need_compute(&in, &need);
        assert_int_equal(term(&need.descriptors, "pending-deletes")->value, 4000);
        assert_int_equal(term(&need.maps, "pending-deletes")->value, 8000);
        in.found.deleted = 59;
        kt_need_compute(&in, &need);
        assert_int_equal(term(&need.descriptors, "pending-deletes")->value, 60);
}

static void test_kt_need_compute__saturates(void **state)
{
        struct kt_need_input in = combined();
        struct kt_need need;
        (void)state;

        in.partitions = in.partition_size_bytes = in.connections = in.write_rate_bytes = UINT64_MAX;
        in.classpath_jars = in.delete_delay_ms = in.network_threads = in.listeners = in.log_dirs = UINT64_MAX;
        in.segment_bytes = 1;
        in.buffer_time_ms = INT64_MAX;
        memset(&in.found, 0xff, sizeof(in.found));
        kt_need_compute(&in, &need);
        assert_true(need.segments_planned == UINT64_MAX);
        assert_true(need.descriptors.total == UINT64_MAX && need.descriptors_now == UINT64_MAX);
        assert_true(need.maps.total == UINT64_MAX && need.maps_now == UINT64_MAX);
        assert_true(need.memory.total == UINT64_MAX);

        in.buffer_time_ms = INT64_MIN;
        kt_need_compute(&in, &need);
        assert_int_equal(need.memory.total, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_need_compute__descriptors_now_equal_live_brokers),
                cmocka_unit_test(test_kt_need_compute__maps_cover_live_brokers),
                cmocka_unit_test(test_kt_need_compute__names_every_term),
                cmocka_unit_test(test_kt_need_compute__segments_are_the_larger_of_plan_and_volume),
                cmocka_unit_test(test_kt_need_compute__process_follows_version_and_roles),
                cmocka_unit_test(test_kt_need_compute__fresh_volume_shows_plan_and_now),
                cmocka_unit_test(test_kt_need_compute__found_deletes_count_when_they_are_more),
                cmocka_unit_test(test_kt_need_compute__saturates),
        };

        return TEST_MAIN(tests);
}
