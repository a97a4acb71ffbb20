/* SPDX-License-Identifier: Apache-2.0 */
/* The table of Kafka versions. */
#include "lib/kafka/version.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/support.h"

static void test_kt_kafka_version_find__minor_release_decides(void **state)
{
        static const struct {
                const char *text;
                const char *expect;
        } rows[] = {
                { "0.10.2", "0.10.2" }, { "0.10.2.0", "0.10.2" }, { "0.10.2.1", "0.10.2" }, { "3.9", "3.9" },
                { "3.9.2", "3.9" },     { "4.0", "4.0" },         { "4.3", "4.3" },         { "4.3.0", "4.3" },
                { "4.3.1", "4.3" },     { "4.3.99", "4.3" },      { "4.4.0", "4.4" },       { "", NULL },
                { "4", NULL },          { "4.", NULL },           { "4.30", NULL },         { "4.3x", NULL },
                { "4.3.", NULL },       { "4.3.1.", NULL },       { "4.3.1.2", NULL },      { "4.3.x", NULL },
                { "4.3.1-rc1", NULL },  { " 4.3", NULL },         { "4.3 ", NULL },         { "4.3.-1", NULL },
                { "0.10", NULL },       { "0.10.3", NULL },       { "0.10.22", NULL },      { "3.10", NULL },
                { "5.0", NULL },        { "v4.3", NULL },         { "4.3.100000", NULL },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_kafka_version *version = kt_kafka_version_find(rows[i].text);

                if (rows[i].expect)
                        assert_string_equal(version->name, rows[i].expect);
                else
                        assert_null(version);
        }
}

static void test_kt_kafka_versions__rows_are_sound(void **state)
{
        (void)state;

        assert_int_equal(kt_kafka_version_count, 7);
        for (size_t i = 0; i < kt_kafka_version_count; i++) {
                const struct kt_kafka_version *version = &kt_kafka_versions[i];
                size_t n = 0;

                assert_int_equal(version->schema_bit, i);
                assert_ptr_equal(kt_kafka_version_find(version->name), version);
                assert_ptr_equal(kt_kafka_version_find(version->patch), version);
                assert_true(version->has_kraft || version->has_zookeeper);
                assert_int_equal(version->has_kraft, version->features[0].name != NULL);
                for (; n < KT_KAFKA_FEATURES_MAX && version->features[n].name; n++) {
                        assert_true(version->features[n].level > 0);
                        if (n > 1)
                                assert_true(strcmp(version->features[n - 1].name, version->features[n].name) < 0);
                }
                assert_true(n < KT_KAFKA_FEATURES_MAX);
                if (version->has_kraft)
                        assert_string_equal(version->features[0].name, "metadata.version");
        }
}

static void test_kt_kafka_version_refuse__names_all(void **state)
{
        struct kt_err e = { 0 };
        (void)state;

        assert_int_equal(kt_kafka_version_refuse("5.0", &e), -EINVAL);
        assert_non_null(strstr(e.text, "Kafka 5.0 is not known"));
        for (size_t i = 0; i < kt_kafka_version_count; i++)
                assert_non_null(strstr(e.text, kt_kafka_versions[i].name));
        assert_non_null(strstr(e.text, ": 0.10.2, 3.9, "));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_kafka_version_find__minor_release_decides),
                cmocka_unit_test(test_kt_kafka_versions__rows_are_sound),
                cmocka_unit_test(test_kt_kafka_version_refuse__names_all),
        };

        return TEST_MAIN(tests);
}
