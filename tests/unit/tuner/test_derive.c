/* SPDX-License-Identifier: Apache-2.0 */
/* Which rate the bounds of dirty memory follow. What follows from the need is tested with its rows (test_wish.c). */
#include "tuner/derive.h"

#include "tests/unit/support.h"

#include <string.h>

static void test_dirty__measured_or_written(void **state)
{
        static const struct {
                uint64_t measured;
                uint64_t written;
                uint64_t background;
                uint64_t limit;
                const char *why;
        } rows[] = {
                { 45000000, 60000000, 45000000, 225000000, "45.0 MB/s (storage.sustainedRate) for 1 s" },
                { 2000000, 60000000, 2000000, 10000000, "2.0 MB/s (storage.sustainedRate) for 1 s" },
                { 0, 60000000, 300000000, 1800000000, "60.0 MB/s (workload.writeRate) for 5 s" },
                { 0, 1000, 64 << 20, 64 << 20,
                  "after which the kernel's flusher wakes anyway; 67,108,864 is the least" },
                { UINT64_MAX, 0, UINT64_MAX, INT64_MAX, "(storage.sustainedRate) for 1 s" },
                { 0, UINT64_MAX, INT64_MAX, INT64_MAX, "(workload.writeRate) for 5 s" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_inputs inputs = {
                        .spec = { .storage = { .sustained_rate_bytes = rows[i].measured },
                                  .workload = { .write_rate_bytes = rows[i].written } },
                };
                KT_AUTO_STR struct kt_str background = { 0 };
                KT_AUTO_STR struct kt_str limit = { 0 };

                assert_int_equal(kt_derive_dirty_background(&inputs, &background), rows[i].background);
                assert_int_equal(kt_derive_dirty_limit(&inputs, &limit), rows[i].limit);
                assert_non_null(strstr(kt_str_get(&background), rows[i].why));
                assert_non_null(strstr(kt_str_get(&limit), rows[i].measured > 0 ? "for 5 s" : "for 30 s"));
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = { cmocka_unit_test(test_dirty__measured_or_written) };

        return TEST_MAIN(tests);
}
