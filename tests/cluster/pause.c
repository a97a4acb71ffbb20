// SPDX-License-Identifier: Apache-2.0
/* The process that keeps the namespaces of a pod in the test cluster. */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop(int number)
{
        (void)number;
        _exit(0);
}

static void reap(int number)
{
        (void)number;
        while (waitpid(-1, NULL, WNOHANG) > 0)
                ;
}

int main(void)
{
        const struct sigaction stopping = { .sa_handler = stop };
        const struct sigaction reaping = { .sa_handler = reap };

        /* PID 1 has no default actions: what is not asked for here does not end it. */
        if (sigaction(SIGTERM, &stopping, NULL) < 0 || sigaction(SIGINT, &stopping, NULL) < 0 ||
            sigaction(SIGCHLD, &reaping, NULL) < 0)
                return 1;

        for (;;)
                pause();
}
