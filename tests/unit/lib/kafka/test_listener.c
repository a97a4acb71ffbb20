/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: every form of an element, the limits, and lists of names. */
#include "lib/kafka/listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/support.h"

static void test_parse__one(void **state)
{
        static const struct {
                const char *value;
                const char *name; /* NULL: refused */
                const char *host;
                unsigned port;
                const char *why;
        } rows[] = {
                { "PLAINTEXT://kafka-0.kafka:9092", "PLAINTEXT", "kafka-0.kafka", 9092, "the usual" },
                { "plaintext://h:1", "PLAINTEXT", "h", 1, "Kafka compares names in upper case" },
                { "CONTROLLER://:9094", "CONTROLLER", "", 9094, "every address" },
                { "A://0.0.0.0:0", "A", "0.0.0.0", 0, "any free port" },
                { "A://[::]:65535", "A", "::", 65535, "brackets are not part of the address" },
                { "A://[2001:db8::1]:9092", "A", "2001:db8::1", 9092, "IPv6" },
                { "  A://h:9092\t", "A", "h", 9092, "blanks around" },
                { "A://h:9092,", "A", "h", 9092, "a comma at the end" },
                { "A://h:65536", NULL, NULL, 0, "no port that high" },
                { "A://h:-1", NULL, NULL, 0, "no negative port" },
                { "A://h:", NULL, NULL, 0, "no port" },
                { "A://h", NULL, NULL, 0, "no colon but the one behind the name" },
                { "A://", NULL, NULL, 0, "nothing behind the name" },
                { "://h:1", NULL, NULL, 0, "no name" },
                { "h:1", NULL, NULL, 0, "no separator" },
                { " ", NULL, NULL, 0, "blank only" },
                { ",", NULL, NULL, 0, "an empty element" },
                { "A://h:1,,B://h:2", NULL, NULL, 0, "an empty element between two" },
                { "A://h:1 2", NULL, NULL, 0, "something behind the port" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_listeners got = { .count = 99 };
                struct kt_err e = { 0 };
                int r = kt_listeners_parse(rows[i].value, &got, &e);

                if (!rows[i].name) {
                        if (r != -EINVAL || e.code != -EINVAL || got.count != 99)
                                fail_msg("'%s' (%s) was taken", rows[i].value, rows[i].why);
                        continue;
                }
                if (r != 0 || got.count != 1 || strcmp(got.items[0].name, rows[i].name) != 0 ||
                    strcmp(got.items[0].host, rows[i].host) != 0 || got.items[0].port != rows[i].port)
                        fail_msg("'%s' (%s)", rows[i].value, rows[i].why);
        }
}

static void test_parse__keeps_the_order_of_several(void **state)
{
        struct kt_listeners got;

        (void)state; /* no tree needed */
        assert_int_equal(kt_listeners_parse("B://h:2, A://[::1]:1", &got, NULL), 0);
        assert_int_equal(got.count, 2);
        assert_string_equal(got.items[0].name, "B");
        assert_string_equal(got.items[1].host, "::1");
        assert_int_equal(kt_listeners_parse("", &got, NULL), 0);
        assert_int_equal(got.count, 0);
}

static void test_parse__names_the_element_that_is_none(void **state)
{
        struct kt_listeners got;
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_listeners_parse("A://h:1,nonsense,B://h:2", &got, &e), -EINVAL);
        assert_non_null(strstr(e.text, "'nonsense'"));
}

static void test_parse__limits(void **state)
{
        char many[KT_LISTENERS_MAX * 16 + 64] = "";
        char longer[KT_LISTENER_TEXT_MAX + 64];
        struct kt_listeners got;
        struct kt_err e = { 0 };
        size_t at = 0;

        (void)state; /* no tree needed */
        for (int i = 0; i < KT_LISTENERS_MAX; i++)
                at += (size_t)snprintf(many + at, sizeof(many) - at, "%sL%d://h:%d", i ? "," : "", i, i + 1);
        assert_int_equal(kt_listeners_parse(many, &got, NULL), 0);
        assert_int_equal(got.count, KT_LISTENERS_MAX);
        (void)snprintf(many + at, sizeof(many) - at, ",ONE://h:1");
        assert_int_equal(kt_listeners_parse(many, &got, &e), -EINVAL);
        assert_non_null(strstr(e.text, "16"));

        memset(longer, 'h', sizeof(longer));
        memcpy(longer, "A://", 4);
        memcpy(longer + sizeof(longer) - 4, ":92", 4);
        assert_int_equal(kt_listeners_parse(longer, &got, NULL), -EINVAL);
}

static void test_find__any_case(void **state)
{
        struct kt_listeners got;

        (void)state; /* no tree needed */
        assert_int_equal(kt_listeners_parse("A://h:1,B://h:2", &got, NULL), 0);
        assert_ptr_equal(kt_listeners_find(&got, "b"), &got.items[1]);
        assert_null(kt_listeners_find(&got, "C"));
}

static void test_is_wildcard__rows(void **state)
{
        static const struct {
                const char *value;
                bool expect;
        } rows[] = {
                { "A://:1", true },       { "A://0.0.0.0:1", true },    { "A://[::]:1", true },
                { "A://[::1]:1", false }, { "A://127.0.0.1:1", false }, { "A://kafka-0:1", false },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_listeners got;

                assert_int_equal(kt_listeners_parse(rows[i].value, &got, NULL), 0);
                if (kt_listener_is_wildcard(&got.items[0]) != rows[i].expect)
                        fail_msg("%s", rows[i].value);
        }
}

static void test_is_named__rows(void **state)
{
        static const struct {
                const char *list;
                const char *name;
                bool expect;
        } rows[] = {
                { "CONTROLLER", "CONTROLLER", true },
                { "controller", "CONTROLLER", true },
                { "A, B ,C", "B", true },
                { "A,B", "C", false },
                { "", "A", false },
                { "AB", "A", false },
                { "A", "AB", false },
                { ",,A", "A", true },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_listener_is_named(rows[i].list, rows[i].name) != rows[i].expect)
                        fail_msg("%s in '%s'", rows[i].name, rows[i].list);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse__one),
        cmocka_unit_test(test_parse__keeps_the_order_of_several),
        cmocka_unit_test(test_parse__names_the_element_that_is_none),
        cmocka_unit_test(test_parse__limits),
        cmocka_unit_test(test_find__any_case),
        cmocka_unit_test(test_is_wildcard__rows),
        cmocka_unit_test(test_is_named__rows),
};

int main(void)
{
        return TEST_MAIN(tests);
}
