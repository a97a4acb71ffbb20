/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner check: compares the node with the profile. */
#include <stdio.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "tuner/engine.h"
#include "tuner/process.h"
#include "tuner/report.h"
#include "tuner/verbs.h"

struct run {
        struct kt_root root;
        struct kt_inputs inputs;
        struct kt_wishes wishes;
        struct kt_queues queues;
        struct kt_processes processes;
        struct kt_tuner_facts facts;
        struct kt_tuner_verdicts verdicts;
};

static void run_done(struct run *run)
{
        kt_tuner_verdicts_done(&run->verdicts);
        kt_processes_done(&run->processes);
        kt_queues_done(&run->queues);
        kt_wishes_done(&run->wishes);
        kt_inputs_done(&run->inputs);
        kt_root_done(&run->root);
}

static int report(const struct kt_tuner_args *args, const struct run *run)
{
        KT_AUTO_STR struct kt_str arguments = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        const struct kt_report_node node = { &run->root, &run->queues, &run->processes };
        struct kt_report_look look = { .colour = kt_report_has_colour(stdout), .verbose = args->verbose };
        int r;

        kt_tuner_add_arguments(args, &arguments);
        look.arguments = kt_str_get(&arguments);
        look.is_copy = !run->root.is_host;
        if (args->output == KT_OUTPUT_JSON)
                r = kt_report_check_json(&run->inputs, &run->wishes, &run->verdicts, &node, &out);
        else
                r = kt_report_check_text(&run->inputs, &run->wishes, &run->verdicts, &node, &look, &out);
        return kt_tuner_finish(&out, r == 0 ? kt_str_error(&arguments) : r, kt_engine_exit_code(&run->verdicts));
}

/* Brokers and runtimes count when nobody named a process and a limit is asked for. */
static int load_processes(const struct kt_tuner_args *args, struct run *run)
{
        struct kt_err e = { 0 };
        bool is_wished = false;

        for (size_t i = 0; i < run->wishes.count; i++)
                is_wished = is_wished || run->wishes.items[i].row->scope == KT_SCOPE_PROCESS;
        if (args->pid || !is_wished)
                return 0;
        run->facts.processes = &run->processes;
        return kt_processes_load(&run->root, &run->processes, &e) < 0 ? kt_tuner_fail(&e, KT_EXIT_FAILED) : 0;
}

int kt_tuner_check(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        const struct kt_selection selection = { .only = args->only, .devices = args->device != NULL };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 } };
        struct kt_err e = { 0 };
        int code;

        run.facts = (struct kt_tuner_facts){ .root = &run.root, .queues = &run.queues };
        if (kt_tuner_parse_pid(args->pid, &run.facts.pid, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_prepare(args, &selection, &run.inputs, &run.wishes);
        if (code != 0)
                return code;
        if (kt_root_open(args->sysroot, &run.root, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_load_queues(args, &run.inputs, &run.wishes, &run.root, &run.queues);
        if (code == 0)
                code = load_processes(args, &run);
        if (code != 0)
                return code;
        if (kt_engine_check(&run.facts, &run.wishes, &run.verdicts, &e) < 0 ||
            kt_engine_add_reach(&run.verdicts, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);
        return report(args, &run);
}
