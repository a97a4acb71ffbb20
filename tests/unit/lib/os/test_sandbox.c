/* SPDX-License-Identifier: Apache-2.0 */
/* Sandbox: what is given up stays given up. It runs in a child. */
#include "lib/os/sandbox.h"

#include "tests/unit/support.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int set_twice(void)
{
        struct kt_err e = { 0 };

        if (kt_sandbox_no_new_privs(&e) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                return 1;
        return kt_sandbox_no_new_privs(&e) < 0 ? 2 : 0;
}

static void test_no_new_privs__is_set(void **state)
{
        pid_t pid = fork();
        int status = -1;

        (void)state; /* no tree needed */
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(set_twice());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_new_privs__is_set) };

        return TEST_MAIN(tests);
}
