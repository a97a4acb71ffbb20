/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-tuner plan, apply and revert: what is shared is the plan, what differs is who carries it out. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "tuner/apply.h"
#include "tuner/guard.h"
#include "tuner/inuse.h"
#include "tuner/probe.h"
#include "tuner/prove.h"
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
        const struct kt_row *proven; /* --prove; NULL: a plain apply */
        const char *folder;          /* where the probe's files are */
        struct kt_proof proof;
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
                .only = args->prove ? args->prove : args->only,
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
        KT_AUTO_STR struct kt_str arguments = { 0 };
        struct kt_report_look look = { .colour = kt_report_has_colour(stdout), .verbose = args->verbose };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 }, .journal = { .dir_fd = -1, .fd = -1 } };
        KT_AUTO_STR struct kt_str out = { 0 };
        int code;
        int r;

        code = start(args, &run);
        if (code == 0)
                code = judge(&run);
        if (code != 0)
                return code;

        kt_tuner_add_arguments(args, &arguments);
        look.arguments = kt_str_get(&arguments);
        look.is_copy = !run.root.is_host;
        if (args->script)
                r = kt_plan_script(&run.plan, args->version, &out);
        else if (args->output == KT_OUTPUT_JSON)
                r = kt_report_plan_json(&run.inputs, &run.wishes, &run.verdicts, &run.plan, &out);
        else
                r = kt_report_plan_text(&run.inputs, &run.wishes, &run.verdicts, &run.plan, &look, &out);
        if (r == 0)
                r = kt_str_error(&arguments);
        return kt_tuner_finish(&out, r, args->script ? KT_EXIT_OK : kt_engine_exit_code(&run.verdicts));
}

/* Returns 0, also when there is no journal because that is not permitted; or the exit code to end with. */
static int open_journal(const struct kt_tuner_args *args, struct run *run)
{
        int r;

        r = kt_journal_open(args->journal, &run->root, LOCK_WAIT_MS, &run->journal, &run->journal_error);
        if (r < 0 && !kt_journal_is_refused(r))
                return kt_tuner_fail(&run->journal_error, KT_EXIT_FAILED);
        return 0;
}

static int report_act(const struct kt_tuner_args *args, const char *verb, struct run *run, int code)
{
        struct kt_report_look look = { .colour = kt_report_has_colour(stdout), .verbose = args->verbose };
        const struct kt_report_act act = {
                .verb = verb,
                .journal = run->journal.path,
                .written = run->written,
                .proven = run->proven,
                .folder = run->folder,
                .proof = run->proof.is_measured ? &run->proof : NULL,
        };
        const struct kt_inputs *inputs = run->inputs.version ? &run->inputs : NULL;
        const struct kt_wishes *wishes = inputs ? &run->wishes : NULL;
        KT_AUTO_STR struct kt_str arguments = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        int r;

        kt_tuner_add_option("--journal", args->journal, &arguments);
        look.arguments = kt_str_get(&arguments);
        if (args->output == KT_OUTPUT_JSON)
                r = kt_report_act_json(inputs, wishes, &run->verdicts, &act, &out);
        else
                r = kt_report_act_text(inputs, wishes, &run->verdicts, &act, &look, &out);
        if (r == 0)
                r = kt_str_error(&arguments);
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

/* ---- apply ---- */

static bool is_unfinished(const struct kt_journal *journal, const struct kt_change *change)
{
        return kt_journal_is_of_this_boot(journal, change) &&
               (change->state == KT_CHANGE_PROVING || kt_guard_is_unfinished(change));
}

static size_t count_unfinished(const struct kt_journal *journal)
{
        size_t count = 0;

        for (size_t i = 0; i < journal->count; i++)
                count += is_unfinished(journal, &journal->items[i]);
        return count;
}

/* Finds out what a killed run left. Returns 0, or the exit code to end with. */
static int settle(struct run *run)
{
        const size_t before = count_unfinished(&run->journal);
        struct kt_err e = { 0 };
        size_t after;

        if (run->journal_error.code != 0)
                return 0;
        if (kt_apply_drop_for_settling(&run->journal, &e) < 0 || kt_apply_settle(&run->facts, &run->journal, &e) < 0)
                return kt_tuner_fail(&e, KT_EXIT_FAILED);

        after = count_unfinished(&run->journal);
        if (after < before)
                (void)fprintf(stderr, "kafka-tuner: cleared up what a killed run left in between: %zu value%s\n",
                              before - after, before - after == 1 ? "" : "s"); /* nowhere left to complain */
        for (size_t i = 0; after > 0 && i < run->journal.count; i++)
                if (is_unfinished(&run->journal, &run->journal.items[i]))
                        (void)fprintf(stderr,
                                      "kafka-tuner: %s was %s before a run was killed and is something else now; "
                                      "kafka-tuner revert tells more\n",
                                      run->journal.items[i].object,
                                      run->journal.items[i].before); /* nowhere left to complain */
        return 0;
}

/* ---- apply --prove ---- */

/* Returns 0, or the exit code to end with. */
static int check_prove(const struct kt_tuner_args *args, struct run *run)
{
        struct kt_err e = { 0 };
        int code;

        if (args->only)
                return refuse_usage("--prove names the one tunable; --only has no place beside it");
        code = kt_tuner_check_ids(args->prove, "--prove");
        if (code != 0)
                return code;
        run->proven = kt_row_find(args->prove, NULL);
        if (!run->proven)
                return refuse_usage("--prove takes one tunable at a time");
        if (run->proven->probe != KT_ROW_PROBE_NONE)
                return 0;

        (void)kt_err_set(&e, -EINVAL,
                         "%s cannot be proven: nothing that can be measured in some seconds shows what it does; its "
                         "evidence is of grade %c, and apply --only %s sets it",
                         args->prove, run->proven->grade, args->prove); /* the text is all that counts */
        return kt_tuner_fail(&e, KT_EXIT_UNSUPPORTED);
}

/* The folder that was named, or where the volume is mounted. */
static const char *find_folder(const struct kt_tuner_args *args, const struct run *run)
{
        KT_AUTO_FD int fd =
                args->device && args->device[0] == '/' ? open(args->device, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

        if (fd >= 0)
                return args->device;
        return run->queues.stacks[0].mount ? run->queues.stacks[0].mount->target : NULL;
}

static bool is_stopped(void)
{
        sigset_t pending;

        return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
                                             sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGHUP) == 1);
}

static void hold_signals(int how)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGHUP);
        (void)sigprocmask(how, &set, NULL); /* cannot fail: the set and how are right */
}

static int measure(void *context, double *ret, struct kt_err *e)
{
        return kt_probe_measure(context, ret, e);
}

/* A proof slows a broker down and lets two values take turns below it. Returns 0, or the exit code to end with. */
static int check_unused(const struct run *run)
{
        const struct kt_mount *mount = run->queues.stacks[0].mount;
        struct kt_err e = { 0 };
        int r;

        r = kt_inuse_check(run->folder, &e);
        if (r == 0 && mount)
                r = kt_inuse_check(mount->target, &e);
        if (r == -EBUSY)
                (void)kt_err_wrap(&e, r, "no proof beside a broker"); /* the text is all that counts */
        return r < 0 ? kt_tuner_fail(&e, r == -EBUSY ? KT_EXIT_UNSUPPORTED : KT_EXIT_FAILED) : 0;
}

/* Makes the probe's files while the process may still look into any folder, then drops what is not needed. Returns 0,
 * or the exit code to end with. */
static int prepare_proof(const struct kt_tuner_args *args, struct run *run, struct kt_probe *probe)
{
        struct kt_err e = { 0 };
        int code;
        int r;

        if (run->plan.count == 0 || run->journal_error.code != 0)
                return 0;
        if (run->queues.count != 1)
                return refuse_usage("a proof is about one volume: name it with --device");
        run->folder = find_folder(args, run);
        if (!run->folder)
                return refuse_usage("a proof reads and writes on a volume that is mounted: name it with --device");

        code = check_unused(run);
        if (code != 0)
                return code;
        r = kt_probe_open(run->proven->probe, run->folder, probe, &e);
        if (r < 0)
                return kt_tuner_fail(&e, r == -EOPNOTSUPP ? KT_EXIT_UNSUPPORTED : KT_EXIT_FAILED);
        return kt_apply_drop(&run->plan, &e) < 0 ? kt_tuner_fail(&e, KT_EXIT_FAILED) : 0;
}

/* Returns 0, or the exit code that a failure asks for, which is printed. */
static int prove(struct run *run, struct kt_probe *probe)
{
        const struct kt_prove_how how = {
                .rounds = KT_PROVE_ROUNDS,
                .wait_ms = KT_PROVE_WAIT_MS,
                .measure = measure,
                .context = probe,
                .is_stopped = is_stopped,
        };
        struct kt_err e = { 0 };
        int r;

        if (run->plan.count == 0)
                return 0;
        if (run->journal_error.code != 0)
                return kt_apply_refuse(&run->plan, &run->journal_error) < 0 ? KT_EXIT_FAILED : 0;

        hold_signals(SIG_BLOCK);
        r = kt_prove(&run->plan, &run->journal, &how, &run->proof, &e);
        run->written = run->proof.is_kept ? run->plan.count : 0;
        if (r < 0)
                (void)kt_tuner_fail(&e, KT_EXIT_FAILED); /* that is the code below */
        hold_signals(SIG_UNBLOCK);                       /* one that came meanwhile ends the process here */
        if (r < 0)
                return KT_EXIT_FAILED;
        return run->proof.is_measured && run->proof.effect.verdict == KT_EFFECT_UNSTEADY ? KT_EXIT_NOT_PROVABLE : 0;
}

int kt_tuner_apply(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 }, .journal = { .dir_fd = -1, .fd = -1 } };
        KT_AUTO(kt_probe_done) struct kt_probe probe = KT_PROBE_CLOSED;
        int code = 0;

        if (args->sysroot)
                return refuse_usage("apply writes to the running machine; for a copy there is kafka-tuner plan");
        if (args->prove)
                code = check_prove(args, &run);
        if (code == 0)
                code = start(args, &run);
        if (code == 0)
                code = open_journal(args, &run);
        if (code == 0)
                code = settle(&run);
        if (code == 0)
                code = judge(&run);
        if (code == 0 && run.proven)
                code = prepare_proof(args, &run, &probe);
        if (code != 0)
                return code;

        code = run.proven ? prove(&run, &probe) : carry_out(&run);
        kt_tuner_verdicts_sort(&run.verdicts);
        return report_act(args, "apply", &run, code);
}

int kt_tuner_revert(void *opaque)
{
        const struct kt_tuner_args *args = opaque;
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 }, .journal = { .dir_fd = -1, .fd = -1 } };
        struct kt_err e = { 0 };
        int code = 0;

        if (args->sysroot)
                return refuse_usage("revert writes to the running machine");
        if (args->only)
                code = kt_tuner_check_ids(args->only, "--only");
        if (code != 0)
                return code;
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
