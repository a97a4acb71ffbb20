/* SPDX-License-Identifier: Apache-2.0 */
/* From verdicts to steps. */
#include "tuner/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "tuner/backend.h"
#include "tuner/judge.h"

int kt_plan_find_undo(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *before,
                      const struct kt_row **ret_row, struct kt_str *value, struct kt_err *e)
{
        const struct kt_row *twin = row->twin ? kt_row_find(row->twin, NULL) : NULL;
        int r;

        if (!twin || !kt_tuner_judge_is_same(row, before, "0")) {
                kt_str_add(value, before);
                *ret_row = row;
                return kt_str_error(value) < 0 ? kt_err_set(e, -ENOMEM, "plan %s", row->id) : 0;
        }

        r = kt_tuner_facts_read(facts, twin, value, e);
        if (r < 0)
                return r;
        if (kt_tuner_judge_is_same(twin, kt_str_get(value), "0"))
                return kt_err_set(e, -EOPNOTSUPP, "%s and %s are both 0, and that could not be restored", row->id,
                                  twin->id);
        *ret_row = twin;
        return 0;
}

static int add_step(struct kt_tuner_verdict *verdict, struct kt_plan *plan, struct kt_err *e)
{
        const struct kt_row *row = verdict->wish->row;
        KT_AUTO_STR struct kt_str identity = { 0 };
        KT_AUTO_STR struct kt_str target = { 0 };
        KT_AUTO_STR struct kt_str undo = { 0 };
        const struct kt_row *undo_row = NULL;
        struct kt_step *step;
        int r;

        r = kt_tuner_facts_identify(&verdict->at, row, &identity, e);
        if (r == 0)
                r = kt_plan_find_undo(&verdict->at, row, verdict->have, &undo_row, &undo, e);
        if (r < 0)
                return r;
        if (kt_array_reserve(&plan->items, &plan->cap, plan->count + 1, sizeof(*plan->items)) < 0)
                return kt_err_set(e, -ENOMEM, "plan %s", row->id);

        kt_tuner_judge_target(row, verdict->have, verdict->wish->want, &target);
        kt_str_add(&identity, "");
        step = &plan->items[plan->count++];
        *step = (struct kt_step){ .verdict = verdict, .row = row };
        step->identity = kt_str_take(&identity);
        step->before = strdup(verdict->have);
        step->target = kt_str_take(&target);
        if (!step->identity || !step->before || !step->target)
                return kt_err_set(e, -ENOMEM, "plan %s", row->id);
        return 0;
}

/* What cannot be planned is a verdict as well. */
static int refuse(struct kt_tuner_verdict *verdict, const struct kt_err *e)
{
        char buf[KT_ERR_TEXT_MAX];

        return kt_tuner_verdict_set(verdict, kt_state_of_failure(e->code), kt_err_text(e, buf, sizeof(buf)), NULL);
}

int kt_plan_make(struct kt_tuner_verdicts *verdicts, struct kt_plan *ret, struct kt_err *e)
{
        for (size_t i = 0; i < verdicts->count; i++) {
                struct kt_tuner_verdict *verdict = &verdicts->items[i];
                struct kt_err reason = { 0 };
                int r;

                if (verdict->state != KT_STATE_DRIFT || verdict->wish->is_check_only)
                        continue;
                r = add_step(verdict, ret, &reason);
                if (r < 0 && r != -ENOMEM)
                        r = refuse(verdict, &reason);
                if (r < 0)
                        return kt_err_set(e, r, "plan %s", verdict->id);
        }
        return 0;
}

void kt_plan_done(struct kt_plan *plan)
{
        for (size_t i = 0; i < plan->count; i++) {
                free(plan->items[i].identity);
                free(plan->items[i].before);
                free(plan->items[i].target);
        }
        free(plan->items);
        *plan = (struct kt_plan){ 0 };
}

/* The functions that the back ends' script lines call. Values that were different when the plan was made stay. */
static const char script_head[] =
        "set -eu\n"
        "status=0\n"
        "worst() { if [ \"$status\" -lt \"$1\" ]; then status=$1; fi; }\n"
        "say() { printf '%-12s %s: %s\\n' \"$1\" \"$2\" \"$3\"; }\n"
        "# Tabs as blanks; of a list of words the one in brackets.\n"
        "read_file() { tr '\\t' ' ' <\"$1\" | sed 's/.*\\[\\(.*\\)\\].*/\\1/'; }\n"
        "read_limit() { sed -n \"s/^$2  *[^ ]*  *\\([^ ]*\\) .*/\\1/p\" \"/proc/$1/limits\"; }\n"
        "# NAME HAVE OLD NEW: true when there is something to write\n"
        "is_due() {\n"
        "  if [ \"$2\" = \"$4\" ]; then say ok \"$1\" \"$2\"; return 1; fi\n"
        "  if [ \"$2\" = \"$3\" ]; then return 0; fi\n"
        "  say conflict \"$1\" \"is $2 and was $3 when this was planned; left alone\"; worst 1; return 1\n"
        "}\n"
        "# NAME HAVE NEW\n"
        "compare() {\n"
        "  if [ \"$2\" = \"$3\" ]; then say applied \"$1\" \"$2\"; return; fi\n"
        "  say error \"$1\" \"is $2 after $3 was written\"; worst 4\n"
        "}\n"
        "# NAME PATH OLD NEW\n"
        "set_file() {\n"
        "  if [ ! -e \"$2\" ]; then say unsupported \"$1\" \"$2 is not there\"; worst 3; return; fi\n"
        "  is_due \"$1\" \"$(read_file \"$2\")\" \"$3\" \"$4\" || return 0\n"
        "  if ! (printf '%s' \"$4\" >\"$2\") 2>/dev/null; then say denied \"$1\" \"$2 was not written\"; worst 3; return; fi\n"
        "  compare \"$1\" \"$(read_file \"$2\")\" \"$4\"\n"
        "}\n"
        "# NAME PID LIMIT LINE OLD NEW\n"
        "set_limit() {\n"
        "  if [ ! -e \"/proc/$2\" ]; then say conflict \"$1\" \"process $2 has ended\"; worst 1; return; fi\n"
        "  is_due \"$1\" \"$(read_limit \"$2\" \"$4\")\" \"$5\" \"$6\" || return 0\n"
        "  if ! prlimit --pid \"$2\" \"--$3=:$6\"; then say denied \"$1\" \"prlimit refused\"; worst 3; return; fi\n"
        "  compare \"$1\" \"$(read_limit \"$2\" \"$4\")\" \"$6\"\n"
        "}\n";

int kt_plan_script(const struct kt_plan *plan, const char *version, struct kt_str *out)
{
        kt_str_addf(out, "#!/bin/sh\n# Written by kafka-tuner %s plan --script. Needs root; safe to run twice.\n",
                    version);
        if (plan->count > 0)
                kt_str_add(out, "# The old values:\n");
        for (size_t i = 0; i < plan->count; i++)
                kt_str_addf(out, "#   %s %s\n", plan->items[i].verdict->object, plan->items[i].before);
        kt_str_add(out, script_head);
        for (size_t i = 0; i < plan->count; i++) {
                const struct kt_step *step = &plan->items[i];

                kt_backend_of(step->row)->script(&step->verdict->at, step->row, step->before, step->target, out);
        }
        if (plan->count == 0)
                kt_str_add(out, "echo 'nothing to write'\n");
        kt_str_add(out, "exit \"$status\"\n");
        return kt_str_error(out);
}
