/* SPDX-License-Identifier: Apache-2.0 */
/* Engine and report, over a captured node and over trees made here. Run from the top of the tree, as `make` does. */
#include "tuner/engine.h"

#include "tests/unit/support.h"

#include <string.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "tuner/report.h"

static const char captured[] = "tests/fixtures/sysroots/nvme-multipath";

struct run {
        struct kt_root root;
        struct kt_inputs inputs;
        struct kt_wishes wishes;
        struct kt_tuner_verdicts verdicts;
};

static void run_done(struct run *run)
{
        kt_tuner_verdicts_done(&run->verdicts);
        kt_wishes_done(&run->wishes);
        kt_inputs_done(&run->inputs);
        kt_root_done(&run->root);
}

/* The workload of kafka.yaml's defaults, whatever this machine's own file says. */
static void check(const char *sysroot, const struct kt_selection *selection, struct run *run)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        static const char yaml[] = "apiVersion: k8skafka/v1\nkafka: {version: \"4.3\", roles: [broker], "
                                   "clusterId: MkU3OEVBNTcwNTJENDM2Qg}\n";
        struct kt_tuner_facts facts = { .root = &run->root };
        struct kt_err e = { 0 };
        void *state = NULL;
        struct test_tree *tree;
        char *path;

        assert_int_equal(test_tree_setup(&state), 0);
        tree = state;
        test_write(tree, "kafka.yaml", yaml);
        path = test_path(tree, "kafka.yaml");
        assert_int_equal(kt_inputs_load(path, &run->inputs, &findings, &e), 0);
        kt_auto_free(&path);
        assert_int_equal(test_tree_teardown(&state), 0);

        assert_int_equal(kt_wishes_make(&run->inputs, selection, &run->wishes, &findings, &e), 0);
        assert_int_equal(kt_root_open(sysroot, &run->root, &e), 0);
        assert_int_equal(kt_engine_check(&facts, &run->wishes, &run->verdicts, &e), 0);
}

static const struct kt_tuner_verdict *find(const struct run *run, const char *id)
{
        for (size_t i = 0; i < run->verdicts.count; i++)
                if (strcmp(run->verdicts.items[i].wish->row->id, id) == 0)
                        return &run->verdicts.items[i];
        return NULL;
}

static void test_check__a_captured_node(void **state)
{
        static const struct {
                const char *id;
                enum kt_state state;
                const char *have;
                const char *next;
        } rows[] = {
                { "vm.max_map_count", KT_STATE_DRIFT, "65530", "sysctl -w vm.max_map_count=262144" },
                { "vm.swappiness", KT_STATE_DRIFT, "60", "sysctl -w vm.swappiness=10" },
                { "vm.dirty_background_ratio", KT_STATE_OK, "10", NULL },
                { "vm.dirty_ratio", KT_STATE_OK, "20", NULL },
                { "vm.zone_reclaim_mode", KT_STATE_OK, "0", NULL },
                { "transparent_hugepage.enabled", KT_STATE_DRIFT, "never",
                  "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled" },
                { "fs.file-max", KT_STATE_DRIFT, "45162", "sysctl -w fs.file-max=1048576" },
                { "fs.nr_open", KT_STATE_OK, "1048576", NULL },
                { "kernel.pid_max", KT_STATE_DRIFT, "32768", "sysctl -w kernel.pid_max=4194304" },
                { "net.core.rmem_max", KT_STATE_OK, "212992", NULL },
                { "net.core.wmem_max", KT_STATE_OK, "212992", NULL },
                { "process.nofile", KT_STATE_DRIFT, "4096", "prlimit --pid $$ --nofile=100000" },
        };
        const struct kt_selection all = { .all = true };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 } };

        (void)state; /* the captured node is the tree */
        check(captured, &all, &run);
        assert_int_equal(run.verdicts.count, kt_row_count());
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_tuner_verdict *verdict = find(&run, rows[i].id);

                assert_int_equal(verdict->state, rows[i].state);
                assert_string_equal(verdict->have, rows[i].have);
                assert_true((verdict->next != NULL) == (rows[i].next != NULL));
                if (rows[i].next)
                        assert_string_equal(verdict->next, rows[i].next);
        }
        assert_int_equal(kt_engine_exit_code(&run.verdicts), KT_EXIT_NOT_WANTED);
}

static void test_check__an_empty_machine_is_not_ok(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_selection profile = { 0 };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 } };

        check(tree->path, &profile, &run);
        assert_int_equal(run.verdicts.states[KT_STATE_UNSUPPORTED], run.verdicts.count);
        assert_null(run.verdicts.items[0].have);
        assert_string_equal(run.verdicts.items[0].reason, "/proc/sys/vm/max_map_count is not there");
        assert_non_null(run.verdicts.items[0].next);
        assert_int_equal(kt_engine_exit_code(&run.verdicts), KT_EXIT_UNSUPPORTED);
}

static void test_check__garbage_is_an_error_and_comes_before_ok(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_selection two = { .only = "vm.max_map_count,fs.nr_open" };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 } };

        test_write(tree, "proc/sys/vm/max_map_count", "262144\n");
        test_write(tree, "proc/sys/fs/nr_open", "lots\n");
        check(tree->path, &two, &run);
        assert_string_equal(run.verdicts.items[0].object, "fs.nr_open");
        assert_int_equal(run.verdicts.items[0].state, KT_STATE_ERROR);
        assert_null(run.verdicts.items[0].have);
        assert_string_equal(run.verdicts.items[0].reason, "/proc/sys/fs/nr_open holds 'lots', which is no number");
        assert_int_equal(run.verdicts.items[1].state, KT_STATE_OK);
        assert_int_equal(kt_engine_exit_code(&run.verdicts), KT_EXIT_FAILED);
}

static void test_exit_code__worst_state_wins(void **state)
{
        static const struct {
                struct kt_tuner_verdicts verdicts;
                int expect;
        } rows[] = {
                { { .states = { [KT_STATE_OK] = 3 } }, KT_EXIT_OK },
                { { .states = { [KT_STATE_OK] = 3, [KT_STATE_UNSUPPORTED] = 1 } }, KT_EXIT_UNSUPPORTED },
                { { .states = { [KT_STATE_DENIED] = 1 } }, KT_EXIT_UNSUPPORTED },
                { { .states = { [KT_STATE_DENIED] = 1, [KT_STATE_ERROR] = 1 } }, KT_EXIT_FAILED },
                { { .states = { [KT_STATE_DRIFT] = 1, [KT_STATE_ERROR] = 1, [KT_STATE_DENIED] = 1 } },
                  KT_EXIT_NOT_WANTED },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_engine_exit_code(&rows[i].verdicts), rows[i].expect);
}

static void test_report__text(void **state)
{
        static const char expect[] = "STATE  OBJECT                  HAVE     WANT        WHY\n"
                                     "drift  process.nofile of self  4096     >= 100000   2,";
        const struct kt_selection two = { .only = "fs.nr_open,process.nofile" };
        const struct kt_report_look look = { .arguments = " --device '/a b'" };
        const struct kt_report_node node = { 0 };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 } };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* the captured node is the tree */
        check(captured, &two, &run);
        assert_int_equal(kt_report_check_text(&run.inputs, &run.wishes, &run.verdicts, &node, &look, &out), 0);
        assert_non_null(strstr(kt_str_get(&out), expect));
        assert_non_null(strstr(kt_str_get(&out), " files for 1,000 partitions of 1.0 GiB...\n"));
        assert_non_null(strstr(kt_str_get(&out), "\nok     fs.nr_open              1048576  >= 1048576\n"));
        assert_non_null(strstr(
                kt_str_get(&out),
                "\nby hand   prlimit --pid $$ --nofile=100000\n\n1 ok, 1 drift. Next: what is to be done by hand, then "
                "kafka-tuner check --device '/a b'\n"));
}

static void test_report__json(void **state)
{
        const struct kt_selection two = { .only = "fs.nr_open,process.nofile" };
        const struct kt_report_node node = { 0 };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 } };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document = NULL;
        struct kt_json *rows = NULL;
        struct kt_json *summary = NULL;
        struct kt_err e = { 0 };
        const char *text = NULL;
        uint64_t count = 0;

        (void)state; /* the captured node is the tree */
        check(captured, &two, &run);
        assert_int_equal(kt_report_check_json(&run.inputs, &run.wishes, &run.verdicts, &node, &out), 0);
        assert_int_equal(kt_json_parse("out", kt_str_get(&out), out.len, &document, &e), 0);
        assert_int_equal(kt_json_get_text(document, "kind", &text), 0);
        assert_string_equal(text, "TunerReport");
        assert_int_equal(kt_json_get_part(document, "rows", &rows), 0);
        assert_int_equal(kt_json_get_text(kt_json_at(rows, 0), "state", &text), 0);
        assert_string_equal(text, "drift");
        assert_int_equal(kt_json_get_text(kt_json_at(rows, 0), "have", &text), 0);
        assert_string_equal(text, "4096");
        assert_int_equal(kt_json_get_text(kt_json_at(rows, 1), "id", &text), 0);
        assert_string_equal(text, "fs.nr_open");
        assert_int_equal(kt_json_get_part(document, "summary", &summary), 0);
        assert_int_equal(kt_json_get_count(summary, "ok", &count), 0);
        assert_int_equal(count, 1);
        assert_int_equal(kt_json_get_count(document, "exitCode", &count), 0);
        assert_int_equal(count, KT_EXIT_NOT_WANTED);
        kt_json_free(document);
}

/* The first words of a text that may have been broken into lines: those that fit into any. */
static char *beginning(const char *text)
{
        return strndup(text, strlen(text) < 40 ? strlen(text) : 40);
}

static void test_report__list(void **state)
{
        const struct kt_selection all = { .all = true };
        const struct kt_report_look look = { .verbose = true, .arguments = "" };
        KT_AUTO(run_done) struct run run = { .root = { .fd = -1 } };
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_STR struct kt_str json = { 0 };

        (void)state; /* the captured node is the tree */
        check(captured, &all, &run);
        assert_int_equal(kt_report_list_text(&run.inputs, &run.wishes, &look, &text), 0);
        assert_int_equal(kt_report_list_json(&run.inputs, &run.wishes, &json), 0);
        assert_non_null(strstr(kt_str_get(&json), "\"kind\": \"TunerList\""));
        for (size_t i = 0; i < kt_row_count(); i++) {
                KT_AUTO_FREE char *risk = beginning(kt_row_at(i)->risk);

                assert_non_null(strstr(kt_str_get(&text), kt_row_at(i)->id));
                assert_non_null(strstr(kt_str_get(&text), risk));
                assert_non_null(strstr(kt_str_get(&json), kt_row_at(i)->id));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_check__a_captured_node),
                cmocka_unit_test_setup_teardown(test_check__an_empty_machine_is_not_ok, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_check__garbage_is_an_error_and_comes_before_ok, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test(test_exit_code__worst_state_wins),
                cmocka_unit_test(test_report__text),
                cmocka_unit_test(test_report__json),
                cmocka_unit_test(test_report__list),
        };

        return TEST_MAIN(tests);
}
