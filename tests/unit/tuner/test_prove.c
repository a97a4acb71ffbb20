/* SPDX-License-Identifier: Apache-2.0 */
/* Proof: what stays and what goes, on a disk made of files, with a measurement that follows the value in force. */
#include "tuner/prove.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "tuner/apply.h"
#include "tuner/queue.h"
#include "tuner/revert.h"

#define AHEAD   "sys/devices/vda/queue/read_ahead_kb"
#define OLD     "128\n"
#define DISKSEQ "7\n"

struct run {
        struct kt_root root;
        struct kt_queues queues;
        struct kt_tuner_facts facts;
        struct kt_inputs inputs;
        struct kt_wishes wishes;
        struct kt_tuner_verdicts verdicts;
        struct kt_plan plan;
        struct kt_journal journal;
};

#define NO_RUN                                                             \
        {                                                                  \
                .root = { .fd = -1 }, .journal = {.dir_fd = -1, .fd = -1 } \
        }

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

static void make_disk(const struct test_tree *tree)
{
        test_write(tree, "proc/sys/kernel/random/boot_id", "boot-1\n");
        test_write(tree, "proc/self/mountinfo", "30 1 254:0 / /data rw - xfs /dev/vda rw\n");
        test_write(tree, "sys/devices/vda/dev", "254:0\n");
        test_write(tree, "sys/devices/vda/diskseq", DISKSEQ);
        test_write(tree, "sys/devices/vda/mq/0/nr_tags", "256\n");
        test_write(tree, AHEAD, OLD);
        test_symlink(tree, "../../devices/vda", "sys/class/block/vda");
        test_symlink(tree, "../../../devices/vda", "sys/dev/block/254:0");
}

static void open_run(const struct test_tree *tree, struct run *run)
{
        KT_AUTO_FREE char *path = test_path(tree, "state/journal");
        const struct kt_spec_texts none = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &run->root, &e), 0);
        assert_int_equal(kt_queues_load(&run->root, "vda", &none, &run->queues, &e), 0);
        run->facts = (struct kt_tuner_facts){ .root = &run->root, .queues = &run->queues };
        assert_int_equal(kt_journal_open(path, &run->root, 0, &run->journal, &e), 0);
}

static void plan_run(const struct test_tree *tree, struct run *run)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        const struct kt_selection selection = { .only = "queue.read_ahead_kb" };
        KT_AUTO_FREE char *path = test_path(tree, "kafka.yaml");
        struct kt_err e = { 0 };

        test_write(tree, "kafka.yaml",
                   "apiVersion: k8skafka/v1\nkafka: {version: \"4.3\", roles: [broker], "
                   "clusterId: MkU3OEVBNTcwNTJENDM2Qg}\n");
        assert_int_equal(kt_inputs_load(path, &run->inputs, &findings, &e), 0);
        assert_int_equal(kt_wishes_make(&run->inputs, &selection, &run->wishes, &findings, &e), 0);
        assert_int_equal(kt_engine_check(&run->facts, &run->wishes, &run->verdicts, &e), 0);
        assert_int_equal(kt_plan_make(&run->verdicts, &run->plan, &e), 0);
        assert_int_equal(run->plan.count, 1);
}

/* A measurement that looks at the value in force. */
struct bench {
        const struct test_tree *tree;
        double old_rate;
        double new_rate;
        int calls;
        int fail_at;   /* the call that fails; 0: none */
        int meddle_at; /* the call during which somebody writes another value */
        int die_at;    /* the call during which the process ends */
        char seen[64]; /* "ooNoN": the values in force, call by call */
};

static int measure(void *context, double *ret, struct kt_err *e)
{
        struct bench *bench = context;
        KT_AUTO_FREE char *text = test_read(bench->tree, AHEAD);
        const bool is_old = strncmp(text, "128", 3) == 0;

        bench->seen[bench->calls++] = is_old ? 'o' : 'N';
        if (bench->calls == bench->die_at)
                _exit(0);
        if (bench->calls == bench->fail_at)
                return kt_err_set(e, -EIO, "the disk is broken");
        if (bench->calls == bench->meddle_at)
                test_write(bench->tree, AHEAD, "4096\n");
        *ret = (is_old ? bench->old_rate : bench->new_rate) + bench->calls % 3;
        return 0;
}

static bool always(void)
{
        return true;
}

static int asked;

static bool at_the_third_measurement(void)
{
        return ++asked == 3;
}

static int prove(struct run *run, struct bench *bench, bool (*is_stopped)(void), struct kt_proof *ret, struct kt_err *e)
{
        const struct kt_prove_how how = {
                .rounds = 5,
                .measure = measure,
                .context = bench,
                .is_stopped = is_stopped,
        };

        return kt_prove(&run->plan, &run->journal, &how, ret, e);
}

static void expect_ahead(const struct test_tree *tree, const char *expect)
{
        KT_AUTO_FREE char *text = test_read(tree, AHEAD);

        assert_int_equal(strncmp(text, expect, strlen(expect)), 0);
}

static void test_prove__keeps_what_is_not_worse(void **state)
{
        static const struct {
                double new_rate; /* against 1000 */
                enum kt_effect_verdict verdict;
                const char *value;
                enum kt_state row;
                enum kt_change_state change;
        } rows[] = {
                { 2000, KT_EFFECT_BETTER, "1024", KT_STATE_APPLIED, KT_CHANGE_DONE },
                { 1000, KT_EFFECT_SAME, "1024", KT_STATE_APPLIED, KT_CHANGE_DONE },
                { 500, KT_EFFECT_WORSE, "128", KT_STATE_DRIFT, KT_CHANGE_VOID },
        };
        const struct test_tree *tree = *state;

        make_disk(tree);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(run_done) struct run run = NO_RUN;
                struct bench bench = { .tree = tree, .old_rate = 1000, .new_rate = rows[i].new_rate };
                struct kt_proof proof = { 0 };
                struct kt_err e = { 0 };
                const struct kt_change *change;

                test_write(tree, AHEAD, OLD);
                open_run(tree, &run);
                plan_run(tree, &run);
                assert_int_equal(prove(&run, &bench, NULL, &proof, &e), 0);
                assert_string_equal(bench.seen, "ooNoNoNoNoN");
                assert_true(proof.is_measured);
                assert_int_equal(proof.effect.verdict, rows[i].verdict);
                assert_int_equal(proof.is_kept, rows[i].row == KT_STATE_APPLIED);
                expect_ahead(tree, rows[i].value);
                assert_int_equal(run.verdicts.items[0].state, rows[i].row);
                assert_string_equal(run.verdicts.items[0].have, rows[i].value);
                change = &run.journal.items[run.journal.count - 1];
                assert_int_equal(change->state, rows[i].change);
                assert_non_null(strstr(change->effect, kt_effect_name(rows[i].verdict)));
        }
}

static void test_prove__what_stays_is_taken_back_by_revert(void **state)
{
        const struct test_tree *tree = *state;
        struct bench bench = { .tree = tree, .old_rate = 10, .new_rate = 99 };
        KT_AUTO(run_done) struct run run = NO_RUN;
        KT_AUTO(run_done) struct run back = NO_RUN;
        struct kt_proof proof = { 0 };
        struct kt_err e = { 0 };
        size_t written = 0;

        make_disk(tree);
        open_run(tree, &run);
        plan_run(tree, &run);
        assert_int_equal(prove(&run, &bench, NULL, &proof, &e), 0);
        kt_journal_done(&run.journal);

        open_run(tree, &back);
        assert_non_null(strstr(back.journal.items[0].effect, "better"));
        assert_int_equal(kt_revert(&back.facts, &back.journal, NULL, &back.verdicts, &written, &e), 0);
        assert_int_equal(written, 1);
        expect_ahead(tree, "128");
}

static void test_prove__failures_put_the_old_value_back(void **state)
{
        static const struct {
                int fail_at;
                bool stops;
                int code;
        } rows[] = { { 1, false, 0 }, { 4, false, 0 }, { 5, false, 0 }, { 0, true, -EINTR } };
        const struct test_tree *tree = *state;

        make_disk(tree);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(run_done) struct run run = NO_RUN;
                struct bench bench = { .tree = tree, .old_rate = 9, .new_rate = 99, .fail_at = rows[i].fail_at };
                struct kt_proof proof = { 0 };
                struct kt_err e = { 0 };

                test_write(tree, AHEAD, OLD);
                open_run(tree, &run);
                plan_run(tree, &run);
                assert_int_equal(prove(&run, &bench, rows[i].stops ? always : NULL, &proof, &e), rows[i].code);
                assert_false(proof.is_measured);
                assert_false(proof.is_kept);
                expect_ahead(tree, "128");
                assert_int_equal(run.verdicts.items[0].state, KT_STATE_ERROR);
                assert_int_equal(run.journal.items[run.journal.count - 1].state, KT_CHANGE_VOID);
        }
}

static void test_prove__leaves_somebody_elses_value_alone(void **state)
{
        for (int at = 2; at <= 5; at++) {
                const struct test_tree *tree = *state;
                struct bench bench = { .tree = tree, .old_rate = 9, .new_rate = 99, .meddle_at = at };
                KT_AUTO(run_done) struct run run = NO_RUN;
                struct kt_proof proof = { 0 };
                struct kt_err e = { 0 };

                if (at == 2)
                        make_disk(tree);
                test_write(tree, AHEAD, OLD);
                open_run(tree, &run);
                plan_run(tree, &run);
                assert_int_equal(prove(&run, &bench, NULL, &proof, &e), 0);
                expect_ahead(tree, "4096");
                assert_int_equal(run.verdicts.items[0].state, KT_STATE_CONFLICT);
                assert_int_equal(run.journal.items[run.journal.count - 1].state, KT_CHANGE_OVERTAKEN);
        }
}

static void test_prove__sees_a_change_before_it_begins(void **state)
{
        const struct test_tree *tree = *state;
        struct bench bench = { .tree = tree, .old_rate = 9, .new_rate = 99 };
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_proof proof = { 0 };
        struct kt_err e = { 0 };

        make_disk(tree);
        open_run(tree, &run);
        plan_run(tree, &run);
        test_write(tree, AHEAD, "64\n");
        assert_int_equal(prove(&run, &bench, NULL, &proof, &e), 0);
        assert_int_equal(bench.calls, 0);
        expect_ahead(tree, "64");
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_CONFLICT);
        assert_int_equal(run.journal.count, 0);
}

/* The process dies in the middle of each measurement; then either verb finds and finishes it. */
static void die_at(const struct test_tree *tree, int call)
{
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
                struct bench bench = { .tree = tree, .old_rate = 9, .new_rate = 99, .die_at = call };
                struct run run = NO_RUN;
                struct kt_proof proof = { 0 };
                struct kt_err e = { 0 };

                open_run(tree, &run);
                plan_run(tree, &run);
                (void)prove(&run, &bench, NULL, &proof, &e); /* it does not come back */
                _exit(1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
}

static void test_settle__finishes_a_killed_proof(void **state)
{
        const struct test_tree *tree = *state;

        make_disk(tree);
        for (int call = 1; call <= 5; call++) {
                KT_AUTO(run_done) struct run by_apply = NO_RUN;
                KT_AUTO(run_done) struct run by_revert = NO_RUN;
                struct kt_err e = { 0 };
                size_t written = 0;

                test_write(tree, AHEAD, OLD);
                die_at(tree, call);
                open_run(tree, &by_apply);
                assert_int_equal(by_apply.journal.items[by_apply.journal.count - 1].state, KT_CHANGE_PROVING);
                assert_int_equal(kt_apply_settle(&by_apply.facts, &by_apply.journal, &e), 0);
                assert_int_equal(by_apply.journal.items[by_apply.journal.count - 1].state, KT_CHANGE_VOID);
                expect_ahead(tree, "128");
                kt_journal_done(&by_apply.journal);

                die_at(tree, call);
                open_run(tree, &by_revert);
                assert_int_equal(
                        kt_revert(&by_revert.facts, &by_revert.journal, NULL, &by_revert.verdicts, &written, &e), 0);
                assert_int_equal(by_revert.verdicts.items[0].state, KT_STATE_OK);
                expect_ahead(tree, "128");
                kt_journal_done(&by_revert.journal);
        }
}

/* Died with another value in force than either of the two: that is for a person. */
static void test_settle__leaves_a_third_value_open(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_err e = { 0 };
        size_t written = 0;

        make_disk(tree);
        die_at(tree, 3);
        test_write(tree, AHEAD, "4096\n");
        open_run(tree, &run);
        assert_int_equal(kt_apply_settle(&run.facts, &run.journal, &e), 0);
        assert_int_equal(run.journal.items[0].state, KT_CHANGE_PROVING);
        assert_int_equal(kt_revert(&run.facts, &run.journal, NULL, &run.verdicts, &written, &e), 0);
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_CONFLICT);
        expect_ahead(tree, "4096");
}

/* Stopped, and the value is somebody else's: nobody may say that the old one is back. */
static void test_prove__stopped_after_somebody_wrote(void **state)
{
        struct bench bench = { .tree = *state, .old_rate = 1000, .new_rate = 1000, .meddle_at = 2 };
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_proof proof;
        struct kt_err e = { 0 };

        asked = 0;
        make_disk(*state);
        open_run(*state, &run);
        plan_run(*state, &run);
        assert_int_equal(prove(&run, &bench, at_the_third_measurement, &proof, &e), -EINTR);
        expect_ahead(*state, "4096");
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_CONFLICT);
        assert_string_equal(e.text, "stopped before there was a verdict");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_prove__keeps_what_is_not_worse, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_prove__what_stays_is_taken_back_by_revert, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_prove__failures_put_the_old_value_back, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_prove__leaves_somebody_elses_value_alone, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_prove__sees_a_change_before_it_begins, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_prove__stopped_after_somebody_wrote, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_settle__finishes_a_killed_proof, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_settle__leaves_a_third_value_open, test_tree_setup,
                                                test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
