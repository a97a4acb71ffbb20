/* SPDX-License-Identifier: Apache-2.0 */
/* One round over the rows of the node: read, judge, write what drift allows, keep the history. */
#ifndef KT_DAEMONSET_RECONCILE_H
#define KT_DAEMONSET_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemonset/state.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/tuner.h"

/* When something happens, as its maker sees it: pure functions have no clock. */
struct kt_moment {
        int64_t now_ms;  /* CLOCK_MONOTONIC */
        int64_t wall_s;  /* CLOCK_REALTIME */
        uint32_t random; /* evenly spread */
};

/* Reads and judges all rows, writes those that may be written now, and puts what came of it into state, with Events.
 * *ret_changed: something is worth being published. 0, also when nothing could be written (-EBUSY of the journal: the
 * next round tries again); -ENOMEM, or what made the journal unusable: what was read is in state then. */
KT_MUST_CHECK int kt_reconcile(const struct kt_tuner *tuner, const struct kt_moment *moment,
                               struct kt_node_state *state, bool *ret_changed, struct kt_err *e);

/* Names the profile in state. When it is another one, histories begin anew, and so does what is called ready. 0 or
 * -ENOMEM. */
KT_MUST_CHECK int kt_reconcile_set_profile(const struct kt_tuner *tuner, struct kt_node_state *state, struct kt_err *e);

#endif
