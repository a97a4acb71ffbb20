/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers: the whole text is the number, or it is an error. */
#include "lib/text/num.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/support.h"

#define UNTOUCHED 42

static void test_parse_u64__rows(void **state)
{
        static const struct {
                const char *input;
                int code;
                uint64_t expect;
        } rows[] = {
                { "0", 0, 0 },
                { "007", 0, 7 },
                { "18446744073709551615", 0, UINT64_MAX },
                { "18446744073709551616", -ERANGE, UNTOUCHED },
                { "99999999999999999999999", -ERANGE, UNTOUCHED },
                { "", -EINVAL, UNTOUCHED },
                { " 1", -EINVAL, UNTOUCHED },
                { "1 ", -EINVAL, UNTOUCHED },
                { "1\n", -EINVAL, UNTOUCHED },
                { "+1", -EINVAL, UNTOUCHED },
                { "-1", -EINVAL, UNTOUCHED },
                { "0x1", -EINVAL, UNTOUCHED },
                { "1.0", -EINVAL, UNTOUCHED },
                { "\xd9\xa1", -EINVAL, UNTOUCHED },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                uint64_t value = UNTOUCHED;

                assert_int_equal(kt_num_parse_u64(rows[i].input, &value), rows[i].code);
                assert_true(value == rows[i].expect);
        }
}

static void test_parse_u64_in__includes_both_ends(void **state)
{
        static const struct {
                const char *input;
                int code;
        } rows[] = { { "4", -ERANGE }, { "5", 0 }, { "7", 0 }, { "8", -ERANGE }, { "x", -EINVAL } };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                uint64_t value = UNTOUCHED;

                assert_int_equal(kt_num_parse_u64_in(rows[i].input, 5, 7, &value), rows[i].code);
                assert_int_equal(value == UNTOUCHED, rows[i].code != 0);
        }
}

static void test_parse_i64__rows(void **state)
{
        static const struct {
                const char *input;
                int code;
                int64_t expect;
        } rows[] = {
                { "0", 0, 0 },
                { "-0", 0, 0 },
                { "-1", 0, -1 },
                { "9223372036854775807", 0, INT64_MAX },
                { "9223372036854775808", -ERANGE, UNTOUCHED },
                { "-9223372036854775808", 0, INT64_MIN },
                { "-9223372036854775809", -ERANGE, UNTOUCHED },
                { "-", -EINVAL, UNTOUCHED },
                { "--1", -EINVAL, UNTOUCHED },
                { "- 1", -EINVAL, UNTOUCHED },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                int64_t value = UNTOUCHED;

                assert_int_equal(kt_num_parse_i64(rows[i].input, &value), rows[i].code);
                assert_true(value == rows[i].expect);
        }
}

static void test_parse_octal__rows(void **state)
{
        static const struct {
                const char *input;
                int code;
                uint32_t expect;
        } rows[] = {
                { "0755", 0, 0755 },         { "37777777777", 0, UINT32_MAX }, { "40000000000", -ERANGE, UNTOUCHED },
                { "8", -EINVAL, UNTOUCHED }, { "", -EINVAL, UNTOUCHED },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                uint32_t value = UNTOUCHED;

                assert_int_equal(kt_num_parse_octal(rows[i].input, &value), rows[i].code);
                assert_int_equal(value, rows[i].expect);
        }
}

static void test_parse_double__rows(void **state)
{
        static const struct {
                const char *input;
                int code;
                double expect;
        } rows[] = {
                { "1", 0, 1 },
                { "-1.5e3", 0, -1500 },
                { ".5", 0, 0.5 },
                { "1E-2", 0, 0.01 },
                { "1e400", -ERANGE, UNTOUCHED },
                { "inf", -EINVAL, UNTOUCHED },
                { "-inf", -EINVAL, UNTOUCHED },
                { "nan", -EINVAL, UNTOUCHED },
                { "0x10", -EINVAL, UNTOUCHED },
                { "+1", -EINVAL, UNTOUCHED },
                { " 1", -EINVAL, UNTOUCHED },
                { "1 ", -EINVAL, UNTOUCHED },
                { "1,5", -EINVAL, UNTOUCHED },
                { "-", -EINVAL, UNTOUCHED },
                { ".", -EINVAL, UNTOUCHED },
                { "", -EINVAL, UNTOUCHED },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                double value = UNTOUCHED;

                assert_int_equal(kt_num_parse_double(rows[i].input, &value), rows[i].code);
                assert_true(value == rows[i].expect);
        }
}

static void test_parse_size__rows(void **state)
{
        static const struct {
                const char *input;
                int code;
                uint64_t expect;
                const char *why;
        } rows[] = {
                { "0", 0, 0, "" },
                { "512", 0, 512, "bytes" },
                { "60M", 0, 60000000, "powers of 1000" },
                { "1k", 0, 1000, "small k" },
                { "1K", -EINVAL, UNTOUCHED, "Kubernetes has no capital K" },
                { "10Gi", 0, 10ULL << 30, "powers of 1024" },
                { "1.5Gi", 0, 3ULL << 29, "a fraction" },
                { "0.1", 0, 1, "rounds up" },
                { "1.0000000000000001", 0, 2, "rounds up however little it is" },
                { "1.000", 0, 1, "a fraction of nothing" },
                { "1.0000000000000000001", -EINVAL, UNTOUCHED, "19 digits of fraction" },
                { "16384Pi", -ERANGE, UNTOUCHED, "2^64" },
                { "16383Pi", 0, 16383ULL << 50, "below 2^64" },
                { "18446744073709551615.5", -ERANGE, UNTOUCHED, "the fraction overflows" },
                { "1.", -EINVAL, UNTOUCHED, "a point without digits" },
                { ".5Gi", -EINVAL, UNTOUCHED, "no digits before the point" },
                { "1GB", -EINVAL, UNTOUCHED, "unknown suffix" },
                { "1 Gi", -EINVAL, UNTOUCHED, "a blank" },
                { "Gi", -EINVAL, UNTOUCHED, "no number" },
                { "-1Gi", -EINVAL, UNTOUCHED, "negative" },
                { "1m", -EINVAL, UNTOUCHED, "thousandths of a byte" },
                { "", -EINVAL, UNTOUCHED, "empty" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                uint64_t value = UNTOUCHED;
                int r = kt_num_parse_size(rows[i].input, &value);

                if (r != rows[i].code || value != rows[i].expect)
                        fail_msg("%s (%s): %d, %llu", rows[i].input, rows[i].why, r, (unsigned long long)value);
        }
}

static void test_parse_duration__rows(void **state)
{
        static const struct {
                const char *input;
                int code;
                int64_t expect;
        } rows[] = {
                { "0", 0, 0 },
                { "500ms", 0, 500 },
                { "30s", 0, 30000 },
                { "5m", 0, 300000 },
                { "1h", 0, 3600000 },
                { "2d", 0, 172800000 },
                { "0s", 0, 0 },
                { "30", -EINVAL, UNTOUCHED },
                { "1h30m", -EINVAL, UNTOUCHED },
                { "1.5s", -EINVAL, UNTOUCHED },
                { "-1s", -EINVAL, UNTOUCHED },
                { "s", -EINVAL, UNTOUCHED },
                { "", -EINVAL, UNTOUCHED },
                { "9223372036854775807ms", 0, INT64_MAX },
                { "9223372036854775808ms", -ERANGE, UNTOUCHED },
                { "18446744073709551615d", -ERANGE, UNTOUCHED },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                int64_t value = UNTOUCHED;

                assert_int_equal(kt_num_parse_duration(rows[i].input, &value), rows[i].code);
                assert_true(value == rows[i].expect);
        }
}

static void test_format_count__groups_digits(void **state)
{
        static const struct {
                uint64_t value;
                const char *expect;
        } rows[] = {
                { 0, "0" },          { 999, "999" },        { 1000, "1,000" },
                { 20431, "20,431" }, { 262144, "262,144" }, { UINT64_MAX, "18,446,744,073,709,551,615" },
        };
        char buf[KT_NUM_TEXT_MAX];
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_string_equal(kt_num_format_count(rows[i].value, buf), rows[i].expect);
}

static void test_format_sizes__rows(void **state)
{
        static const struct {
                uint64_t value;
                const char *binary;
                const char *decimal;
        } rows[] = {
                { 0, "0 B", "0 B" },
                { 999, "999 B", "999 B" },
                { 1000, "1000 B", "1.0 kB" },
                { 1023, "1023 B", "1.0 kB" },
                { 1024, "1.0 KiB", "1.0 kB" },
                { 21260000000, "19.8 GiB", "21.3 GB" },
                { 102297, "99.9 KiB", "102 kB" },
                { 999999, "977 KiB", "1.0 MB" },
                { 1048575, "1.0 MiB", "1.0 MB" },
                { 1048576 - 1024, "1023 KiB", "1.0 MB" },
                { UINT64_MAX, "16.0 EiB", "18.4 EB" },
        };
        char buf[KT_NUM_TEXT_MAX];
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                assert_string_equal(kt_num_format_binary(rows[i].value, buf), rows[i].binary);
                assert_string_equal(kt_num_format_decimal(rows[i].value, buf), rows[i].decimal);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse_u64__rows),      cmocka_unit_test(test_parse_u64_in__includes_both_ends),
                cmocka_unit_test(test_parse_i64__rows),      cmocka_unit_test(test_parse_octal__rows),
                cmocka_unit_test(test_parse_double__rows),   cmocka_unit_test(test_parse_size__rows),
                cmocka_unit_test(test_parse_duration__rows), cmocka_unit_test(test_format_count__groups_digits),
                cmocka_unit_test(test_format_sizes__rows),
        };

        return TEST_MAIN(tests);
}
