/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner check: compares the node with the profile. */
#include <stdio.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "tuner/engine.h"
#include "tuner/report.h"
#include "tuner/verbs.h"

static int report(const struct kt_tuner_args *args, const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                  const struct kt_tuner_verdicts *verdicts)
{
        const struct kt_report_look look = { .colour = kt_report_has_colour(stdout), .verbose = args->verbose };
        KT_AUTO_STR struct kt_str out = { 0 };
        int r;

        if (args->output == KT_OUTPUT_JSON)
                r = kt_report_check_json(inputs, wishes, verdicts, &out);
        else
                r = kt_report_check_text(inputs, wishes, verdicts, &look, &out);
        return kt_tuner_finish(&out, r, kt_engine_exit_code(verdicts));
}

int kt_tuner_check(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        const struct kt_selection selection = { .only = args->only, .devices = args->device != NULL };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        KT_AUTO(kt_queues_done) struct kt_queues queues = { 0 };
        struct kt_tuner_facts facts = { .root = &root, .queues = &queues };
        struct kt_err e = { 0 };
        int code;

        if (kt_tuner_parse_pid(args->pid, &facts.pid, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_prepare(args, &selection, &inputs, &wishes);
        if (code != 0)
                return code;
        if (kt_root_open(args->sysroot, &root, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_load_queues(args, &inputs, &wishes, &root, &queues);
        if (code != 0)
                return code;
        if (kt_engine_check(&facts, &wishes, &verdicts, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);
        if (kt_engine_add_reach(&verdicts, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);
        return report(args, &inputs, &wishes, &verdicts);
}
