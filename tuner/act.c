/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner plan, apply and revert: what is shared is the plan, what differs is who carries it out. */
#include <errno.h>
#include <stdio.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "tuner/apply.h"
#include "tuner/report.h"
#include "tuner/revert.h"
#include "tuner/verbs.h"

enum { LOCK_WAIT_MS = 10000 }; /* a whole apply takes some 10 ms; a hung one must not hang all others */

/* Start with { .root = { .fd = -1 }, .journal = { .dir_fd = -1, .fd = -1 } }. */
struct run {
        struct kt_inputs inputs;
        struct kt_wishes wishes;
        struct kt_root root;
        struct kt_queues queues;
        struct kt_tuner_facts facts;
        struct kt_tuner_verdicts verdicts;
        struct kt_plan plan;
        struct kt_journal journal;
        struct kt_err journal_error; /* why there is none */
        size_t written;
};

static void run_done(struct run *run)
{
        kt_plan_done(&run->plan);
        kt_tuner_verdicts_done(&run->verdicts);
        kt_wishes_done(&run->wishes);
        kt_inputs_done(&run->inputs);
        kt_journal_done(&run->journal);
        kt_queues_done(&run->queues);
        kt_root_done(&run->root);
}

static int refuse_usage(const char *text)
{
        struct kt_err e = { 0 };

        (void)kt_err_set(&e, -EINVAL, "%s", text); /* the text is all that counts */
        return kt_tuner_fail(&e, KT_EXIT_USAGE);
}

static bool asks_for_process(const struct kt_wishes *wishes)
{
        for (size_t i = 0; i < wishes->count; i++)
                if (wishes->items[i].row->scope == KT_SCOPE_PROCESS)
                        return true;
        return false;
}

/* Returns 0, or the exit code to end with; complaints are printed then. */
static int start(const struct kt_tuner_args *args, struct run *run)
{
        const struct kt_selection selection = {
                .only = args->only,
                .no_process = !args->pid,
                .devices = args->device != NULL,
        };
        struct kt_err e = { 0 };
        int code;

        run->facts.root = &run->root;
        if (kt_tuner_parse_pid(args->pid, &run->facts.pid, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);
        code = kt_tuner_prepare(args, &selection, &run->inputs, &run->wishes);
        if (code != 0)
                return code;
        if (!args->pid && asks_for_process(&run->wishes))
                return refuse_usage("limits belong to a process: name it with --pid");
        if (kt_root_open(args->sysroot, &run->root, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_USAGE);

        run->facts.queues = &run->queues;
        return kt_tuner_load_queues(args, &run->inputs, &run->wishes, &run->root, &run->queues);
}

/* Reads, judges, plans. Returns 0, or the exit code to end with. */
static int judge(struct run *run)
{
        struct kt_err e = { 0 };

        if (kt_engine_check(&run->facts, &run->wishes, &run->verdicts, &e) < 0 ||
            kt_engine_add_reach(&run->verdicts, &e) < 0 || kt_plan_make(&run->verdicts, &run->plan, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);
        return 0;
}

int kt_tuner_plan(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        const struct kt_report_look look = { .colour = kt_report_has_colour(stdout), .verbose = args->verbose };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 }, .journal = { .dir_fd = -1, .fd = -1 } };
        KT_AUTO_STR struct kt_str out = { 0 };
        int code;
        int r;

        code = start(args, &run);
        if (code == 0)
                code = judge(&run);
        if (code != 0)
                return code;

        if (args->script)
                r = kt_plan_script(&run.plan, args->version, &out);
        else if (args->output == KT_OUTPUT_JSON)
                r = kt_report_plan_json(&run.inputs, &run.wishes, &run.verdicts, &run.plan, &out);
        else
                r = kt_report_plan_text(&run.inputs, &run.wishes, &run.verdicts, &run.plan, &look, &out);
        return kt_tuner_finish(&out, r, args->script ? KT_EXIT_OK : kt_engine_exit_code(&run.verdicts));
}

/* What keeps a journal from being opened keeps values from being written: it is said row by row. */
static bool is_refusal(int code)
{
        return code == -EACCES || code == -EPERM || code == -EROFS;
}

/* Returns 0, also when there is no journal because that is not permitted; or the exit code to end with. */
static int open_journal(const struct kt_tuner_args *args, struct run *run)
{
        int r;

        r = kt_journal_open(args->journal, &run->root, LOCK_WAIT_MS, &run->journal, &run->journal_error);
        if (r < 0 && !is_refusal(r))
                return kt_tuner_fail(&run->journal_error, KT_EXIT_FAILED);
        return 0;
}

static int report_act(const struct kt_tuner_args *args, const char *verb, struct run *run, int code)
{
        const struct kt_report_look look = { .colour = kt_report_has_colour(stdout), .verbose = args->verbose };
        const struct kt_report_act act = { .verb = verb, .journal = run->journal.path, .written = run->written };
        const struct kt_inputs *inputs = run->inputs.version ? &run->inputs : NULL;
        const struct kt_wishes *wishes = inputs ? &run->wishes : NULL;
        KT_AUTO_STR struct kt_str out = { 0 };
        int r;

        if (args->output == KT_OUTPUT_JSON)
                r = kt_report_act_json(inputs, wishes, &run->verdicts, &act, &out);
        else
                r = kt_report_act_text(inputs, wishes, &run->verdicts, &act, &look, &out);
        return kt_tuner_finish(&out, r, code != 0 ? code : kt_engine_exit_code(&run->verdicts));
}

/* Returns 0, or the exit code that a failure asks for, which is printed. */
static int carry_out(struct run *run)
{
        struct kt_err e = { 0 };
        int r = 0;

        if (run->plan.count > 0 && run->journal_error.code != 0)
                r = kt_apply_refuse(&run->plan, &run->journal_error);
        else if (run->plan.count > 0)
                r = kt_apply_drop(&run->plan, &e);
        if (r == 0 && run->journal_error.code == 0)
                r = kt_apply(&run->plan, &run->journal, &run->written, &e);
        return r < 0 ? kt_tuner_fail(&e, run->written > 0 ? KT_EXIT_PARTLY : KT_EXIT_FAILED) : 0;
}

int kt_tuner_apply(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 }, .journal = { .dir_fd = -1, .fd = -1 } };
        struct kt_err e = { 0 };
        int code;

        if (args->sysroot)
                return refuse_usage("apply writes to the running machine; for a copy there is kafka-tuner plan");
        code = start(args, &run);
        if (code == 0)
                code = open_journal(args, &run);
        if (code != 0)
                return code;
        if (run.journal_error.code == 0 && kt_apply_settle(&run.facts, &run.journal, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);
        code = judge(&run);
        if (code != 0)
                return code;

        code = carry_out(&run);
        kt_tuner_verdicts_sort(&run.verdicts);
        return report_act(args, "apply", &run, code);
}

static bool is_known_only(const char *only)
{
        for (size_t i = 0; i < kt_row_count(); i++)
                if (kt_wish_is_listed(only, kt_row_at(i)->id))
                        return true;
        return false;
}

int kt_tuner_revert(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 }, .journal = { .dir_fd = -1, .fd = -1 } };
        struct kt_err e = { 0 };
        int code;

        if (args->sysroot)
                return refuse_usage("revert writes to the running machine");
        if (args->only && !is_known_only(args->only))
                return refuse_usage("--only names no tunable; kafka-tuner list shows them");
        if (kt_root_open(NULL, &run.root, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);
        run.facts.root = &run.root;
        code = open_journal(args, &run);
        if (code != 0)
                return code;
        if (run.journal_error.code != 0)
                return kt_tuner_fail(&run.journal_error, KT_EXIT_UNSUPPORTED);
        if (kt_revert_drop(&run.journal, &e) < 0 ||
            kt_revert(&run.facts, &run.journal, args->only, &run.verdicts, &run.written, &e) < 0)
                code = kt_tuner_fail(&e, run.written > 0 ? KT_EXIT_PARTLY : KT_EXIT_FAILED);
        return report_act(args, "revert", &run, code);
}
