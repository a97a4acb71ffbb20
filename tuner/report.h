/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts and rows for people and for programs. Builds texts; prints nothing. */
#ifndef KT_TUNER_REPORT_H
#define KT_TUNER_REPORT_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"
#include "tuner/engine.h"
#include "tuner/inputs.h"
#include "tuner/plan.h"
#include "tuner/process.h"
#include "tuner/prove.h"
#include "tuner/queue.h"
#include "tuner/wish.h"

struct kt_report_look {
        bool colour;
        bool verbose;          /* reasons of what is fine, too, and none of them cut; of a list: why, risk and source */
        bool is_copy;          /* of a captured machine: nothing can be written there */
        const char *arguments; /* " --device /mnt": what the next command has to repeat; never NULL */
};

/* What a report tells of the machine beside its verdicts. */
struct kt_report_node {
        const struct kt_root *root;
        const struct kt_queues *queues;
        const struct kt_processes *processes;
};

/* Append the report of `check`. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_report_check_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                       const struct kt_tuner_verdicts *verdicts, const struct kt_report_node *node,
                                       const struct kt_report_look *look, struct kt_str *out);
KT_MUST_CHECK int kt_report_check_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                       const struct kt_tuner_verdicts *verdicts, const struct kt_report_node *node,
                                       struct kt_str *out);

/* What a run of `apply` or `revert` did. */
struct kt_report_act {
        const char *verb;
        const char *journal;
        size_t written;
        const struct kt_row *proven;  /* of apply --prove; NULL: nothing was to be proven */
        const char *folder;           /* where the probe's files were */
        const struct kt_proof *proof; /* NULL: nothing was measured */
};

/* Append the report of `plan`: the check, and what apply would write in which order. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_report_plan_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                      const struct kt_tuner_verdicts *verdicts, const struct kt_plan *plan,
                                      const struct kt_report_look *look, struct kt_str *out);
KT_MUST_CHECK int kt_report_plan_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                      const struct kt_tuner_verdicts *verdicts, const struct kt_plan *plan,
                                      struct kt_str *out);

/* Append the report of `apply` and of `revert`, which has neither inputs nor wishes. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_report_act_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                     const struct kt_tuner_verdicts *verdicts, const struct kt_report_act *act,
                                     const struct kt_report_look *look, struct kt_str *out);
KT_MUST_CHECK int kt_report_act_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                     const struct kt_tuner_verdicts *verdicts, const struct kt_report_act *act,
                                     struct kt_str *out);

/* Append the report of `list`. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_report_list_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                      const struct kt_report_look *look, struct kt_str *out);
KT_MUST_CHECK int kt_report_list_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                                      struct kt_str *out);

#endif
