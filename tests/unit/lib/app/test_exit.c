/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes: each is documented once, in order. */
#include "lib/app/exit.h"

#include <string.h>

#include "tests/unit/support.h"

static void test_rows__each_code_once_and_ascending(void **state)
{
        static const int codes[] = { 0, 1, 2, 3, 4, 5, 6, 126, 127 };
        (void)state;

        assert_int_equal(kt_exit_row_count, KT_COUNT(codes));
        for (size_t i = 0; i < kt_exit_row_count; i++)
                assert_int_equal(kt_exit_rows[i].code, codes[i]);
}

static void test_rows__meanings_fit_a_line_of_help(void **state)
{
        (void)state;

        for (size_t i = 0; i < kt_exit_row_count; i++) {
                size_t len = strlen(kt_exit_rows[i].meaning);

                assert_true(len > 0 && len <= 71);
                assert_null(strchr(kt_exit_rows[i].meaning, '\n'));
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows__each_code_once_and_ascending),
                cmocka_unit_test(test_rows__meanings_fit_a_line_of_help),
        };

        return TEST_MAIN(tests);
}
