/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked over HTTP, answered from the agent's state at the moment of the question. */
#ifndef KT_DAEMONSET_GAUGE_H
#define KT_DAEMONSET_GAUGE_H

#include "daemonset/agent.h"
#include "daemonset/metrics.h"
#include "lib/base/attr.h"

struct kt_gauge;

/* Borrows both. NULL when memory ran out. */
KT_MUST_CHECK struct kt_gauge *kt_gauge_new(const struct kt_agent *agent, const char *version);
void kt_gauge_free(struct kt_gauge *gauge);

struct kt_metrics_source kt_gauge_source(struct kt_gauge *gauge);

#endif
