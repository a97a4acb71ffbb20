/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up privilege for good. */
#include "lib/os/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>

int kt_sandbox_no_new_privs(struct kt_err *e)
{
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return kt_err_set(e, -errno, "set no_new_privs");
        if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
                return kt_err_set(e, -EPERM, "set no_new_privs: it does not read back");
        return 0;
}
