/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting in small steps: no event tells of a limit that another process has raised. */
#include "initc/wait.h"

#include <signal.h>
#include <stddef.h>
#include <time.h>

static int64_t now_ms(void)
{
        struct timespec now = { 0 };

        (void)clock_gettime(CLOCK_MONOTONIC, &now); /* fails for no clock that exists */
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int kt_wait_until(bool (*is_enough)(void *context), void *context, int64_t most_ms, int64_t *ret_waited_ms)
{
        static const int ends[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP };
        const struct timespec step = { .tv_nsec = KT_WAIT_STEP_MS * 1000000L };
        int64_t began_ms = now_ms();
        int signal_number = 0;
        sigset_t waited;
        sigset_t before;

        sigemptyset(&waited);
        for (size_t i = 0; i < KT_COUNT(ends); i++)
                sigaddset(&waited, ends[i]);
        sigprocmask(SIG_BLOCK, &waited, &before);

        /* Any other signal ends the step early, which does no harm. */
        while (signal_number <= 0 && !is_enough(context) && now_ms() - began_ms < most_ms)
                signal_number = sigtimedwait(&waited, NULL, &step);

        *ret_waited_ms = now_ms() - began_ms;
        sigprocmask(SIG_SETMASK, &before, NULL);
        return signal_number > 0 ? signal_number : 0;
}
