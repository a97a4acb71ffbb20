/* SPDX-License-Identifier: Apache-2.0 */
/* Wishes: which rows count, what is wanted of them, and what is refused. */
#include "tuner/wish.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#define HEAD                        \
        "apiVersion: k8skafka/v1\n" \
        "kafka:\n"                  \
        "  version: \"4.3\"\n"      \
        "  roles: [broker]\n"       \
        "  clusterId: MkU3OEVBNTcwNTJENDM2Qg\n"

struct made {
        struct kt_inputs inputs;
        struct kt_wishes wishes;
        struct kt_findings findings;
        struct kt_err e;
        int code;
};

static void made_done(struct made *made)
{
        kt_wishes_done(&made->wishes);
        kt_inputs_done(&made->inputs);
        kt_findings_done(&made->findings);
}

static void make(const struct test_tree *tree, const char *yaml, const struct kt_selection *selection,
                 struct made *made)
{
        KT_AUTO_FREE char *path = test_path(tree, "kafka.yaml");

        test_write(tree, "kafka.yaml", yaml);
        made->code = kt_inputs_load(path, &made->inputs, &made->findings, &made->e);
        if (made->code == 0)
                made->code = kt_wishes_make(&made->inputs, selection, &made->wishes, &made->findings, &made->e);
}

static const struct kt_wish *find(const struct made *made, const char *id)
{
        for (size_t i = 0; i < made->wishes.count; i++)
                if (strcmp(made->wishes.items[i].row->id, id) == 0)
                        return &made->wishes.items[i];
        return NULL;
}

static void test_make__profile_only(void **state)
{
        const struct kt_selection selection = { 0 };
        KT_AUTO(made_done) struct made made = { 0 };

        make(*state, HEAD, &selection, &made);
        assert_int_equal(made.code, 0);
        for (size_t i = 0; i < kt_row_count(); i++)
                assert_int_equal(find(&made, kt_row_at(i)->id) != NULL, kt_row_at(i)->is_default);
}

static void test_make__kafka_yaml_adds_and_leaves_out(void **state)
{
        const struct kt_selection selection = { 0 };
        KT_AUTO(made_done) struct made made = { 0 };

        make(*state,
             HEAD "tuning:\n"
                  "  tunables:\n"
                  "    vm.swappiness: {policy: check}\n"
                  "    vm.dirty_ratio: {policy: apply, want: \"20\"}\n"
                  "    fs.nr_open: {policy: ignore}\n",
             &selection, &made);
        assert_int_equal(made.code, 0);
        assert_string_equal(find(&made, "vm.swappiness")->want, "1 10");
        assert_string_equal(find(&made, "vm.dirty_ratio")->want, "20");
        assert_non_null(strstr(find(&made, "vm.dirty_ratio")->why, "kafka.yaml:9"));
        assert_null(find(&made, "fs.nr_open"));
        assert_int_equal(made.wishes.ignored, 1);
}

static void test_make__selections(void **state)
{
        const struct kt_selection only = { .only = "vm.swappiness,fs.nr_open" };
        const struct kt_selection all = { .all = true };
        KT_AUTO(made_done) struct made two = { 0 };
        KT_AUTO(made_done) struct made every = { 0 };
        static const char ignoring[] = HEAD "tuning: {tunables: {fs.nr_open: {policy: ignore}}}\n";

        make(*state, ignoring, &only, &two);
        assert_int_equal(two.code, 0);
        assert_int_equal(two.wishes.count, 2);
        make(*state, ignoring, &all, &every);
        assert_int_equal(every.wishes.count, kt_row_count());
}

static void test_make__values_follow_the_workload(void **state)
{
        const struct kt_selection selection = { 0 };
        KT_AUTO(made_done) struct made made = { 0 };
        KT_AUTO_STR struct kt_str maps = { 0 };

        make(*state,
             HEAD "  properties:\n"
                  "    socket.receive.buffer.bytes: 5000000\n"
                  "    socket.send.buffer.bytes: -1\n"
                  "workload: {partitions: 50000, partitionSize: 4Gi}\n",
             &selection, &made);
        assert_int_equal(made.code, 0);
        assert_true(made.inputs.need.maps.total > 400000);
        kt_str_addf(&maps, "%llu", (unsigned long long)made.inputs.need.maps.total);
        assert_string_equal(find(&made, "vm.max_map_count")->want, kt_str_get(&maps));
        assert_non_null(strstr(find(&made, "vm.max_map_count")->why, " areas for 50,000 partitions of 4.0 GiB"));
        assert_string_equal(find(&made, "net.core.rmem_max")->want, "5000000");
        assert_string_equal(find(&made, "net.core.wmem_max")->want, "0");
}

static void test_make__small_workloads_get_the_floor(void **state)
{
        static const struct {
                const char *id;
                const char *want;
        } rows[] = {
                { "vm.max_map_count", "262144" }, { "process.nofile", "100000" },    { "fs.nr_open", "1048576" },
                { "fs.file-max", "1048576" },     { "net.core.rmem_max", "102400" }, { "net.core.wmem_max", "102400" },
        };
        const struct kt_selection selection = { 0 };
        KT_AUTO(made_done) struct made made = { 0 };

        make(*state, HEAD, &selection, &made);
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_string_equal(find(&made, rows[i].id)->want, rows[i].want);
}

static void test_make__refuses_with_the_place(void **state)
{
        static const struct {
                const char *yaml;
                const char *only;
                const char *source;
                const char *message;
        } rows[] = {
                { HEAD "tuning:\n  tunables:\n    vm.swapiness: {policy: check}\n", NULL, "kafka.yaml:8:5",
                  "did you mean vm.swappiness?" },
                { HEAD "tuning:\n  tunables:\n    nonsense: {policy: check}\n", NULL, "kafka.yaml:8:5",
                  "'nonsense' is no tunable" },
                { HEAD "tuning:\n  tunables:\n    fs.nr_open: {policy: check, want: lots}\n", NULL, "kafka.yaml:8:5",
                  "fs.nr_open wants one number, not 'lots'" },
                { HEAD "tuning: {profile: database}\n", NULL, "kafka.yaml", "'database' is no profile" },
                { HEAD "  properties:\n    log.segment.bytes: many\n", NULL, "kafka.yaml:7:5", "no number" },
                { HEAD, "fs.nropen", "--only", "did you mean fs.nr_open?" },
                { HEAD, "", "--only", "'' is no tunable" },
                { HEAD, "fs.nr_open,", "--only", "'' is no tunable" },
                { HEAD, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "--only",
                  "is no tunable" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_selection selection = { .only = rows[i].only };
                KT_AUTO(made_done) struct made made = { 0 };
                const struct kt_finding *finding;

                make(*state, rows[i].yaml, &selection, &made);
                assert_int_equal(made.code, -EINVAL);
                finding = kt_findings_first(&made.findings, KT_LEVEL_ERROR);
                assert_non_null(finding);
                assert_non_null(strstr(finding->source, rows[i].source));
                assert_non_null(strstr(finding->message, rows[i].message));
        }
}

static void test_show__as_people_read_it(void **state)
{
        static const struct {
                const char *id;
                const char *want;
                const char *expect;
        } rows[] = {
                { "vm.max_map_count", "262144", ">= 262144" },
                { "fs.file-max", "9223372036854775807", ">= 9.2e18" },
                { "vm.dirty_ratio", "40", "<= 40" },
                { "vm.swappiness", "1 10", "1 to 10" },
                { "vm.zone_reclaim_mode", "0", "0" },
                { "transparent_hugepage.enabled", "madvise always", "madvise or always" },
                { "net.ipv4.tcp_rmem", "16777216", ">= 16777216 (number 3)" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE char *want = kt_str_make("%s", rows[i].want);
                const struct kt_wish wish = { .row = kt_row_find(rows[i].id, NULL), .want = want };
                KT_AUTO_STR struct kt_str shown = { 0 };

                kt_wish_show(&wish, &shown);
                assert_string_equal(kt_str_get(&shown), rows[i].expect);
        }
}

static void test_check_only__names_each_unknown_id(void **state)
{
        static const struct {
                const char *only;
                size_t errors;
                const char *message; /* of the first one */
        } rows[] = {
                { "vm.swappiness", 0, NULL },
                { "vm.swappiness,fs.nr_open", 0, NULL },
                { "vm.swappiness,fs.nr_opne", 1, "'fs.nr_opne' is no tunable; did you mean fs.nr_open?" },
                { "vm.swapiness,zzz", 2, "'vm.swapiness' is no tunable; did you mean vm.swappiness?" },
                { "", 1, "'' is no tunable" },
                { "vm.swappiness,", 1, "'' is no tunable" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };

                kt_wish_check_only(rows[i].only, "--only", &findings);
                assert_int_equal(kt_findings_count(&findings, KT_LEVEL_ERROR), rows[i].errors);
                if (rows[i].message)
                        assert_string_equal(findings.items[0].message, rows[i].message);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_check_only__names_each_unknown_id),
                cmocka_unit_test_setup_teardown(test_make__profile_only, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_make__kafka_yaml_adds_and_leaves_out, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_make__selections, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_make__values_follow_the_workload, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_make__small_workloads_get_the_floor, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_make__refuses_with_the_place, test_tree_setup, test_tree_teardown),
                cmocka_unit_test(test_show__as_people_read_it),
        };

        return TEST_MAIN(tests);
}
