/* SPDX-License-Identifier: Apache-2.0 */
/* Ids: the rows are what org.apache.kafka.common.Uuid of Kafka 4.3.1 said to the same texts. */
#include "lib/kafka/uuid.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/support.h"

static void test_kt_uuid_parse__takes_what_kafka_takes(void **state)
{
        static const struct {
                const char *text;
                const char *expect; /* formatted again; NULL: refused */
        } rows[] = {
                { "JEXY6aqPQY-7YRM25tYMOA", "JEXY6aqPQY-7YRM25tYMOA" },
                { "JEXY6aqPQY-7YRM25tYMOB", "JEXY6aqPQY-7YRM25tYMOA" },
                { "JEXY6aqPQY-7YRM25tYMOP", "JEXY6aqPQY-7YRM25tYMOA" },
                { "JEXY6aqPQY-7YRM25tYMOQ", "JEXY6aqPQY-7YRM25tYMOQ" },
                { "JEXY6aqPQY-7YRM25tYMOA==", "JEXY6aqPQY-7YRM25tYMOA" },
                { "JEXY6aqPQY-7YRM25tYMOB==", "JEXY6aqPQY-7YRM25tYMOA" },
                { "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA" },
                { "AAAAAAAAAAAAAAAAAAAAYw", "AAAAAAAAAAAAAAAAAAAAYw" },
                { "-EXY6aqPQY-7YRM25tYMOA", "-EXY6aqPQY-7YRM25tYMOA" },
                { "__________--_________w", "__________--_________w" },
                { "", NULL },
                { "====", NULL },
                { "JEXY6aqPQY-7YRM25tYMO", NULL },
                { "JEXY6aqPQY-7YRM25tYMOA=", NULL },
                { "JEXY6aqPQY-7YRM25tYMOAA", NULL },
                { "JEXY6aqPQY-7YRM25tYMOAAA", NULL },
                { "JEXY6aqPQY-7YRM25tYMOA===", NULL },
                { "JEXY6aqPQY-7YRM25tYM==OA", NULL },
                { "JEXY6aqPQY-7YRM25tYM====", NULL },
                { "JEXY6aqPQY-7YRM25tYMOA=A", NULL },
                { "JEXY6aqPQY+7YRM25tYMOA", NULL },
                { "JEXY6aqPQY/7YRM25tYMOA", NULL },
                { "JEXY6aqPQY 7YRM25tYMOA", NULL },
                { " JEXY6aqPQY-7YRM25tYMO", NULL },
                { "JEXY6aqPQY-7YRM25tYM\xc3\xa9", NULL },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_uuid uuid = { .bytes = { 1 } };
                char text[KT_UUID_TEXT_MAX];
                bool canonical = false;

                if (!rows[i].expect) {
                        assert_int_equal(kt_uuid_parse(rows[i].text, &uuid, &canonical), -EINVAL);
                        assert_int_equal(uuid.bytes[0], 1);
                        continue;
                }
                assert_int_equal(kt_uuid_parse(rows[i].text, &uuid, &canonical), 0);
                assert_string_equal(kt_uuid_format(&uuid, text), rows[i].expect);
                assert_int_equal(canonical, strcmp(rows[i].text, rows[i].expect) == 0);
                assert_int_equal(kt_uuid_parse(rows[i].text, &uuid, NULL), 0);
        }
}

static void test_kt_uuid_parse__gives_bytes(void **state)
{
        static const struct kt_uuid expect = { { 0x24, 0x45, 0xd8, 0xe9, 0xaa, 0x8f, 0x41, 0x8f, 0xbb, 0x61, 0x13, 0x36,
                                                 0xe6, 0xd6, 0x0c, 0x38 } };
        struct kt_uuid uuid;
        (void)state;

        assert_int_equal(kt_uuid_parse("JEXY6aqPQY-7YRM25tYMOA", &uuid, NULL), 0);
        assert_true(kt_uuid_equal(&uuid, &expect));
        uuid.bytes[15] ^= 1;
        assert_false(kt_uuid_equal(&uuid, &expect));
}

static void test_kt_uuid_is_reserved__first_hundred(void **state)
{
        struct kt_uuid uuid = { 0 };
        (void)state;

        assert_true(kt_uuid_is_reserved(&uuid));
        uuid.bytes[15] = 99;
        assert_true(kt_uuid_is_reserved(&uuid));
        uuid.bytes[15] = 100;
        assert_false(kt_uuid_is_reserved(&uuid));
        uuid.bytes[15] = 1;
        uuid.bytes[0] = 1;
        assert_false(kt_uuid_is_reserved(&uuid));
}

static void test_kt_uuid_random__is_version_4_and_starts_well(void **state)
{
        struct kt_uuid last = { 0 };
        (void)state;

        for (int i = 0; i < 1000; i++) {
                struct kt_uuid uuid;
                char text[KT_UUID_TEXT_MAX];

                assert_int_equal(kt_uuid_random(&uuid, NULL), 0);
                assert_int_equal(uuid.bytes[6] >> 4, 4);
                assert_int_equal(uuid.bytes[8] >> 6, 2);
                assert_int_not_equal(kt_uuid_format(&uuid, text)[0], '-');
                assert_false(kt_uuid_is_reserved(&uuid));
                assert_false(kt_uuid_equal(&uuid, &last));
                last = uuid;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_uuid_parse__takes_what_kafka_takes),
                cmocka_unit_test(test_kt_uuid_parse__gives_bytes),
                cmocka_unit_test(test_kt_uuid_is_reserved__first_hundred),
                cmocka_unit_test(test_kt_uuid_random__is_version_4_and_starts_well),
        };

        return TEST_MAIN(tests);
}
