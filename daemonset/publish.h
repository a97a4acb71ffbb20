/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the API server hold what the state says: the Node's label and taint, the NodeTuning, Events. Level-triggered:
 * it compares what is wanted with what was seen last, so that outages, restarts and lost answers need no care. */
#ifndef KT_DAEMONSET_PUBLISH_H
#define KT_DAEMONSET_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "daemonset/follow.h"
#include "daemonset/kube.h"
#include "daemonset/reconcile.h"
#include "daemonset/state.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"

struct kt_publisher;

/* Borrows kube and state, which outlive it. NULL when memory ran out. */
KT_MUST_CHECK struct kt_publisher *kt_publisher_new(struct kt_kube *kube, struct kt_node_state *state);
void kt_publisher_free(struct kt_publisher *publisher);

/* What is heard of the own Node, and of its NodeTuning. */
void kt_publisher_hear_node(struct kt_publisher *publisher, const struct kt_follow_notice *notice);
void kt_publisher_hear_tuning(struct kt_publisher *publisher, const struct kt_follow_notice *notice);

/* The state has changed: judges its conditions, and makes Events of theirs. */
void kt_publisher_change(struct kt_publisher *publisher, const struct kt_moment *moment);

/* The state is not whole yet, or is again: its status waits, all else does not. */
void kt_publisher_hold(struct kt_publisher *publisher, bool is_held);

/* Sends what is due. 0, or -ENOMEM. */
KT_MUST_CHECK int kt_publisher_step(struct kt_publisher *publisher, const struct kt_moment *moment, struct kt_err *e);
/* Milliseconds until there is something to send, -1: nothing is. */
int64_t kt_publisher_wait_ms(const struct kt_publisher *publisher, int64_t now_ms);

/* True when the server was heard of and holds all that is wanted. */
bool kt_publisher_is_done(const struct kt_publisher *publisher);

/* The value of the annotation that asks for a benchmark, "": none does; and that it was answered. */
const char *kt_publisher_bench_request(const struct kt_publisher *publisher);
void kt_publisher_answer_bench(struct kt_publisher *publisher);

/* There are new results of disks: asks for those of other nodes, once, and judges. */
void kt_publisher_compare(struct kt_publisher *publisher);

/* What failed last, for a person; "": nothing. */
const char *kt_publisher_problem(const struct kt_publisher *publisher);

#endif
