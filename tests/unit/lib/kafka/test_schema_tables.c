/* SPDX-License-Identifier: Apache-2.0 */
/* The generated tables: order, completeness, and that every rule in them is one that schema_value.c knows. */
#include "tests/unit/support.h"

#include <string.h>

#include "lib/kafka/schema.h"

static const struct kt_kafka_version *version(const char *name)
{
        const struct kt_kafka_version *found = kt_kafka_version_find(name);

        assert_non_null(found);
        return found;
}

static void test_tables__are_sorted_and_no_version_has_two_rows_of_a_name(void **state)
{
        (void)state;
        for (size_t i = 1; i < kt_schema_key_count; i++) {
                const struct kt_schema_key *a = &kt_schema_keys[i - 1];
                const struct kt_schema_key *b = &kt_schema_keys[i];
                int order = strcmp(a->name, b->name);

                assert_true(order <= 0);
                if (order < 0)
                        continue;
                assert_int_equal(a->versions & b->versions, 0);
                assert_true(__builtin_ctz(a->versions) < __builtin_ctz(b->versions));
        }
}

static void test_tables__have_the_keys_of_each_release(void **state)
{
        static const struct {
                const char *version;
                size_t keys;
                size_t internal;
                size_t required;
        } rows[] = {
                { "0.10.2", 141, 0, 0 }, { "3.9", 329, 14, 0 }, { "4.0", 306, 17, 2 }, { "4.1", 336, 20, 2 },
                { "4.2", 342, 21, 3 },   { "4.3", 360, 20, 3 }, { "4.4", 379, 29, 3 },
        };

        (void)state;
        assert_int_equal(KT_COUNT(rows), kt_kafka_version_count);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                uint32_t bit = UINT32_C(1) << version(rows[i].version)->schema_bit;
                size_t keys = 0;
                size_t internal = 0;
                size_t required = 0;

                for (size_t k = 0; k < kt_schema_key_count; k++) {
                        if (!(kt_schema_keys[k].versions & bit))
                                continue;
                        keys++;
                        internal += kt_schema_keys[k].is_internal;
                        required += kt_schema_keys[k].is_required;
                }
                assert_int_equal(keys, rows[i].keys);
                assert_int_equal(internal, rows[i].internal);
                assert_int_equal(required, rows[i].required);
        }
}

/* A rule that is not known refuses everything, so this walks most rules of the tables too. */
static void test_tables__defaults_are_accepted(void **state)
{
        char why[128];

        (void)state;
        for (size_t i = 0; i < kt_schema_key_count; i++)
                if (kt_schema_keys[i].preset &&
                    !kt_schema_accepts(&kt_schema_keys[i], kt_schema_keys[i].preset, why, sizeof(why)))
                        fail_msg("default of %s: %s", kt_schema_keys[i].name, why);
}

static void test_tables__every_rule_is_known(void **state)
{
        char why[256];

        (void)state;
        for (size_t i = 0; i < kt_schema_key_count; i++) {
                why[0] = '\0';
                (void)kt_schema_accepts(&kt_schema_keys[i], "1", why, sizeof(why)); /* the reason is what counts */
                assert_null(strstr(why, "not known"));
                assert_null(strstr(why, "cannot be read"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tables__are_sorted_and_no_version_has_two_rows_of_a_name),
                cmocka_unit_test(test_tables__have_the_keys_of_each_release),
                cmocka_unit_test(test_tables__defaults_are_accepted),
                cmocka_unit_test(test_tables__every_rule_is_known),
        };

        return TEST_MAIN(tests);
}
