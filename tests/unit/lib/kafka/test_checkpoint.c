/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshot files: equal to those that Kafka's StorageTool wrote (tests/fixtures/kraft), and read back from any bytes.
 * */
#include "lib/kafka/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/kafka/crc32c.h"
#include "tests/unit/support.h"

#define FIXTURES "tests/fixtures/kraft/"

enum { FILE_MAX = 4096, NOW_MS = 1234567890, HEADER_TIME_AT = 73, BATCH_LENGTH_AT = 8, CRC_AT = 17, COVERED_AT = 21 };

struct file {
        uint8_t bytes[FILE_MAX];
        size_t len;
};

static void put(uint8_t *at, uint64_t value, size_t size)
{
        while (size > 0)
                *at++ = (uint8_t)(value >> 8 * --size);
}

static size_t get_length(const uint8_t *batch)
{
        return (size_t)batch[BATCH_LENGTH_AT + 2] << 8 | batch[BATCH_LENGTH_AT + 3];
}

/* Makes the checksum of the batch at `at` right again; returns where the next one starts. */
static size_t seal(struct file *file, size_t at)
{
        uint8_t *batch = file->bytes + at;
        size_t len = get_length(batch) + 12;

        assert_true(at + len <= file->len);
        put(batch + CRC_AT, kt_crc32c(batch + COVERED_AT, len - COVERED_AT), 4);
        return at + len;
}

static void load(const char *path, struct file *ret)
{
        KT_AUTO_FILE FILE *file = fopen(path, "re");

        assert_non_null(file);
        ret->len = fread(ret->bytes, 1, FILE_MAX, file);
        assert_in_range(ret->len, 100, FILE_MAX - 1);
}

/* Kafka reads the clock for every batch, we once: gives all of them the same time. */
static void set_times(struct file *file)
{
        uint8_t *header_time = file->bytes + HEADER_TIME_AT;
        static const uint8_t never[8];

        if (memcmp(header_time, never, sizeof(never)) != 0)
                put(header_time, NOW_MS, 8);
        for (size_t at = 0; at < file->len;) {
                put(file->bytes + at + 27, NOW_MS, 8);
                put(file->bytes + at + 35, NOW_MS, 8);
                at = seal(file, at);
        }
}

static struct kt_uuid id(const char *text)
{
        struct kt_uuid uuid;

        assert_int_equal(kt_uuid_parse(text, &uuid, NULL), 0);
        return uuid;
}

static void assert_equal_to(const struct kt_str *got, const struct file *want)
{
        assert_int_equal(kt_str_error(got), 0);
        assert_int_equal(got->len, want->len);
        assert_memory_equal(got->data, want->bytes, want->len);
}

static void test_kt_checkpoint_bootstrap__equals_storage_tool(void **state)
{
        (void)state;

        for (size_t i = 0; i < kt_kafka_version_count; i++) {
                const struct kt_kafka_version *version = &kt_kafka_versions[i];
                KT_AUTO_STR struct kt_str out = { 0 };
                struct file want;
                char path[128];

                if (!version->has_bootstrap_checkpoint)
                        continue;
                (void)snprintf(path, sizeof(path), FIXTURES "%s/bootstrap.checkpoint", version->patch); /* fits */
                load(path, &want);
                set_times(&want);
                kt_checkpoint_bootstrap(version, NOW_MS, &out);
                assert_equal_to(&out, &want);
        }
}

static void test_kt_checkpoint_first__equals_storage_tool_standalone(void **state)
{
        (void)state;

        for (size_t i = 0; i < kt_kafka_version_count; i++) {
                const struct kt_kafka_version *version = &kt_kafka_versions[i];
                struct kt_voter voter = { 0, { { 0 } }, "CONTROLLER", "127.0.0.1", 9093 };
                KT_AUTO_STR struct kt_str out = { 0 };
                struct kt_checkpoint_facts facts;
                struct file want;
                char path[128];

                if (!version->has_kraft)
                        continue;
                (void)snprintf(path, sizeof(path), FIXTURES "%s/standalone.checkpoint", version->patch); /* fits */
                load(path, &want);
                assert_int_equal(kt_checkpoint_read(want.bytes, want.len, &facts, NULL), 0);
                voter.directory_id = facts.first_voter_directory;
                set_times(&want);
                kt_checkpoint_first(version, &voter, 1, NOW_MS, &out);
                assert_equal_to(&out, &want);
        }
}

static void test_kt_checkpoint_first__equals_storage_tool_with_three_voters(void **state)
{
        static const char *const versions[] = { "3.9.2", "4.3.1", "4.4.0" };
        const struct kt_voter voters[] = {
                { 0, id("JEXY6aqPQY-7YRM25tYMOA"), "CONTROLLER", "127.0.0.1", 9093 },
                { 1, id("J8aAPcfLQt2bqs1JT_rMgQ"), "CONTROLLER", "kafka-1.kafka.default.svc", 9093 },
                { 2, id("sSbHrqzdRzKxk1vYf8qkYw"), "CONTROLLER", "kafka-2", 9193 },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(versions); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };
                struct file want;
                char path[128];

                (void)snprintf(path, sizeof(path), FIXTURES "%s/initial-controllers.checkpoint",
                               versions[i]); /* fits */
                load(path, &want);
                set_times(&want);
                kt_checkpoint_first(kt_kafka_version_find(versions[i]), voters, KT_COUNT(voters), NOW_MS, &out);
                assert_equal_to(&out, &want);
        }
}

static void test_kt_checkpoint_first__equals_storage_tool_without_voters(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct file want;
        (void)state;

        load(FIXTURES "4.4.0/no-initial-controllers.checkpoint", &want);
        set_times(&want);
        kt_checkpoint_first(kt_kafka_version_find("4.4"), NULL, 0, NOW_MS, &out);
        assert_equal_to(&out, &want);
}

static void test_kt_checkpoint_first_static__equals_storage_tool(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct file want;
        (void)state;

        load(FIXTURES "4.4.0/static.checkpoint", &want);
        set_times(&want);
        kt_checkpoint_first_static(kt_kafka_version_find("4.4"), NOW_MS, &out);
        assert_equal_to(&out, &want);
}

/* Lengths beyond 63 and 127 take another byte of their varints, in records, strings and arrays. */
static void test_kt_checkpoint_first__long_names_and_many_voters_read_back(void **state)
{
        struct kt_voter voters[200];
        char host[254];
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_checkpoint_facts facts;
        (void)state;

        memset(host, 'h', sizeof(host) - 1);
        host[sizeof(host) - 1] = '\0';
        for (size_t i = 0; i < KT_COUNT(voters); i++)
                voters[i] = (struct kt_voter){ INT32_MAX - (int32_t)i, { { (uint8_t)i, 9 } }, "C", host, 65535 };

        kt_checkpoint_first(kt_kafka_version_find("4.4"), voters, KT_COUNT(voters), INT64_MAX, &out);
        assert_int_equal(kt_str_error(&out), 0);
        assert_int_equal(kt_checkpoint_read(out.data, out.len, &facts, NULL), 0);
        assert_int_equal(facts.voter_count, KT_COUNT(voters));
        assert_int_equal(facts.first_voter_id, INT32_MAX);
        assert_true(kt_uuid_equal(&facts.first_voter_directory, &voters[0].directory_id));
        assert_int_equal(facts.batches, 3);
        assert_int_equal(facts.records, 3 + 6 + 1);
        assert_int_equal(facts.metadata_version, 33);
        assert_int_equal(facts.kraft_version, 1);
}

static void test_kt_checkpoint_first__appends(void **state)
{
        KT_AUTO_STR struct kt_str alone = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_checkpoint_bootstrap(kt_kafka_version_find("4.3"), NOW_MS, &alone);
        kt_str_add(&out, "abc");
        kt_checkpoint_bootstrap(kt_kafka_version_find("4.3"), NOW_MS, &out);
        assert_int_equal(out.len, alone.len + 3);
        assert_memory_equal(out.data + 3, alone.data, alone.len);
}

static void test_kt_checkpoint_bootstrap__leaves_failed_builder_alone(void **state)
{
        struct kt_str out = { .error = -ENOMEM };
        (void)state;

        kt_checkpoint_bootstrap(kt_kafka_version_find("4.3"), NOW_MS, &out);
        assert_int_equal(kt_str_error(&out), -ENOMEM);
        assert_null(out.data);
}

static void test_kt_checkpoint_read__gives_facts(void **state)
{
        static const struct {
                const char *path;
                struct kt_checkpoint_facts expect;
        } rows[] = {
                { FIXTURES "3.9.2/bootstrap.checkpoint", { .batches = 3, .records = 3, .metadata_version = 21 } },
                { FIXTURES "4.3.1/bootstrap.checkpoint", { .batches = 3, .records = 8, .metadata_version = 30 } },
                { FIXTURES "4.3.1/initial-controllers.checkpoint",
                  { .batches = 2, .records = 4, .kraft_version = 1, .voter_count = 3 } },
                { FIXTURES "4.4.0/static.checkpoint", { .batches = 3, .records = 8, .metadata_version = 33 } },
                { FIXTURES "4.4.0/no-initial-controllers.checkpoint",
                  { .batches = 3, .records = 9, .metadata_version = 33, .kraft_version = 1 } },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_checkpoint_facts facts;
                struct file file;

                load(rows[i].path, &file);
                assert_int_equal(kt_checkpoint_read(file.bytes, file.len, &facts, NULL), 0);
                assert_int_equal(facts.batches, rows[i].expect.batches);
                assert_int_equal(facts.records, rows[i].expect.records);
                assert_int_equal(facts.metadata_version, rows[i].expect.metadata_version);
                assert_int_equal(facts.kraft_version, rows[i].expect.kraft_version);
                assert_int_equal(facts.voter_count, rows[i].expect.voter_count);
        }
}

/* The standalone file of 4.3.1: batch at 0 with header, KRaftVersion and voters, footer's batch at 166. */
static void test_kt_checkpoint_read__says_what_is_wrong(void **state)
{
        enum { SEALED = 1 };
        static const struct {
                size_t at;
                uint8_t value;
                int is_sealed; /* with a right checksum again */
                const char *expect;
                const char *why;
        } rows[] = {
                { 7, 1, SEALED, "byte 0 does not start at the offset", "base offset" },
                { 8, 0x80, 0, "byte 0 is cut off", "negative length" },
                { 9, 1, 0, "byte 0 is cut off", "length beyond the file" },
                { 11, 48, 0, "byte 0 is cut off", "length below a header's" },
                { 16, 1, 0, "byte 0 is not of magic 2", "message format 1" },
                { 17, 0xff, 0, "byte 0 has a wrong checksum", "checksum" },
                { 80, 0xff, 0, "byte 0 has a wrong checksum", "payload" },
                { 22, 0x21, SEALED, "byte 0 is compressed", "gzip" },
                { 22, 0x00, SEALED, "byte 0 holds a malformed record", "control records in a data batch" },
                { 60, 0, SEALED, "byte 0 holds a malformed record", "fewer records than bytes" },
                { 60, 4, SEALED, "byte 0 holds a malformed record", "more records than bytes" },
                { 57, 0xff, SEALED, "byte 0 holds a malformed record", "four billion records" },
                { 61, 0xff, SEALED, "byte 0 holds a malformed record", "record length" },
                { 61, 0x01, SEALED, "byte 0 holds a malformed record", "negative record length" },
                { 64, 2, SEALED, "byte 0 holds a malformed record", "offset delta" },
                { 65, 1, SEALED, "byte 0 holds a malformed record", "no key in a control record" },
                { 67, 1, SEALED, "byte 0 holds a malformed record", "version of the control key" },
                { 69, 6, SEALED, "byte 0 holds a malformed record", "does not start with the header" },
                { 91, 3, SEALED, "byte 0 holds a malformed record", "a second header" },
                { 91, 4, SEALED, "byte 0 holds a malformed record", "records behind the footer" },
                { 112, 0, SEALED, "byte 0 holds a malformed record", "null array of voters" },
                { 112, 3, SEALED, "byte 0 holds a malformed record", "more voters than there are" },
                { 133, 0, SEALED, "byte 0 holds a malformed record", "null array of endpoints" },
                { 134, 0, SEALED, "byte 0 holds a malformed record", "null listener name" },
                { 134, 0x7f, SEALED, "byte 0 holds a malformed record", "listener name beyond the record" },
                { 235, 7, SEALED, "ends without its footer", "another record in its place" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_checkpoint_facts facts = { .batches = 77 };
                struct kt_err e = { 0 };
                struct file file;

                load(FIXTURES "4.3.1/standalone.checkpoint", &file);
                file.bytes[rows[i].at] = rows[i].value;
                if (rows[i].is_sealed)
                        (void)seal(&file, seal(&file, 0)); /* two batches: nothing is behind them */
                assert_int_equal(kt_checkpoint_read(file.bytes, file.len, &facts, &e), -EBADMSG);
                if (!strstr(e.text, rows[i].expect))
                        fail_msg("%s: got '%s'", rows[i].why, e.text);
                assert_int_equal(facts.batches, 77);
        }
}

static void test_kt_checkpoint_read__refuses_every_cut(void **state)
{
        struct file file;
        (void)state;

        load(FIXTURES "4.4.0/initial-controllers.checkpoint", &file);
        for (size_t len = 0; len < file.len; len++)
                assert_int_equal(kt_checkpoint_read(file.bytes, len, &(struct kt_checkpoint_facts){ 0 }, NULL),
                                 -EBADMSG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_checkpoint_bootstrap__equals_storage_tool),
                cmocka_unit_test(test_kt_checkpoint_first__equals_storage_tool_standalone),
                cmocka_unit_test(test_kt_checkpoint_first__equals_storage_tool_with_three_voters),
                cmocka_unit_test(test_kt_checkpoint_first__equals_storage_tool_without_voters),
                cmocka_unit_test(test_kt_checkpoint_first_static__equals_storage_tool),
                cmocka_unit_test(test_kt_checkpoint_first__long_names_and_many_voters_read_back),
                cmocka_unit_test(test_kt_checkpoint_first__appends),
                cmocka_unit_test(test_kt_checkpoint_bootstrap__leaves_failed_builder_alone),
                cmocka_unit_test(test_kt_checkpoint_read__gives_facts),
                cmocka_unit_test(test_kt_checkpoint_read__says_what_is_wrong),
                cmocka_unit_test(test_kt_checkpoint_read__refuses_every_cut),
        };

        return TEST_MAIN(tests);
}
