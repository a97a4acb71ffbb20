/* SPDX-License-Identifier: Apache-2.0 */
/* Back-off and giving up, as stories: what is seen when, and what is done about it. */
#include "daemonset/drift.h"

#include "tests/unit/support.h"

enum { JITTER_MS = 1000, SECOND = 1000, MINUTE = 60 * SECOND };

enum outcome { NONE, WRITTEN, FAILED };

struct step {
        int64_t at_ms;
        bool holds;
        enum kt_drift_action want;
        enum outcome outcome; /* of the write that was asked for */
};

static void play(const struct step *steps, size_t count)
{
        struct kt_drift drift = { 0 };

        for (size_t i = 0; i < count; i++) {
                assert_int_equal(kt_drift_judge(&drift, steps[i].holds, steps[i].at_ms, JITTER_MS), steps[i].want);
                if (steps[i].outcome == WRITTEN)
                        kt_drift_written(&drift, steps[i].at_ms);
                if (steps[i].outcome == FAILED)
                        kt_drift_failed(&drift, steps[i].at_ms);
        }
}

static void test_judge__first_write_is_no_restore(void **state)
{
        static const struct step steps[] = {
                { 0, false, KT_DRIFT_APPLY, WRITTEN },
                { SECOND, true, KT_DRIFT_NOTHING, NONE },
                { 2 * SECOND, false, KT_DRIFT_RESTORE, WRITTEN }, /* at once: nobody fought yet */
                { 3 * SECOND, true, KT_DRIFT_NOTHING, NONE },
        };

        (void)state;
        play(steps, KT_COUNT(steps));
}

static void test_judge__second_fight_is_the_last(void **state)
{
        static const struct step steps[] = {
                { 0, true, KT_DRIFT_NOTHING, NONE },
                { 1 * SECOND, false, KT_DRIFT_RESTORE, WRITTEN },
                { 2 * SECOND, false, KT_DRIFT_WAIT, NONE }, /* the first fight */
                { 7 * SECOND, false, KT_DRIFT_WAIT, NONE }, /* the jitter counts */
                { 8 * SECOND, false, KT_DRIFT_RESTORE, WRITTEN },
                { 9 * SECOND, true, KT_DRIFT_NOTHING, NONE },
                { 10 * SECOND, false, KT_DRIFT_GIVE_UP, NONE },
                { 11 * SECOND, false, KT_DRIFT_CONFLICT, NONE }, /* said once */
                { 12 * SECOND, true, KT_DRIFT_NOTHING, NONE },
                { 13 * SECOND, false, KT_DRIFT_CONFLICT, NONE }, /* and not forgotten */
        };

        (void)state;
        play(steps, KT_COUNT(steps));
}

static void test_judge__changed_seldom_is_no_fight(void **state)
{
        static const struct step steps[] = {
                { 0, true, KT_DRIFT_NOTHING, NONE },           { 1 * MINUTE, false, KT_DRIFT_RESTORE, WRITTEN },
                { 11 * MINUTE, true, KT_DRIFT_NOTHING, NONE }, { 12 * MINUTE, false, KT_DRIFT_RESTORE, WRITTEN },
                { 22 * MINUTE, true, KT_DRIFT_NOTHING, NONE }, { 23 * MINUTE, false, KT_DRIFT_RESTORE, WRITTEN },
        };

        (void)state;
        play(steps, KT_COUNT(steps));
}

static void test_judge__given_up_tries_once_an_hour(void **state)
{
        static const struct step steps[] = {
                { 0, true, KT_DRIFT_NOTHING, NONE },
                { 1 * SECOND, false, KT_DRIFT_RESTORE, WRITTEN },
                { 2 * SECOND, false, KT_DRIFT_WAIT, NONE },
                { 8 * SECOND, false, KT_DRIFT_RESTORE, WRITTEN },
                { 10 * SECOND, false, KT_DRIFT_GIVE_UP, NONE },
                { 60 * MINUTE, false, KT_DRIFT_CONFLICT, NONE },
                { 61 * MINUTE, false, KT_DRIFT_RESTORE, WRITTEN },
                { 61 * MINUTE + SECOND, false, KT_DRIFT_CONFLICT, NONE },
                { 121 * MINUTE, false, KT_DRIFT_RESTORE, WRITTEN },
                { 132 * MINUTE, true, KT_DRIFT_NOTHING, NONE }, /* the rival is gone */
                { 133 * MINUTE, false, KT_DRIFT_RESTORE, WRITTEN },
        };

        (void)state;
        play(steps, KT_COUNT(steps));
}

static void test_failed__backs_off(void **state)
{
        static const struct step steps[] = {
                { 0, false, KT_DRIFT_APPLY, FAILED },
                { 1 * SECOND, false, KT_DRIFT_WAIT, NONE },
                { 2 * SECOND, false, KT_DRIFT_APPLY, FAILED },
                { 5 * SECOND, false, KT_DRIFT_WAIT, NONE },
                { 6 * SECOND, false, KT_DRIFT_APPLY, FAILED },
                { 13 * SECOND, false, KT_DRIFT_WAIT, NONE },
                { 14 * SECOND, false, KT_DRIFT_APPLY, WRITTEN },
                { 15 * SECOND, true, KT_DRIFT_NOTHING, NONE },
        };

        (void)state;
        play(steps, KT_COUNT(steps));
}

static void test_failed__has_a_longest_wait(void **state)
{
        struct kt_drift drift = { 0 };

        (void)state;
        for (int i = 0; i < 100; i++)
                kt_drift_failed(&drift, 0);
        assert_int_equal(drift.not_before_ms, KT_DRIFT_FAILED_MAX_MS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_judge__first_write_is_no_restore),
                cmocka_unit_test(test_judge__second_fight_is_the_last),
                cmocka_unit_test(test_judge__changed_seldom_is_no_fight),
                cmocka_unit_test(test_judge__given_up_tries_once_an_hour),
                cmocka_unit_test(test_failed__backs_off),
                cmocka_unit_test(test_failed__has_a_longest_wait),
        };

        return TEST_MAIN(tests);
}
