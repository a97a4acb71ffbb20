/* SPDX-License-Identifier: Apache-2.0 */
/* Reach: what a look into a new network namespace proves, and what it does not. The probe itself asks a kernel:
 * tests/system/85-tuner-apply.sh. */
#include "tuner/netns.h"

#include "tests/unit/support.h"

#include <string.h>

static void test_judge(void **state)
{
        static const struct {
                struct kt_netns_sight sight;
                enum kt_reach expect;
                const char *why;
        } rows[] = {
                { { .outside = "8", .inside = NULL }, KT_REACH_GLOBAL, "a new one does not even have it" },
                { { .outside = "8", .inside = "8" }, KT_REACH_GLOBAL, "it is read-only there" },
                { { .outside = "8", .inside = "8", .is_writable = true }, KT_REACH_SAME, "may be a default twice" },
                { { .outside = "8", .inside = "4", .is_writable = true }, KT_REACH_CONSTANT, "starts with another" },
                { { .outside = "8", .inside = "8", .is_writable = true, .before = "4" },
                  KT_REACH_INHERITED,
                  "it followed a change" },
                { { .outside = "8", .inside = "4", .is_writable = true, .before = "4" },
                  KT_REACH_CONSTANT,
                  "it did not follow" },
                { { .outside = "8", .inside = "8", .is_writable = true, .before = "8" },
                  KT_REACH_SAME,
                  "nothing was changed" },
                { { .outside = "8", .inside = NULL, .is_user = true }, KT_REACH_UNKNOWN, "hidden, or not there" },
                { { .outside = "8", .inside = "8", .is_user = true }, KT_REACH_SAME, "may not be written by nobody" },
                { { .outside = "8", .inside = "4", .is_user = true }, KT_REACH_CONSTANT, "starts with another" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_netns_judge(&rows[i].sight), rows[i].expect);
}

static void test_probe__a_captured_machine_is_not_asked(void **state)
{
        const struct kt_root root = { .fd = -1, .is_host = false };

        (void)state; /* no tree needed */
        assert_int_equal(kt_netns_probe(&root, "/proc/sys/net/core/somaxconn", NULL), KT_REACH_NONE);
}

static void test_names(void **state)
{
        (void)state; /* no tree needed */
        for (enum kt_reach reach = KT_REACH_NONE; reach < KT_REACH_COUNT_; reach++)
                assert_true(strlen(kt_reach_name(reach)) > 3);
        assert_null(kt_reach_note(KT_REACH_GLOBAL));
        assert_non_null(kt_reach_note(KT_REACH_SAME));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_judge),
                cmocka_unit_test(test_probe__a_captured_machine_is_not_asked),
                cmocka_unit_test(test_names),
        };

        return TEST_MAIN(tests);
}
