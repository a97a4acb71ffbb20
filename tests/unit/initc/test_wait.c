/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting that succeeds, that is in vain, and that is ended by a signal. */
#include "initc/wait.h"

#include <signal.h>
#include <unistd.h>

#include "tests/unit/support.h"

struct question {
        int asked;
        int enough_at; /* the question that is answered with yes; 0: none */
        int signal;    /* what comes in before the second answer; 0: nothing */
};

static bool is_enough(void *context)
{
        struct question *question = context;

        question->asked++;
        if (question->asked == 2 && question->signal)
                kill(getpid(), question->signal);
        return question->asked == question->enough_at;
}

static void test_until__asks_until_it_is_enough(void **state)
{
        static const struct {
                int64_t most_ms;
                int enough_at;
                int asked;
        } rows[] = { { 0, 1, 1 }, { 60000, 1, 1 }, { 60000, 3, 3 }, { 0, 0, 1 }, { -5, 0, 1 } };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct question question = { .enough_at = rows[i].enough_at };
                int64_t waited_ms = -1;

                assert_int_equal(kt_wait_until(is_enough, &question, rows[i].most_ms, &waited_ms), 0);
                assert_int_equal(question.asked, rows[i].asked);
                assert_true(waited_ms >= 0 && (rows[i].asked == 3) <= (waited_ms >= KT_WAIT_STEP_MS));
        }
}

static void test_until__gives_up(void **state)
{
        struct question question = { 0 };
        int64_t waited_ms = 0;
        (void)state;

        assert_int_equal(kt_wait_until(is_enough, &question, 3 * KT_WAIT_STEP_MS, &waited_ms), 0);
        assert_true(waited_ms >= 3 * KT_WAIT_STEP_MS);
        assert_true(question.asked >= 1); /* no more where a busy machine lets us sleep through the rest */
}

static void test_until__can_be_told_to_end(void **state)
{
        static const int signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP };
        sigset_t before;
        sigset_t after;
        (void)state;

        assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &before), 0);
        for (size_t i = 0; i < KT_COUNT(signals); i++) {
                struct question question = { .signal = signals[i] };
                int64_t waited_ms = 0;

                assert_int_equal(kt_wait_until(is_enough, &question, 60000, &waited_ms), signals[i]);
                assert_int_equal(question.asked, 2);
        }
        assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &after), 0);
        for (int number = 1; number < 32; number++)
                assert_int_equal(sigismember(&before, number), sigismember(&after, number));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_until__asks_until_it_is_enough),
                cmocka_unit_test(test_until__gives_up),
                cmocka_unit_test(test_until__can_be_told_to_end),
        };

        return TEST_MAIN(tests);
}
