/* SPDX-License-Identifier: Apache-2.0 */
/* Plan, apply and revert over trees made here: plain files that keep what they are given. What a kernel makes of a
 * write is tested on one (tests/system). */
#include "tuner/apply.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lib/app/exit.h"
#include "tuner/report.h"
#include "tuner/revert.h"

#define MAPS       "proc/sys/vm/max_map_count"
#define BYTES      "proc/sys/vm/dirty_bytes"
#define RATIO      "proc/sys/vm/dirty_ratio"
#define ONLY_MAPS  "vm.max_map_count"
#define ONLY_BYTES "vm.dirty_bytes"

struct run {
        struct kt_root root;
        struct kt_tuner_facts facts;
        struct kt_inputs inputs;
        struct kt_wishes wishes;
        struct kt_tuner_verdicts verdicts;
        struct kt_plan plan;
        struct kt_journal journal;
        size_t written;
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
        kt_root_done(&run->root);
}

static void open_run(const struct test_tree *tree, struct run *run)
{
        KT_AUTO_FREE char *path = test_path(tree, "state/journal");
        struct kt_err e = { 0 };

        test_write(tree, "proc/sys/kernel/random/boot_id", "boot-1\n");
        assert_int_equal(kt_root_open(tree->path, &run->root, &e), 0);
        run->facts.root = &run->root;
        assert_int_equal(kt_journal_open(path, &run->root, 0, &run->journal, &e), 0);
        assert_int_equal(kt_apply_settle(&run->facts, &run->journal, &e), 0);
}

/* Of the default workload, or with the tunables that yaml names. */
static void plan_run(const struct test_tree *tree, const char *only, const char *tunables, struct run *run)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        const struct kt_selection selection = { .only = only, .no_process = true };
        KT_AUTO_FREE char *path = test_path(tree, "kafka.yaml");
        KT_AUTO_STR struct kt_str yaml = { 0 };
        struct kt_err e = { 0 };

        kt_str_addf(&yaml,
                    "apiVersion: k8skafka/v1\nkafka: {version: \"4.3\", roles: [broker], "
                    "clusterId: MkU3OEVBNTcwNTJENDM2Qg}\ntuning: {tunables: {%s}}\n",
                    tunables);
        test_write(tree, "kafka.yaml", kt_str_get(&yaml));
        assert_int_equal(kt_inputs_load(path, &run->inputs, &findings, &e), 0);
        assert_int_equal(kt_wishes_make(&run->inputs, &selection, &run->wishes, &findings, &e), 0);
        assert_int_equal(kt_engine_check(&run->facts, &run->wishes, &run->verdicts, &e), 0);
        assert_int_equal(kt_plan_make(&run->verdicts, &run->plan, &e), 0);
}

static void apply_only(const struct test_tree *tree, const char *only, enum kt_state expect, size_t written)
{
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_err e = { 0 };

        open_run(tree, &run);
        plan_run(tree, only, "", &run);
        assert_int_equal(kt_apply(&run.plan, &run.journal, &run.written, &e), 0);
        assert_int_equal(run.verdicts.items[0].state, expect);
        assert_int_equal(run.written, written);
}

static void revert_all(const struct test_tree *tree, size_t count, enum kt_state expect, size_t written)
{
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_err e = { 0 };

        open_run(tree, &run);
        assert_int_equal(kt_revert(&run.facts, &run.journal, NULL, &run.verdicts, &run.written, &e), 0);
        assert_int_equal(run.verdicts.count, count);
        if (count > 0)
                assert_int_equal(run.verdicts.items[0].state, expect);
        assert_int_equal(run.written, written);
}

static void expect_file(const struct test_tree *tree, const char *path, const char *expect)
{
        KT_AUTO_FREE char *text = test_read(tree, path);

        assert_string_equal(text, expect);
}

static void test_apply__writes_once_and_goes_back(void **state)
{
        test_write(*state, MAPS, "65530\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_APPLIED, 1);
        expect_file(*state, MAPS, "262144");
        apply_only(*state, ONLY_MAPS, KT_STATE_OK, 0);
        revert_all(*state, 1, KT_STATE_APPLIED, 1);
        expect_file(*state, MAPS, "65530");
        revert_all(*state, 0, KT_STATE_OK, 0);
}

static void test_apply__never_lowers_a_better_value(void **state)
{
        test_write(*state, MAPS, "1048576\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_OK, 0);
        expect_file(*state, MAPS, "1048576\n");
}

static void test_apply__does_not_touch_what_is_no_value(void **state)
{
        test_write(*state, MAPS, "plenty\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_ERROR, 0);
        expect_file(*state, MAPS, "plenty\n");
}

static void test_apply__sees_a_change_after_the_plan(void **state)
{
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_err e = { 0 };

        test_write(*state, MAPS, "65530\n");
        open_run(*state, &run);
        plan_run(*state, ONLY_MAPS, "", &run);
        test_write(*state, MAPS, "70000\n");
        assert_int_equal(kt_apply(&run.plan, &run.journal, &run.written, &e), 0);
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_CONFLICT);
        assert_int_equal(run.journal.count, 0);
        expect_file(*state, MAPS, "70000\n");
}

static void test_apply__a_refused_write_is_denied(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_err e = { 0 };

        test_write(tree, MAPS, "65530\n");
        assert_int_equal(fchmodat(tree->fd, MAPS, 0444, 0), 0);
        open_run(tree, &run);
        plan_run(tree, ONLY_MAPS, "", &run);
        test_as_nobody(tree);
        assert_int_equal(kt_apply(&run.plan, &run.journal, &run.written, &e), 0);
        test_as_before();
        kt_tuner_verdicts_sort(&run.verdicts);
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_DENIED);
        assert_non_null(run.verdicts.items[0].next);
        assert_int_equal(run.journal.items[0].state, KT_CHANGE_VOID);
        assert_int_equal(kt_engine_exit_code(&run.verdicts), KT_EXIT_UNSUPPORTED);
}

static void test_plan__leaves_out_what_is_only_checked(void **state)
{
        KT_AUTO(run_done) struct run run = NO_RUN;

        test_write(*state, MAPS, "65530\n");
        open_run(*state, &run);
        plan_run(*state, ONLY_MAPS, "vm.max_map_count: {policy: check}", &run);
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_DRIFT);
        assert_int_equal(run.plan.count, 0);
}

static void test_plan__keeps_the_other_numbers_of_a_tuple(void **state)
{
        KT_AUTO(run_done) struct run run = NO_RUN;

        test_write(*state, "proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
        open_run(*state, &run);
        plan_run(*state, "net.ipv4.tcp_rmem", "", &run);
        assert_int_equal(run.plan.count, 1);
        assert_string_equal(run.plan.items[0].target, "4096 131072 16777216");
}

static void test_plan__refuses_what_could_not_be_restored(void **state)
{
        KT_AUTO(run_done) struct run run = NO_RUN;

        test_write(*state, BYTES, "0\n");
        test_write(*state, RATIO, "0\n");
        open_run(*state, &run);
        plan_run(*state, ONLY_BYTES, "", &run);
        assert_int_equal(run.plan.count, 0);
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_UNSUPPORTED);
}

/* Writing 0 to dirty_bytes is EINVAL: the way back is the ratio. */
static void test_revert__writes_the_twin(void **state)
{
        KT_AUTO(run_done) struct run run = NO_RUN;

        test_write(*state, BYTES, "0\n");
        test_write(*state, RATIO, "20\n");
        apply_only(*state, ONLY_BYTES, KT_STATE_APPLIED, 1);
        open_run(*state, &run);
        assert_string_equal(run.journal.items[0].undo_id, "vm.dirty_ratio");
        assert_string_equal(run.journal.items[0].undo_value, "20");
        run_done(&run);
        test_write(*state, BYTES, "0\n"); /* as the kernel does when the ratio is written */
        test_write(*state, RATIO, "20\n");
        revert_all(*state, 1, KT_STATE_OK, 0);
}

static void test_revert__somebody_elses_value_stays(void **state)
{
        test_write(*state, MAPS, "65530\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_APPLIED, 1);
        test_write(*state, MAPS, "300000\n");
        revert_all(*state, 1, KT_STATE_CONFLICT, 0);
        expect_file(*state, MAPS, "300000\n");
        test_write(*state, MAPS, "65530\n");
        revert_all(*state, 1, KT_STATE_OK, 0);
        revert_all(*state, 0, KT_STATE_OK, 0);
}

static void test_revert__only_the_newer_change_of_an_overtaken_one(void **state)
{
        test_write(*state, MAPS, "65530\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_APPLIED, 1);
        test_write(*state, MAPS, "70000\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_APPLIED, 1);
        revert_all(*state, 1, KT_STATE_APPLIED, 1);
        expect_file(*state, MAPS, "70000");
}

static void test_revert__what_the_kernel_forgot(void **state)
{
        KT_AUTO(run_done) struct run run = NO_RUN;
        struct kt_err e = { 0 };

        test_write(*state, MAPS, "65530\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_APPLIED, 1);
        open_run(*state, &run);
        run.journal.boot_id[strlen("boot-")] = '2';
        assert_int_equal(kt_revert(&run.facts, &run.journal, NULL, &run.verdicts, &run.written, &e), 0);
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_OK);
        assert_non_null(strstr(run.verdicts.items[0].reason, "restart"));
        assert_int_equal(run.journal.items[0].state, KT_CHANGE_FORGOTTEN);
        expect_file(*state, MAPS, "262144");
}

/* What a killed run leaves: the last line of the journal, and the value in the kernel. */
/* As on a full disk: what was not looked at to its end says so, and can be printed. */
static void test_revert__the_journal_takes_no_line(void **state)
{
        static const struct kt_report_act act = { .verb = "revert", .journal = "journal" };
        static const struct kt_report_look look = { .arguments = "" };
        KT_AUTO(run_done) struct run run = NO_RUN;
        KT_AUTO_FREE char *path = test_path(*state, "state/journal");
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_err e = { 0 };

        test_write(*state, MAPS, "65530\n");
        apply_only(*state, ONLY_MAPS, KT_STATE_APPLIED, 1);
        open_run(*state, &run);
        (void)kt_close(run.journal.fd); /* returns -1 */
        run.journal.fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(kt_revert(&run.facts, &run.journal, NULL, &run.verdicts, &run.written, &e), -EBADF);
        assert_int_equal(run.verdicts.count, 1);
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_ERROR);
        assert_int_equal(kt_report_act_text(NULL, NULL, &run.verdicts, &act, &look, &out), 0);
        assert_non_null(strstr(kt_str_get(&out), "write "));
        expect_file(*state, MAPS, "262144");
}

static void test_settle__after_a_kill(void **state)
{
        static const struct {
                enum kt_change_state left;
                const char *value;
                enum kt_change_state expect;
                enum kt_state reverted;
                const char *after;
        } rows[] = {
                { KT_CHANGE_INTENT, "65530\n", KT_CHANGE_VOID, KT_STATE_OK, "65530\n" },
                { KT_CHANGE_INTENT, "262144\n", KT_CHANGE_DONE, KT_STATE_APPLIED, "65530" },
                { KT_CHANGE_INTENT, "99999\n", KT_CHANGE_INTENT, KT_STATE_CONFLICT, "99999\n" },
                { KT_CHANGE_REVERTING, "262144\n", KT_CHANGE_DONE, KT_STATE_APPLIED, "65530" },
                { KT_CHANGE_REVERTING, "65530\n", KT_CHANGE_REVERTED, KT_STATE_OK, "65530\n" },
                { KT_CHANGE_REVERTING, "99999\n", KT_CHANGE_REVERTING, KT_STATE_CONFLICT, "99999\n" },
        };
        const struct kt_change draft = {
                .id = (char *)"vm.max_map_count",
                .object = (char *)"vm.max_map_count",
                .identity = (char *)"",
                .before = (char *)"65530",
                .wrote = (char *)"262144",
                .undo_id = (char *)"vm.max_map_count",
                .undo_value = (char *)"65530",
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(run_done) struct run run = NO_RUN;
                struct kt_err e = { 0 };
                size_t index = 0;

                test_write(*state, "state/journal", "");
                open_run(*state, &run);
                assert_int_equal(kt_journal_begin(&run.journal, &draft, &index, &e), 0);
                if (rows[i].left == KT_CHANGE_REVERTING) {
                        assert_int_equal(kt_journal_move(&run.journal, index, KT_CHANGE_DONE, "262144", &e), 0);
                        assert_int_equal(kt_journal_move(&run.journal, index, KT_CHANGE_REVERTING, NULL, &e), 0);
                }
                kt_journal_done(&run.journal);
                kt_root_done(&run.root);

                test_write(*state, MAPS, rows[i].value);
                open_run(*state, &run);
                assert_int_equal(run.journal.items[0].state, rows[i].expect);
                assert_int_equal(kt_revert(&run.facts, &run.journal, NULL, &run.verdicts, &run.written, &e), 0);
                if (kt_change_is_open(&run.journal.items[0]) || run.verdicts.count > 0)
                        assert_int_equal(run.verdicts.items[0].state, rows[i].reverted);
                expect_file(*state, MAPS, rows[i].after);
        }
}

static void test_script__quotes_and_guards(void **state)
{
        KT_AUTO(run_done) struct run run = NO_RUN;
        KT_AUTO_STR struct kt_str out = { 0 };

        test_write(*state, MAPS, "65530\n");
        open_run(*state, &run);
        plan_run(*state, ONLY_MAPS, "", &run);
        assert_int_equal(kt_plan_script(&run.plan, "1", &out), 0);
        assert_non_null(strstr(kt_str_get(&out), "#!/bin/sh\n"));
        assert_non_null(strstr(kt_str_get(&out), "set -eu\n"));
        assert_non_null(
                strstr(kt_str_get(&out), "\nset_file vm.max_map_count /proc/sys/vm/max_map_count '65530' '262144'\n"));
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

/* A file of the kernel's own that every process may write about itself, and that does not keep what it is given: 0 stands
 * for the default (proc(5), timerslack_ns). So do clamped and rounded queue attributes. */
static const struct kt_row timer_slack = {
        .id = "timer.slack",
        .path = "/proc/self/timerslack_ns",
        .backend = KT_BACKEND_SYSCTL,
        .type = KT_ROW_NUMBER,
        .rule = KT_RULE_AT_MOST,
        .want = "0",
};

static void test_apply__a_value_that_the_kernel_changes(void **state)
{
        struct kt_wish wish = { .row = &timer_slack, .want = (char *)"0", .why = (char *)"why" };
        const struct kt_wishes wishes = { .items = &wish, .count = 1 };
        KT_AUTO(run_done) struct run run = NO_RUN;
        KT_AUTO_FREE char *path = test_path(*state, "state/journal");
        struct kt_err e = { 0 };
        int slack = prctl(PR_GET_TIMERSLACK);

        assert_int_equal(prctl(PR_SET_TIMERSLACK, 77000), 0);
        assert_int_equal(kt_root_open(NULL, &run.root, &e), 0);
        run.facts.root = &run.root;
        assert_int_equal(kt_journal_open(path, &run.root, 0, &run.journal, &e), 0);
        assert_int_equal(kt_engine_check(&run.facts, &wishes, &run.verdicts, &e), 0);
        if (run.verdicts.items[0].state == KT_STATE_UNSUPPORTED)
                skip(); /* a kernel without it (before Linux 4.6) */
        assert_int_equal(kt_plan_make(&run.verdicts, &run.plan, &e), 0);
        assert_int_equal(run.plan.count, 1);
        assert_int_equal(kt_apply(&run.plan, &run.journal, &run.written, &e), 0);
        assert_int_equal(prctl(PR_SET_TIMERSLACK, (unsigned long)slack), 0);

        assert_int_equal(run.verdicts.items[0].state, KT_STATE_ERROR);
        assert_non_null(strstr(run.verdicts.items[0].reason, "was 77000; the kernel accepted 0 and keeps "));
        assert_string_not_equal(run.verdicts.items[0].have, "77000");
        /* What is there now is ours, whatever was asked for: revert compares with it. */
        assert_int_equal(run.journal.items[0].state, KT_CHANGE_DONE);
        assert_string_equal(run.journal.items[0].now, run.verdicts.items[0].have);
        assert_int_equal(run.written, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_apply__a_value_that_the_kernel_changes, test_tree_setup,
                                                test_tree_teardown),
                WITH_TREE(test_apply__writes_once_and_goes_back),
                WITH_TREE(test_apply__never_lowers_a_better_value),
                WITH_TREE(test_apply__does_not_touch_what_is_no_value),
                WITH_TREE(test_apply__sees_a_change_after_the_plan),
                WITH_TREE(test_apply__a_refused_write_is_denied),
                WITH_TREE(test_plan__leaves_out_what_is_only_checked),
                WITH_TREE(test_plan__keeps_the_other_numbers_of_a_tuple),
                WITH_TREE(test_plan__refuses_what_could_not_be_restored),
                WITH_TREE(test_revert__writes_the_twin),
                WITH_TREE(test_revert__somebody_elses_value_stays),
                WITH_TREE(test_revert__only_the_newer_change_of_an_overtaken_one),
                WITH_TREE(test_revert__what_the_kernel_forgot),
                WITH_TREE(test_revert__the_journal_takes_no_line),
                WITH_TREE(test_settle__after_a_kill),
                WITH_TREE(test_script__quotes_and_guards),
        };

        return TEST_MAIN(tests);
}
