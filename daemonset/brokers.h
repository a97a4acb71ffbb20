/* SPDX-License-Identifier: Apache-2.0 */
/* Broker pods of this node, and the limits of their processes. */
#ifndef KT_DAEMONSET_BROKERS_H
#define KT_DAEMONSET_BROKERS_H

#include <stdbool.h>

#include "daemonset/follow.h"
#include "daemonset/pods.h"
#include "daemonset/reconcile.h"
#include "daemonset/state.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/tuner.h"

enum {
        KT_BROKERS_MISSES_MAX = 6,       /* that double it */
        KT_BROKERS_SOON_MS = 100,        /* a container that runs and has no process to be seen yet */
        KT_BROKERS_AGAIN_MS = 60 * 1000, /* whose limits are right, or cannot be made so */
};

/* Takes in what the watch of pods says. A pod that is none of ours is not kept. *ret_changed: brokers came, went or
 * started. 0, -ENOMEM, or -EBADMSG for a pod that is none. */
KT_MUST_CHECK int kt_brokers_notice(struct kt_node_state *state, const struct kt_pods_rule *rule,
                                    const struct kt_follow_notice *notice, bool *ret_changed, struct kt_err *e);

/* Milliseconds until a broker is to be looked at, -1: none is. */
int64_t kt_brokers_wait_ms(const struct kt_node_state *state, int64_t now_ms);

/* Raises the limits of every process in the containers that are due. 0 or -ENOMEM; what else fails is the broker's
 * state and reason. */
KT_MUST_CHECK int kt_brokers_raise(const struct kt_tuner *tuner, const struct kt_moment *moment,
                                   struct kt_node_state *state, bool *ret_changed, struct kt_err *e);

/* True while a container of a broker runs. */
bool kt_brokers_are_live(const struct kt_node_state *state);

#endif
