/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner list: every tunable there is, and what would be wanted of it. */
#include <stdio.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "tuner/report.h"
#include "tuner/verbs.h"

int kt_tuner_list(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        const struct kt_selection selection = { .all = true };
        const struct kt_report_look look = { .colour = kt_report_has_colour(stdout),
                                             .verbose = args->verbose,
                                             .arguments = "" };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        int code;
        int r;

        code = kt_tuner_prepare(args, &selection, &inputs, &wishes);
        if (code != 0)
                return code;

        if (args->output == KT_OUTPUT_JSON)
                r = kt_report_list_json(&inputs, &wishes, &out);
        else
                r = kt_report_list_text(&inputs, &wishes, &look, &out);
        return kt_tuner_finish(&out, r, KT_EXIT_OK);
}
