/* SPDX-License-Identifier: Apache-2.0 */
/* The error value: texts, contexts, and what is cut. */
#include "lib/base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/support.h"

static void test_set__fills_and_returns_the_code(void **state)
{
        struct kt_err e = { 0 };
        (void)state;

        assert_int_equal(kt_err_set(&e, -ENOENT, "open %s", "/x"), -ENOENT);
        assert_int_equal(e.code, -ENOENT);
        assert_string_equal(e.text, "open /x");
}

static void test_set__without_an_error_value(void **state)
{
        (void)state;

        assert_int_equal(kt_err_set(NULL, -EIO, "x"), -EIO);
        assert_int_equal(kt_err_wrap(NULL, -EIO, "x"), -EIO);
}

static void test_set__cuts_long_texts(void **state)
{
        char text[KT_ERR_TEXT_MAX + 1];
        struct kt_err e = { 0 };
        (void)state;

        memset(text, 'a', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        assert_int_equal(kt_err_set(&e, -EIO, "%s", text), -EIO);
        assert_int_equal(strlen(e.text), KT_ERR_TEXT_MAX - 1);
        assert_string_equal(e.text + KT_ERR_TEXT_MAX - 6, "aa...");

        kt_err_clear(&e);
        text[KT_ERR_TEXT_MAX - 1] = '\0';
        assert_int_equal(kt_err_set(&e, -EIO, "%s", text), -EIO);
        assert_string_equal(e.text, text);
}

static void test_wrap__puts_context_in_front(void **state)
{
        struct kt_err e = { 0 };
        (void)state;

        assert_int_equal(kt_err_set(&e, -EIO, "read %s", "a"), -EIO);
        assert_int_equal(kt_err_wrap(&e, -EPERM, "apply %s", "b"), -EPERM);
        assert_string_equal(e.text, "apply b: read a");
        assert_int_equal(e.code, -EPERM);
}

static void test_wrap__sets_an_empty_one(void **state)
{
        struct kt_err e = { 0 };
        (void)state;

        assert_int_equal(kt_err_wrap(&e, -EIO, "apply"), -EIO);
        assert_string_equal(e.text, "apply");
}

static void test_wrap__cuts_at_any_length(void **state)
{
        (void)state;

        for (size_t outer = KT_ERR_TEXT_MAX - 8; outer < KT_ERR_TEXT_MAX + 2; outer++) {
                char text[KT_ERR_TEXT_MAX + 2];
                struct kt_err e = { 0 };

                memset(text, 'o', outer);
                text[outer] = '\0';
                assert_int_equal(kt_err_set(&e, -EIO, "inner text"), -EIO);
                assert_int_equal(kt_err_wrap(&e, -EIO, "%s", text), -EIO);
                assert_int_equal(strlen(e.text), KT_ERR_TEXT_MAX - 1);
                assert_string_equal(e.text + KT_ERR_TEXT_MAX - 4, "...");
        }
}

static void test_text__adds_the_words_of_errno_where_they_help(void **state)
{
        static const struct {
                int code;
                const char *expect;
        } rows[] = {
                { -ENOENT, "open: No such file or directory" },
                { -EINVAL, "open" },
                { -ERANGE, "open" },
                { -EBADMSG, "open" },
                { -ESRCH, "open" },
                { 0, "open" },
                { -9999, "open" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_err e = { .code = rows[i].code, .text = "open" };
                char buf[64];

                assert_string_equal(kt_err_text(&e, buf, sizeof(buf)), rows[i].expect);
        }
}

static void test_text__cuts_to_the_buffer(void **state)
{
        const struct kt_err e = { .code = -ENOENT, .text = "open" };
        char buf[8];
        char tiny[2];
        (void)state;

        assert_string_equal(kt_err_text(&e, buf, sizeof(buf)), "open...");
        assert_string_equal(kt_err_text(&e, tiny, sizeof(tiny)), "o");
}

static void test_clear__makes_room_for_another(void **state)
{
        struct kt_err e = { 0 };
        (void)state;

        assert_int_equal(kt_err_set(&e, -EIO, "first"), -EIO);
        kt_err_clear(&e);
        assert_int_equal(e.code, 0);
        assert_string_equal(e.text, "");
        assert_int_equal(kt_err_set(&e, -EPERM, "second"), -EPERM);
        assert_string_equal(e.text, "second");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_set__fills_and_returns_the_code),
                cmocka_unit_test(test_set__without_an_error_value),
                cmocka_unit_test(test_set__cuts_long_texts),
                cmocka_unit_test(test_wrap__puts_context_in_front),
                cmocka_unit_test(test_wrap__sets_an_empty_one),
                cmocka_unit_test(test_wrap__cuts_at_any_length),
                cmocka_unit_test(test_text__adds_the_words_of_errno_where_they_help),
                cmocka_unit_test(test_text__cuts_to_the_buffer),
                cmocka_unit_test(test_clear__makes_room_for_another),
        };

        return TEST_MAIN(tests);
}
