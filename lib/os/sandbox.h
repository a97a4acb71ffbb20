/* SPDX-License-Identifier: Apache-2.0 */
/* What a process gives up for good before it runs somebody else's program. */
#ifndef KT_OS_SANDBOX_H
#define KT_OS_SANDBOX_H

#include "lib/base/attr.h"
#include "lib/base/err.h"

/* Sets no_new_privs (prctl(2)) and reads it back: no execve after it can gain privilege from set-id bits or files. */
KT_MUST_CHECK int kt_sandbox_no_new_privs(struct kt_err *e);

#endif
