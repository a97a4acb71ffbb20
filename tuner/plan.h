/* SPDX-License-Identifier: Apache-2.0 */
/* What would be written, in which order: one object for plan, its script, and apply. */
#ifndef KT_TUNER_PLAN_H
#define KT_TUNER_PLAN_H

#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"
#include "tuner/engine.h"

/* Texts are owned. */
struct kt_step {
        struct kt_tuner_verdict *verdict; /* borrowed; its state follows what becomes of the step */
        const struct kt_row *row;
        char *identity;
        char *before;
        char *target;
};

/* In the order of the rows: fs.nr_open before limits of open files, a queue's scheduler before what it resets. */
struct kt_plan {
        struct kt_step *items;
        size_t count;
        size_t cap;
};

/* One step for each verdict that drifts and may be written; the others stay as they are. Borrows the verdicts, which
 * must not be sorted as long as ret lives. Release with kt_plan_done. */
KT_MUST_CHECK int kt_plan_make(struct kt_tuner_verdicts *verdicts, struct kt_plan *ret, struct kt_err *e);
void kt_plan_done(struct kt_plan *plan);

/* Which row to write with what to get the old value back: the row itself, or its twin when the old value is the 0 that
 * stands for "the twin rules". -EOPNOTSUPP when there is no way back. */
KT_MUST_CHECK int kt_plan_find_undo(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *before,
                                    const struct kt_row **ret_row, struct kt_str *value, struct kt_err *e);

/* Appends a script for sh(1) that does the same without kafka-tuner, with the same guards. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_plan_script(const struct kt_plan *plan, const char *version, struct kt_str *out);

#endif
