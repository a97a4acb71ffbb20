/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for somebody else to do something, for a while, as a process that can be told to end. */
#ifndef KT_INITC_WAIT_H
#define KT_INITC_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/attr.h"

enum { KT_WAIT_STEP_MS = 20 };

/* Asks is_enough at once and every KT_WAIT_STEP_MS until it says yes or most_ms are over. Returns 0 (ask again which of
 * the two it was), or the number of a signal that asked to end: SIGTERM, SIGINT, SIGQUIT or SIGHUP, which an entrypoint
 * that is process 1 of its container would not even notice otherwise (pid_namespaces(7)). Signals are as before
 * afterwards. *ret_waited_ms is set in any case. */
KT_MUST_CHECK int kt_wait_until(bool (*is_enough)(void *context), void *context, int64_t most_ms,
                                int64_t *ret_waited_ms);

#endif
