/* SPDX-License-Identifier: Apache-2.0 */
/* Table: columns line up, and lines end with text. */
#include "tuner/table.h"

#include "tests/unit/support.h"

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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_render__columns_line_up),
                cmocka_unit_test(test_render__paint_takes_no_room),
                cmocka_unit_test(test_render__nothing),
        };

        return TEST_MAIN(tests);
}
