/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, strictly. */
#include "tests/unit/support.h"

#include <string.h>

#include "lib/text/utf8.h"

static void test_decode__takes_what_rfc_3629_takes(void **state)
{
        static const struct {
                const char *text;
                size_t len; /* 0: none */
                uint32_t code;
                const char *why;
        } rows[] = {
                { "a", 1, 'a', "ASCII" },
                { "\xc3\xa9", 2, 0xe9, "two bytes" },
                { "\xe2\x82\xac", 3, 0x20ac, "three bytes" },
                { "\xf0\x9f\x98\x80", 4, 0x1f600, "four bytes" },
                { "\xf4\x8f\xbf\xbf", 4, 0x10ffff, "the last one" },
                { "\xf4\x90\x80\x80", 0, 0, "behind the last one" },
                { "\xc0\x80", 0, 0, "NUL in an overlong form" },
                { "\xe0\x80\xaf", 0, 0, "overlong slash" },
                { "\xed\xa0\x80", 0, 0, "surrogate" },
                { "\x9b", 0, 0, "continuation alone" },
                { "\xc3", 0, 0, "cut short" },
                { "\xe2\x82", 0, 0, "cut short" },
                { "\xc3(", 0, 0, "no continuation" },
                { "\xff", 0, 0, "never a lead byte" },
                { "", 0, 0, "nothing" },
        };

        (void)state; /* no fixture */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                uint32_t code = 0;
                size_t len = kt_utf8_decode(rows[i].text, strlen(rows[i].text), &code);

                if (len != rows[i].len || (len > 0 && code != rows[i].code))
                        fail_msg("%s: length %zu, code %x", rows[i].why, len, (unsigned)code);
        }
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__takes_what_rfc_3629_takes),
};

int main(void)
{
        return TEST_MAIN(tests);
}
