/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's door, over a captured node. Run from the top of the tree, as `make` does. */
#include "tuner/tuner.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

static const char captured[] = "tests/fixtures/sysroots/nvme-multipath";
static const char plain[] = "apiVersion: k8skafka/v1\nkafka: {version: \"4.3\", roles: [broker], "
                            "clusterId: MkU3OEVBNTcwNTJENDM2Qg}\n";

static int open_door(const char *yaml, struct kt_tuner **ret, struct kt_findings *findings)
{
        struct kt_tuner_config config = { .sysroot = captured };
        struct kt_err e = { 0 };
        void *state = NULL;
        char *path;
        int r;

        assert_int_equal(test_tree_setup(&state), 0);
        test_write(state, "kafka.yaml", yaml);
        path = test_path(state, "kafka.yaml");
        config.config = path;
        r = kt_tuner_new(&config, ret, findings, &e);
        kt_auto_free(&path);
        assert_int_equal(test_tree_teardown(&state), 0);
        return r;
}

static struct kt_tuner *door(const char *yaml)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_tuner *tuner = NULL;

        assert_int_equal(open_door(yaml, &tuner, &findings), 0);
        return tuner;
}

static const struct kt_tuner_verdict *find(const struct kt_tuner_verdicts *verdicts, const char *id)
{
        for (size_t i = 0; i < verdicts->count; i++)
                if (strcmp(verdicts->items[i].id, id) == 0)
                        return &verdicts->items[i];
        return NULL;
}

static void test_new__a_bad_file_says_where(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_tuner *tuner = NULL;

        (void)state;
        assert_int_equal(
                open_door("apiVersion: k8skafka/v1\nkafka: {version: \"4.3\"}\nnonsense: 1\n", &tuner, &findings),
                -EINVAL);
        assert_null(tuner);
        assert_true(kt_findings_count(&findings, KT_LEVEL_ERROR) > 0);
}

static void test_check_node__rows_and_which_are_required(void **state)
{
        static const struct {
                const char *id;
                const char *yaml;
                bool is_there;
                bool is_required;
        } rows[] = {
                { "vm.max_map_count", "", true, true },
                { "vm.swappiness", "", false, false },
                { "vm.swappiness", "tuning: {tunables: {vm.swappiness: {policy: apply}}}\n", true, true },
                { "vm.swappiness", "tuning: {tunables: {vm.swappiness: {policy: check}}}\n", true, false },
                { "vm.max_map_count", "tuning: {tunables: {vm.max_map_count: {policy: check}}}\n", true, false },
                { "vm.max_map_count", "tuning: {tunables: {vm.max_map_count: {policy: ignore}}}\n", false, false },
                { "process.nofile", "", false, false },                                             /* of a process */
                { "queue.scheduler", "tuning: {tunables: {queue.scheduler: {}}}\n", false, false }, /* no volume yet */
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
                KT_AUTO_STR struct kt_str yaml = { 0 };
                const struct kt_tuner_verdict *verdict;
                struct kt_tuner *tuner;

                kt_str_addf(&yaml, "%s%s", plain, rows[i].yaml);
                tuner = door(kt_str_get(&yaml));
                assert_int_equal(kt_tuner_check_node(tuner, &verdicts, NULL), 0);
                verdict = find(&verdicts, rows[i].id);
                assert_int_equal(verdict != NULL, rows[i].is_there);
                if (verdict)
                        assert_int_equal(kt_tuner_is_required(tuner, verdict), rows[i].is_required);
                kt_tuner_verdicts_done(&verdicts);
                kt_tuner_free(tuner);
        }
}

static void test_describe__changes_with_what_is_wanted(void **state)
{
        static const char *const additions[] = {
                "",
                "workload: {partitions: 200000}\n",
                "tuning: {tunables: {vm.max_map_count: {policy: check}}}\n",
                "tuning: {tunables: {vm.swappiness: {policy: apply}}}\n",
        };
        KT_AUTO_STR struct kt_str first = { 0 };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(additions); i++) {
                KT_AUTO_STR struct kt_str yaml = { 0 };
                KT_AUTO_STR struct kt_str text = { 0 };
                struct kt_tuner *tuner;

                kt_str_addf(&yaml, "%s%s", plain, additions[i]);
                tuner = door(kt_str_get(&yaml));
                kt_tuner_describe(tuner, i == 0 ? &first : &text);
                if (i > 0)
                        assert_string_not_equal(kt_str_get(&first), kt_str_get(&text));
                kt_tuner_free(tuner);
        }
}

static void test_set_volumes__what_is_no_disk_is_said(void **state)
{
        static const char *const paths[] = { "/no/such/volume", "/proc" };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_tuner *tuner = door(plain);

        (void)state;
        assert_int_equal(kt_tuner_set_volumes(tuner, paths, KT_COUNT(paths), &findings, NULL), 0);
        assert_int_equal(kt_findings_count(&findings, KT_LEVEL_WARNING), KT_COUNT(paths));
        assert_string_equal(findings.items[0].source, paths[0]);
        assert_null(kt_tuner_volume_device(tuner, paths[0]));
        assert_int_equal(kt_tuner_set_volumes(tuner, NULL, 0, &findings, NULL), 0);
        kt_tuner_free(tuner);
}

static bool always(void *context, const struct kt_tuner_verdict *verdict)
{
        (void)context;
        (void)verdict;
        return true;
}

static bool is_same(void *context)
{
        (void)context;
        return true;
}

static void test_restore__a_copy_is_not_written(void **state)
{
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        struct kt_tuner *tuner = door(plain);
        struct kt_err e = { 0 };
        size_t written = 1;

        (void)state;
        assert_int_equal(kt_tuner_check_node(tuner, &verdicts, NULL), 0);
        assert_int_equal(kt_tuner_restore(tuner, &verdicts, always, NULL, &written, &e), -EOPNOTSUPP);
        assert_int_equal(written, 0);
        kt_err_clear(&e);
        assert_int_equal(kt_tuner_raise(tuner, 1, is_same, NULL, &verdicts, &written, &e), -EOPNOTSUPP);
        kt_tuner_free(tuner);
}

static void test_key__tells_rows_apart(void **state)
{
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        struct kt_tuner *tuner = door(plain);
        KT_AUTO_STR struct kt_str key = { 0 };

        (void)state;
        assert_int_equal(kt_tuner_check_node(tuner, &verdicts, NULL), 0);
        assert_int_equal(kt_tuner_key(find(&verdicts, "vm.max_map_count"), &key), 0);
        assert_string_equal(kt_str_get(&key), "vm.max_map_count ");
        kt_tuner_free(tuner);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_new__a_bad_file_says_where),
                cmocka_unit_test(test_check_node__rows_and_which_are_required),
                cmocka_unit_test(test_describe__changes_with_what_is_wanted),
                cmocka_unit_test(test_set_volumes__what_is_no_disk_is_said),
                cmocka_unit_test(test_restore__a_copy_is_not_written),
                cmocka_unit_test(test_key__tells_rows_apart),
        };

        return TEST_MAIN(tests);
}
