/* SPDX-License-Identifier: Apache-2.0 */
/* The string builder. */
#include "lib/text/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

static void test_add__appends(void **state)
{
        KT_AUTO_STR struct kt_str s = { 0 };
        (void)state;

        assert_string_equal(kt_str_get(&s), "");
        kt_str_add(&s, "");
        kt_str_add(&s, "ab");
        kt_str_add_char(&s, 'c');
        kt_str_addf(&s, "%d%s", 12, "x");
        kt_str_add_bytes(&s, NULL, 0);
        assert_string_equal(kt_str_get(&s), "abc12x");
        assert_int_equal(s.len, 6);
        assert_int_equal(kt_str_error(&s), 0);
}

static void test_add_bytes__keeps_nul(void **state)
{
        KT_AUTO_STR struct kt_str s = { 0 };
        (void)state;

        kt_str_add_bytes(&s, "a\0b", 3);
        kt_str_add_char(&s, 'c');
        assert_int_equal(s.len, 4);
        assert_memory_equal(s.data, "a\0bc", 5);
}

static void test_addf__of_any_length(void **state)
{
        (void)state;

        for (int width = 1; width < 300; width++) {
                KT_AUTO_STR struct kt_str s = { 0 };

                kt_str_addf(&s, "%*d", width, 7);
                kt_str_addf(&s, "%*d", width, 8);
                assert_int_equal(s.len, 2 * width);
                assert_int_equal(strlen(kt_str_get(&s)), 2 * width);
        }
}

static void test_pad__counts_from_the_line(void **state)
{
        KT_AUTO_STR struct kt_str s = { 0 };
        (void)state;

        kt_str_pad(&s, 2, '.');
        kt_str_add(&s, "long line\nab");
        kt_str_pad(&s, 4, ' ');
        kt_str_add_char(&s, '|');
        kt_str_pad(&s, 3, ' ');
        assert_string_equal(kt_str_get(&s), "..long line\nab  |");
}

static void test_error__stops_all_later_ones(void **state)
{
        KT_AUTO_STR struct kt_str s = { 0 };
        (void)state;

        kt_str_add(&s, "a");
        kt_str_add_bytes(&s, "x", SIZE_MAX);
        assert_int_equal(kt_str_error(&s), -ENOMEM);
        kt_str_add(&s, "b");
        kt_str_addf(&s, "%s", "c");
        kt_str_pad(&s, 10, ' ');
        assert_string_equal(kt_str_get(&s), "a");
        assert_null(kt_str_take(&s));
        assert_int_equal(kt_str_error(&s), 0);
        assert_int_equal(s.len, 0);
}

static void test_clear__keeps_the_memory(void **state)
{
        KT_AUTO_STR struct kt_str s = { 0 };
        size_t cap;
        (void)state;

        kt_str_clear(&s);
        kt_str_add(&s, "abc");
        cap = s.cap;
        kt_str_clear(&s);
        assert_string_equal(kt_str_get(&s), "");
        assert_int_equal(s.cap, cap);
}

static void test_take__gives_an_owned_text(void **state)
{
        KT_AUTO_STR struct kt_str s = { 0 };
        KT_AUTO_FREE char *empty = kt_str_take(&s);
        KT_AUTO_FREE char *text = NULL;
        (void)state;

        assert_string_equal(empty, "");
        kt_str_add(&s, "abc");
        text = kt_str_take(&s);
        assert_string_equal(text, "abc");
        assert_int_equal(s.len, 0);
        assert_null(s.data);
}

static void test_make__formats(void **state)
{
        KT_AUTO_FREE char *text = kt_str_make("%s-%d", "a", 1);
        KT_AUTO_FREE char *empty = kt_str_make("%s", "");
        (void)state;

        assert_string_equal(text, "a-1");
        assert_string_equal(empty, "");
}

KT_PRINTF(1, 2)
static char *vmake(const char *format, ...)
{
        char *text;
        va_list args;

        va_start(args, format);
        text = kt_str_vmake(format, args);
        va_end(args);
        return text;
}

static void test_vmake__formats(void **state)
{
        KT_AUTO_FREE char *text = vmake("%s-%*d", "a", 300, 1); /* args are read twice: to measure and to write */
        KT_AUTO_FREE char *empty = vmake("%s", "");
        (void)state;

        assert_int_equal(strlen(text), 302);
        assert_memory_equal(text, "a- ", 3);
        assert_string_equal(text + 300, " 1");
        assert_string_equal(empty, "");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add__appends),
                cmocka_unit_test(test_add_bytes__keeps_nul),
                cmocka_unit_test(test_addf__of_any_length),
                cmocka_unit_test(test_pad__counts_from_the_line),
                cmocka_unit_test(test_error__stops_all_later_ones),
                cmocka_unit_test(test_clear__keeps_the_memory),
                cmocka_unit_test(test_take__gives_an_owned_text),
                cmocka_unit_test(test_make__formats),
                cmocka_unit_test(test_vmake__formats),
        };

        return TEST_MAIN(tests);
}
