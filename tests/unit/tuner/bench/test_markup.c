/* SPDX-License-Identifier: Apache-2.0 */
/* Escaping, and how figures look. */
#include "tuner/bench/markup.h"

#include <math.h>
#include <string.h>

#include "tests/unit/support.h"

#define GAP "\xc2\xa0"

static void assert_shows(struct kt_str *out, const char *expect, const char *why)
{
        if (strcmp(kt_str_get(out), expect) != 0)
                fail_msg("'%s' instead of '%s': %s", kt_str_get(out), expect, why);
        kt_str_done(out);
}

static void test_markup_text__escapes(void **state)
{
        static const struct {
                const char *text;
                const char *expect;
                const char *why;
        } rows[] = {
                { "/mnt/a", "/mnt/a", "nothing to do" },
                { "", "", "nothing at all" },
                { "<script>&\"'", "&lt;script&gt;&amp;&quot;&#39;", "whatever begins or ends something" },
                { "&amp;", "&amp;amp;", "what is escaped already is text, too" },
                { "a\nb\tc\x1b[31m", "a\\nb\\x09c\\x1b[31m", "control characters" },
                { "\xc3\xa9", "\xc3\xa9", "UTF-8 stays" },
                { "\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd", "bytes that are none" },
                { "\xc2\x85", "\\x85", "C1 controls" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_str out = { 0 };

                kt_markup_text(&out, rows[i].text);
                assert_shows(&out, rows[i].expect, rows[i].why);
        }
}

static void test_markup_value__is_isolated(void **state)
{
        struct kt_str out = { 0 };

        (void)state;
        kt_markup_value(&out, "</bdi>\xe2\x80\xae");
        assert_shows(&out, "<bdi>&lt;/bdi&gt;\xe2\x80\xae</bdi>", "an override ends with its element");
}

static void test_markup_figures(void **state)
{
        static const struct {
                void (*show)(struct kt_str *out, double value);
                double value;
                const char *expect;
        } rows[] = {
                { kt_markup_rate, 45e6, "45.0" GAP "MB/s" },
                { kt_markup_rate, 4.5e5, "0.45" GAP "MB/s" },
                { kt_markup_rate, 99.96e6, "100" GAP "MB/s" },
                { kt_markup_rate, 1844e6, "1,844" GAP "MB/s" },
                { kt_markup_rate, 12.3e9, "12.3" GAP "GB/s" },
                { kt_markup_rate, 0, "0.00" GAP "MB/s" },
                { kt_markup_rate, -1, "-" },
                { kt_markup_rate, NAN, "-" },
                { kt_markup_rate, INFINITY, "-" },
                { kt_markup_rate, 1e300, "-" },
                { kt_markup_bytes, 800e6, "800" GAP "MB" },
                { kt_markup_bytes, 1.8e9, "1.8" GAP "GB" },
                { kt_markup_bytes, NAN, "-" },
                { kt_markup_seconds, 13.33, "13.3" GAP "s" },
                { kt_markup_seconds, 246, "246" GAP "s" },
                { kt_markup_seconds, 7200, "2.00" GAP "h" },
                { kt_markup_seconds, -0.1, "-" },
                { kt_markup_percent, 0.6667, "66.7" GAP "%" },
                { kt_markup_percent, NAN, "-" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_str out = { 0 };

                rows[i].show(&out, rows[i].value);
                assert_shows(&out, rows[i].expect, "figure");
        }
}

static void test_markup_latency__has_three_digits(void **state)
{
        static const struct {
                int64_t ns;
                const char *expect;
        } rows[] = {
                { 0, "0.00" GAP "\xc2\xb5s" },
                { 950, "0.95" GAP "\xc2\xb5s" },
                { 900000, "900" GAP "\xc2\xb5s" },
                { 4210000, "4.21" GAP "ms" },
                { 42100000, "42.1" GAP "ms" },
                { 999900000, "1.00" GAP "s" },
                { INT64_C(17200000000), "17.2" GAP "s" },
                { -1, "-" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_str out = { 0 };

                kt_markup_latency(&out, rows[i].ns);
                assert_shows(&out, rows[i].expect, "latency");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_markup_text__escapes),
                cmocka_unit_test(test_markup_value__is_isolated),
                cmocka_unit_test(test_markup_figures),
                cmocka_unit_test(test_markup_latency__has_three_digits),
        };

        return TEST_MAIN(tests);
}
