/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes: the arithmetic, and that its lines add up. */
#include "tuner/size.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define GIB ((uint64_t)1 << 30)
#define MIB ((uint64_t)1 << 20)

static void load(const struct test_tree *tree, const char *more, struct kt_inputs *inputs)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO_FREE char *config = test_path(tree, "kafka.yaml");
        KT_AUTO_FREE char *text = kt_str_make("apiVersion: k8skafka/v1\nkafka:\n  version: \"3.9\"\n%s", more);
        struct kt_err e = { 0 };

        test_write(tree, "kafka.yaml", text);
        assert_int_equal(kt_inputs_load(config, inputs, &findings, &e), 0);
}

static uint64_t sum(const struct kt_size_item *item)
{
        uint64_t total = 0;

        for (size_t i = 0; i < item->term_count; i++)
                total += item->terms[i].value;
        return total;
}

static void test_compute__values(void **state)
{
        static const char workload[] = "workload: {partitions: 100, partitionSize: 10Gi, writeRate: 60M, "
                                       "bufferTime: 30s}\n";
        const struct kt_size_node node = { 0 };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        struct kt_size size;

        load(*state, workload, &inputs);
        kt_size_compute(&inputs, &node, &size);
        assert_int_equal(size.items[KT_SIZE_PAGE_CACHE].value, 1800000000);
        assert_int_equal(size.items[KT_SIZE_HEAP].value, 1536 * MIB);
        assert_int_equal(size.items[KT_SIZE_MEMORY].terms[2].value, 512 * MIB);
        assert_int_equal(size.items[KT_SIZE_MEMORY].value % MIB, 0);
        assert_int_equal(size.items[KT_SIZE_DISK].terms[0].value, 1000 * GIB);
        assert_int_equal(size.items[KT_SIZE_DISK].terms[1].value, 100 * GIB);
        assert_int_equal(size.items[KT_SIZE_DISK].terms[2].value, 3600000000);
        assert_int_equal(size.items[KT_SIZE_DISK_WRITE].value, 60000000 + 1000 * GIB / 86400);
        assert_int_equal(size.items[KT_SIZE_OPEN_FILES].value, 100000);
        assert_int_equal(size.items[KT_SIZE_MAP_AREAS].value, 262144);
}

static void test_compute__lines_add_up(void **state)
{
        const struct kt_size_node node = { .memory_bytes = 64 * GIB };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        struct kt_size size;

        load(*state, "workload: {partitions: 3000, partitionSize: 1Gi}\n", &inputs);
        kt_size_compute(&inputs, &node, &size);
        for (enum kt_size_id id = 0; id < KT_SIZE_BROKERS; id++)
                assert_int_equal(size.items[id].value, sum(&size.items[id]));
}

static void test_compute__heap(void **state)
{
        static const struct {
                const char *spec;
                uint64_t heap;
                const char *why;
        } rows[] = {
                { "", 1536 * MIB, "the version's defaults" },
                { "  heap: 6Gi\n", 6 * GIB, "as it is written" },
                { "  properties: {queued.max.requests: 1000}\n", 2 * GIB, "a longer queue" },
                { "  properties: {num.replica.fetchers: 100}\n", 2560 * MIB, "more fetchers" },
        };
        const struct kt_size_node node = { 0 };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
                struct kt_size size;

                load(*state, rows[i].spec, &inputs);
                kt_size_compute(&inputs, &node, &size);
                if (size.items[KT_SIZE_HEAP].value != rows[i].heap)
                        fail_msg("%s: %" PRIu64, rows[i].why, size.items[KT_SIZE_HEAP].value);
        }
}

static void test_compute__brokers(void **state)
{
        static const struct {
                struct kt_size_node node;
                uint64_t brokers;
                size_t bounds;
                const char *why;
        } rows[] = {
                { { 0 }, 0, 0, "nothing is known" },
                { { .memory_bytes = GIB }, 0, 1, "the node itself takes all of it" },
                { { .memory_bytes = 9 * GIB }, 3, 1, "memory" },
                { { .memory_bytes = 64 * GIB, .file_max = 250000 }, 2, 2, "open files" },
                { { .memory_bytes = 64 * GIB, .file_max = 9000000, .write_cap_bytes = 100000000 }, 4, 3, "disk" },
                { { .write_cap_bytes = 1000 }, 0, 1, "a cap below one broker's writes" },
        };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };

        load(*state, "", &inputs);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_size size;

                kt_size_compute(&inputs, &rows[i].node, &size);
                if (size.items[KT_SIZE_BROKERS].value != rows[i].brokers ||
                    size.items[KT_SIZE_BROKERS].term_count != rows[i].bounds)
                        fail_msg("%s: %" PRIu64, rows[i].why, size.items[KT_SIZE_BROKERS].value);
        }
}

static void test_compute__huge_workload_saturates(void **state)
{
        const struct kt_size_node node = { .memory_bytes = 64 * GIB };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_size size;

        load(*state, "", &inputs);
        inputs.spec.workload.partitions = UINT64_MAX;
        inputs.spec.workload.write_rate_bytes = UINT64_MAX;
        kt_size_compute(&inputs, &node, &size);
        assert_true(size.items[KT_SIZE_DISK].value == UINT64_MAX);
        assert_int_equal(kt_size_text(&inputs, &size, &text), 0);
        assert_non_null(strstr(kt_str_get(&text), "no bound"));
}

static void test_read_node__files(void **state)
{
        static const struct {
                const char *meminfo;
                const char *file_max;
                int code;
                uint64_t memory;
                uint64_t files;
        } rows[] = {
                { "MemTotal:         496112 kB\nMemFree: 1 kB\n", "46121\n", 0, 496112ULL * 1024, 46121 },
                { "MemFree: 1 kB\n", "46121\n", -EBADMSG, 0, 0 },
                { "MemTotal: many kB\n", "46121\n", -EBADMSG, 0, 0 },
                { "MemTotal: 1 kB\n", "many\n", -EINVAL, 0, 0 },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
                struct kt_size_node node = { 0 };
                struct kt_err e = { 0 };

                test_write(*state, "proc/meminfo", rows[i].meminfo);
                test_write(*state, "proc/sys/fs/file-max", rows[i].file_max);
                assert_int_equal(kt_root_open(((struct test_tree *)*state)->path, &root, &e), 0);
                assert_int_equal(kt_size_read_node(&root, &node, &e), rows[i].code);
                if (rows[i].code == 0) {
                        assert_int_equal(node.memory_bytes, rows[i].memory);
                        assert_int_equal(node.file_max, rows[i].files);
                }
        }
}

static void test_read_node__nothing_there(void **state)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_size_node node = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(((struct test_tree *)*state)->path, &root, &e), 0);
        assert_int_equal(kt_size_read_node(&root, &node, &e), 0);
        assert_int_equal(node.memory_bytes, 0);
        assert_int_equal(node.file_max, 0);
}

static void test_report__text_and_json(void **state)
{
        const struct kt_size_node node = { .memory_bytes = 64 * GIB };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_STR struct kt_str json = { 0 };
        struct kt_size size;

        load(*state, "workload: {partitions: 100}\n", &inputs);
        kt_size_compute(&inputs, &node, &size);
        assert_int_equal(kt_size_text(&inputs, &size, &text), 0);
        for (const char *line = kt_str_get(&text); *line != '\0'; line += strcspn(line, "\n") + 1)
                assert_true(strcspn(line, "\n") <= 100);
        assert_non_null(strstr(kt_str_get(&text), "throughput x time: 10.0 MB/s x 30 s"));
        assert_null(strstr(kt_str_get(&text), "guessed"));
        assert_int_equal(kt_size_json(&inputs, &size, &json), 0);
        assert_non_null(strstr(kt_str_get(&json), "\"kind\": \"SizeReport\""));
        assert_non_null(strstr(kt_str_get(&json), "\"id\": \"brokersPerNode\""));
}

/* What is no number is not silently Kafka's default. */
static void test_check__properties_are_numbers(void **state)
{
        static const struct {
                const char *properties;
                const char *complaint; /* NULL: fine */
        } rows[] = {
                { "queued.max.requests: 100", NULL },
                { "auto.create.topics.enable: abc", NULL }, /* not counted with: kafka-initc checks it */
                { "queued.max.requests: abc", "queued.max.requests is 'abc'" },
                { "num.replica.fetchers: \"${env:N}\"", "num.replica.fetchers is '${env:N}'" },
                { "message.max.bytes: -1", "message.max.bytes is '-1'" },
                { "replica.fetch.response.max.bytes: 10M", "replica.fetch.response.max.bytes is '10M'" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE char *more = kt_str_make("  properties:\n    %s\n", rows[i].properties);
                KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
                struct kt_err e = { 0 };

                load(*state, more, &inputs);
                assert_int_equal(kt_size_check(&inputs, &e), rows[i].complaint ? -EINVAL : 0);
                if (!rows[i].complaint)
                        continue;
                assert_non_null(strstr(e.text, rows[i].complaint));
                assert_non_null(strstr(e.text, "kafka.yaml:5:"));
        }
}

#define TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TREE(test_compute__values),
                TREE(test_compute__lines_add_up),
                TREE(test_compute__heap),
                TREE(test_compute__brokers),
                TREE(test_compute__huge_workload_saturates),
                TREE(test_read_node__files),
                TREE(test_read_node__nothing_there),
                TREE(test_report__text_and_json),
                TREE(test_check__properties_are_numbers),
        };

        return TEST_MAIN(tests);
}
