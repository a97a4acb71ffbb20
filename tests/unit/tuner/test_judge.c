/* SPDX-License-Identifier: Apache-2.0 */
/* Judge: every rule with every kind of value. */
#include "tuner/judge.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#define NUMBER(name)                                                           \
        {                                                                      \
                .id = "x", .path = "/x", .type = KT_ROW_NUMBER, .rule = (name) \
        }
#define TUPLE(name, n)                                                                       \
        {                                                                                    \
                .id = "x", .path = "/x", .type = KT_ROW_TUPLE, .rule = (name), .column = (n) \
        }

static const struct kt_row exact = NUMBER(KT_RULE_EXACT);
static const struct kt_row at_least = NUMBER(KT_RULE_AT_LEAST);
static const struct kt_row at_most = NUMBER(KT_RULE_AT_MOST);
static const struct kt_row between = NUMBER(KT_RULE_BETWEEN);
static const struct kt_row third = TUPLE(KT_RULE_AT_LEAST, 3);
static const struct kt_row first = TUPLE(KT_RULE_EXACT, 1);
static const struct kt_row one_of = { .id = "x", .path = "/x", .type = KT_ROW_CHOICE, .rule = KT_RULE_ONE_OF };

static void test_judge__rules(void **state)
{
        static const struct {
                const struct kt_row *row;
                const char *have;
                const char *want;
                bool holds;
        } rows[] = {
                { &exact, "0", "0", true },
                { &exact, "1", "0", false },
                { &exact, "007", "7", true },
                { &at_least, "262144", "262144", true },
                { &at_least, "262145", "262144", true },
                { &at_least, "262143", "262144", false },
                { &at_least, "9223372036854775807", "1048576", true },
                { &at_least, "18446744073709551615", "18446744073709551615", true },
                { &at_least, "unlimited", "100000", true },
                { &at_least, "100000", "unlimited", false },
                { &at_most, "10", "10", true },
                { &at_most, "0", "10", true },
                { &at_most, "11", "10", false },
                { &at_most, "unlimited", "10", false },
                { &between, "1", "1 10", true },
                { &between, "10", "1 10", true },
                { &between, "0", "1 10", false },
                { &between, "11", "1 10", false },
                { &between, "5", "5 5", true },
                { &third, "4096 131072 6291456", "6291456", true },
                { &third, "4096 131072 6291456", "6291457", false },
                { &third, "4096\t131072\t6291456", "1", true },
                { &first, "4096 131072 6291456", "4096", true },
                { &first, "4097 131072 6291456", "4096", false },
                { &one_of, "madvise", "madvise always", true },
                { &one_of, "always", "madvise always", true },
                { &one_of, "never", "madvise always", false },
                { &one_of, "mad", "madvise always", false },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_err e = { 0 };
                bool holds = !rows[i].holds;

                assert_int_equal(kt_tuner_judge(rows[i].row, rows[i].have, rows[i].want, &holds, &e), 0);
                assert_int_equal(holds, rows[i].holds);
        }
}

static void test_judge__garbage_is_no_value(void **state)
{
        static const struct {
                const struct kt_row *row;
                const char *have;
                const char *why;
        } rows[] = {
                { &at_least, "", "empty" },
                { &at_least, "   ", "blank" },
                { &at_least, "many", "a word" },
                { &at_least, "-1", "negative" },
                { &at_least, "0x10", "hexadecimal" },
                { &at_least, "1 2", "two numbers" },
                { &at_least, "18446744073709551616", "above 64 bits" },
                { &at_least, "1111111111111111111111111111111111111111111111", "far above" },
                { &third, "4096 131072", "a number is missing" },
                { &third, "4096 131072 x", "a word among them" },
                { &third, "1 2 3 4 5 6 7 8 9", "too many" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_err e = { 0 };
                bool holds = true;

                assert_int_equal(kt_tuner_judge(rows[i].row, rows[i].have, "1", &holds, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "/x holds '"));
                assert_true(holds); /* untouched */
        }
}

static void test_judge_want__refuses(void **state)
{
        static const struct {
                const struct kt_row *row;
                const char *want;
        } rows[] = {
                { &at_least, "" }, { &at_least, "1 2" }, { &at_least, "abc" },
                { &between, "1" }, { &between, "10 1" }, { &between, "1 2 3" },
                { &one_of, "" },   { &one_of, "  " },    { &third, "1 2 3" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_err e = { 0 };
                bool holds = false;

                assert_int_equal(kt_tuner_judge_want(rows[i].row, rows[i].want, &e), -EINVAL);
                assert_non_null(strstr(e.text, "x wants "));
                assert_int_equal(kt_tuner_judge(rows[i].row, "1", rows[i].want, &holds, NULL), -EINVAL);
        }
}

static void test_judge_target__is_what_to_write(void **state)
{
        static const struct {
                const struct kt_row *row;
                const char *have;
                const char *want;
                const char *expect;
        } rows[] = {
                { &at_least, "65530", "262144", "262144" },
                { &at_least, "1", "unlimited", "unlimited" },
                { &at_most, "60", "10", "10" },
                { &exact, "1", "0", "0" },
                { &between, "60", "1 10", "10" },
                { &between, "0", "1 10", "1" },
                { &third, "4096 131072 6291456", "16777216", "4096 131072 16777216" },
                { &first, "4097 2 3", "4096", "4096 2 3" },
                { &one_of, "never", "madvise always", "madvise" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str target = { 0 };
                struct kt_err e = { 0 };
                bool holds = false;

                kt_tuner_judge_target(rows[i].row, rows[i].have, rows[i].want, &target);
                assert_string_equal(kt_str_get(&target), rows[i].expect);
                assert_int_equal(kt_tuner_judge(rows[i].row, kt_str_get(&target), rows[i].want, &holds, &e), 0);
                assert_true(holds);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_judge__rules),
                cmocka_unit_test(test_judge__garbage_is_no_value),
                cmocka_unit_test(test_judge_want__refuses),
                cmocka_unit_test(test_judge_target__is_what_to_write),
        };

        return TEST_MAIN(tests);
}
