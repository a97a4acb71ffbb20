/* SPDX-License-Identifier: Apache-2.0 */
/* One poll(2) over everything that can happen. No threads. */
#ifndef KT_DAEMONSET_LOOP_H
#define KT_DAEMONSET_LOOP_H

#include <stdbool.h>

#include "daemonset/agent.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"

struct kt_loop_options {
        struct kt_agent_options agent;
        bool once;           /* one round, published, and the end */
        const char *metrics; /* "ADDRESS:PORT"; NULL: nothing is served */
        const char *version;
        int output; /* of once: 0 text, 1 JSON */
};

/* Runs until SIGTERM or SIGINT, or as long as one round takes. Nothing is taken back at the end. Returns the exit code;
 * -errno with its reason in e when it could not start or go on. */
KT_MUST_CHECK int kt_loop_run(const struct kt_loop_options *options, struct kt_err *e);

#endif
