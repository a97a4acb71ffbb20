/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds since 1970 as text. */
#include "lib/text/time.h"

#include "tests/unit/support.h"

static void test_format__moments(void **state)
{
        static const struct {
                int64_t wall_s;
                const char *text;
                const char *why;
        } rows[] = {
                { 0, "1970-01-01T00:00:00Z", "the first" },
                { 951782400, "2000-02-29T00:00:00Z", "a leap day" },
                { 1769860800, "2026-01-31T12:00:00Z", "these years" },
                { 2147483648, "2038-01-19T03:14:08Z", "more than 31 bits" },
                { -1, "1969-12-31T23:59:59Z", "before the first" },
                { INT64_MAX, "", "a year that does not fit into an int" },
        };
        char buf[KT_TIME_TEXT_MAX];

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                assert_ptr_equal(kt_time_format(rows[i].wall_s, buf), buf);
                assert_string_equal(buf, rows[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_format__moments),
        };

        return TEST_MAIN(tests);
}
