/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays. */
#include "lib/base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/support.h"

static void test_reserve__grows_and_keeps(void **state)
{
        uint32_t *items = NULL;
        size_t cap = 0;
        (void)state;

        for (uint32_t i = 0; i < 1000; i++) {
                assert_int_equal(kt_array_reserve(&items, &cap, i + 1, sizeof(*items)), 0);
                assert_true(cap > i);
                assert_int_equal(items[cap - 1], 0);
                items[i] = i;
        }
        for (uint32_t i = 0; i < 1000; i++)
                assert_int_equal(items[i], i);
        free(items);
}

static void test_reserve__does_nothing_when_there_is_room(void **state)
{
        char *items = NULL;
        size_t cap = 0;
        char *before;
        (void)state;

        assert_int_equal(kt_array_reserve(&items, &cap, 0, 1), 0);
        assert_null(items);
        assert_int_equal(kt_array_reserve(&items, &cap, 3, 1), 0);
        before = items;
        assert_int_equal(kt_array_reserve(&items, &cap, cap, 1), 0);
        assert_ptr_equal(items, before);
        free(items);
}

static void test_reserve__refuses_what_does_not_fit(void **state)
{
        static const struct {
                size_t want, item_size;
                const char *why;
        } rows[] = {
                { SIZE_MAX, 1, "no power of two is as large" },
                { SIZE_MAX / 2 + 2, 1, "the next power of two overflows" },
                { SIZE_MAX / 8, 16, "the bytes overflow" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                uint8_t *items = NULL;
                size_t cap = 0;

                assert_int_equal(kt_array_reserve(&items, &cap, 4, rows[i].item_size), 0);
                items[0] = 7;
                assert_int_equal(kt_array_reserve(&items, &cap, rows[i].want, rows[i].item_size), -ENOMEM);
                assert_int_equal(items[0], 7);
                assert_int_equal(cap, 8);
                free(items);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reserve__grows_and_keeps),
                cmocka_unit_test(test_reserve__does_nothing_when_there_is_room),
                cmocka_unit_test(test_reserve__refuses_what_does_not_fit),
        };

        return TEST_MAIN(tests);
}
