/* SPDX-License-Identifier: Apache-2.0 */
/* Progress lines. */
#include "tuner/bench/progress.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

static void test_spark__scales_to_the_largest(void **state)
{
        static const double rates[] = { 0, 10, 20, 40 };
        KT_AUTO_STR struct kt_str bars = { 0 };
        KT_AUTO_STR struct kt_str letters = { 0 };
        KT_AUTO_STR struct kt_str nothing = { 0 };

        (void)state;
        kt_progress_spark(rates, KT_COUNT(rates), true, &bars);
        assert_string_equal(kt_str_get(&bars), "▁▃▅█");
        kt_progress_spark(rates, KT_COUNT(rates), false, &letters);
        assert_string_equal(kt_str_get(&letters), "_,=#");
        kt_progress_spark(rates, 1, true, &nothing); /* all zero */
        assert_string_equal(kt_str_get(&nothing), "▁");
}

/* What windows at these seconds print where there is no terminal. */
static void test_window__plain_lines_every_five_seconds(void **state)
{
        KT_AUTO_FREE char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        struct kt_progress progress;

        (void)state;
        assert_non_null(stream);
        kt_progress_init(&progress, stream, 60);
        progress.is_live = false;
        kt_progress_phase(&progress);
        for (int second = 1; second <= 7; second++)
                kt_progress_window(&progress, second, "write", 45e6, second > 5 ? "so far: held for 5 s" : "");
        kt_progress_done(&progress);
        assert_int_equal(fclose(stream), 0);
        assert_string_equal(text, "  1 of 60 s  write                    45.0 MB/s\n"
                                  "  6 of 60 s  write                    45.0 MB/s  so far: held for 5 s\n");
}

static void test_window__a_live_line_is_wiped(void **state)
{
        KT_AUTO_FREE char *text = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&text, &size);
        struct kt_progress progress;

        (void)state;
        assert_non_null(stream);
        kt_progress_init(&progress, stream, 60);
        progress.is_live = progress.is_utf8 = true;
        for (int second = 0; second < KT_PROGRESS_BARS + 5; second++) /* more than are kept */
                kt_progress_window(&progress, second, "write", 1e6, "");
        kt_progress_say(&progress, "resting");
        kt_progress_window(&progress, 40, "write", 1e6, "");
        kt_progress_done(&progress);
        assert_int_equal(fclose(stream), 0);
        assert_non_null(strstr(text, "\r\033[Kresting\n"));
        assert_string_equal(text + size - strlen("\r\033[K"), "\r\033[K");
        assert_null(strstr(text, "write\n"));
}

static void test_window__quiet(void **state)
{
        struct kt_progress progress;

        (void)state;
        kt_progress_init(&progress, NULL, 60);
        kt_progress_window(&progress, 1, "write", 1e6, "");
        kt_progress_say(&progress, "resting");
        kt_progress_done(&progress);
        assert_int_equal(progress.count, 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_spark__scales_to_the_largest),
                cmocka_unit_test(test_window__plain_lines_every_five_seconds),
                cmocka_unit_test(test_window__a_live_line_is_wiped),
                cmocka_unit_test(test_window__quiet),
        };

        return TEST_MAIN(tests);
}
