/* SPDX-License-Identifier: Apache-2.0 */
/* Table: columns line up, and lines end with text. */
#include "tuner/table.h"

#include "tests/unit/support.h"

#include <string.h>

static void fill(struct kt_table *table, const char *const *cells)
{
        for (; *cells; cells++)
                kt_table_add(table, *cells);
}

static void test_render__columns_line_up(void **state)
{
        static const char *const cells[] = { "A", "LONGER", "C", "ok", "x", "", "drift", "", "why", "", "", "", NULL };
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = 3 };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        fill(&table, cells);
        assert_int_equal(kt_table_render(&table, false, &out), 0);
        assert_string_equal(kt_str_get(&out), "A      LONGER  C\n"
                                              "ok     x\n"
                                              "drift          why\n"
                                              "\n");
}

static void test_render__paint_takes_no_room(void **state)
{
        static const char *const cells[] = { "ok", "x", "other", "y", NULL };
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = 2 };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        fill(&table, cells);
        assert_int_equal(kt_table_render(&table, true, &out), 0);
        assert_string_equal(kt_str_get(&out), "\x1b[32mok\x1b[0m     x\nother  y\n");
}

static void test_render__nothing(void **state)
{
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = 2 };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_table_render(&table, false, &out), 0);
        assert_string_equal(kt_str_get(&out), "");
}

/* The longest of the lines. */
static size_t widest(const char *text)
{
        size_t most = 0;

        for (; *text != '\0'; text += strcspn(text, "\n") + 1)
                most = strcspn(text, "\n") > most ? strcspn(text, "\n") : most;
        return most;
}

#define LONG                                                                                                \
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " \
        "seventeen"

static void test_render__cuts_at_a_word(void **state)
{
        static const char *const cells[] = { "drift", "a-rather-long-name", LONG, NULL };
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = 3, .widest = { 0, 10 } };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        fill(&table, cells);
        assert_int_equal(kt_table_render(&table, false, &out), 0);
        assert_string_equal(kt_str_get(&out),
                            "drift  a-rathe...  one two three four five six seven eight nine ten eleven twelve "
                            "thirteen...\n");
}

static void test_render__goes_on_in_more_lines(void **state)
{
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = 2 };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        kt_table_add(&table, "error");
        kt_table_add_whole(&table, LONG);
        assert_int_equal(kt_table_render(&table, true, &out), 0);
        assert_non_null(strstr(kt_str_get(&out), " fifteen\n       sixteen seventeen\n"));
}

static void test_render__a_last_column_without_room_gets_its_own_line(void **state)
{
        static const char wide[] = "0123456789012345678901234567890123456789012345678901234567890123456789012345678";
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = 2 };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        kt_table_add(&table, wide);
        kt_table_add(&table, "a reason that is not that short");
        assert_int_equal(kt_table_render(&table, false, &out), 0);
        assert_non_null(strstr(kt_str_get(&out), "8\n      a reason"));
}

static void test_wrap__breaks_what_has_no_blanks(void **state)
{
        char text[512];
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no tree needed */
        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\0';
        kt_str_add(&out, "head      ");
        kt_table_wrap(text, 10, &out);
        kt_table_wrap(LONG, 2000, &out);
        assert_int_equal(widest(kt_str_get(&out)), KT_TABLE_WIDTH);
        kt_str_clear(&out);
        kt_table_wrap("", 10, &out);
        assert_string_equal(kt_str_get(&out), "\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_render__columns_line_up),
                cmocka_unit_test(test_render__paint_takes_no_room),
                cmocka_unit_test(test_render__nothing),
                cmocka_unit_test(test_render__cuts_at_a_word),
                cmocka_unit_test(test_render__goes_on_in_more_lines),
                cmocka_unit_test(test_render__a_last_column_without_room_gets_its_own_line),
                cmocka_unit_test(test_wrap__breaks_what_has_no_blanks),
        };

        return TEST_MAIN(tests);
}
