/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds over a tree that plays a machine: what is judged, what is kept, what is forgotten. Nothing is written to a copy;
 * tests/system has the rounds that write. */
#include "daemonset/reconcile.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SWAPPINESS "proc/sys/vm/swappiness"

struct bed {
        struct test_tree *tree;
        struct kt_tuner *tuner;
        struct kt_node_state node;
        bool changed;
};

static void load(struct bed *bed, const char *tunables)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO_FREE char *root = test_path(bed->tree, "root");
        KT_AUTO_FREE char *path = test_path(bed->tree, "kafka.yaml");
        const struct kt_tuner_config config = { .config = path, .sysroot = root };
        KT_AUTO_STR struct kt_str yaml = { 0 };

        kt_str_addf(&yaml,
                    "apiVersion: k8skafka/v1\nkafka: {version: \"4.3\", roles: [broker], clusterId: "
                    "MkU3OEVBNTcwNTJENDM2Qg}\ntuning: {tunables: {%s, vm.max_map_count: {policy: ignore}, fs.file-max: "
                    "{policy: ignore}, fs.nr_open: {policy: ignore}, net.core.rmem_max: {policy: ignore}, "
                    "net.core.wmem_max: {policy: ignore}}}\n",
                    tunables);
        test_write(bed->tree, "kafka.yaml", kt_str_get(&yaml));
        kt_tuner_free(bed->tuner);
        assert_int_equal(kt_tuner_new(&config, &bed->tuner, &findings, NULL), 0);
        assert_int_equal(kt_reconcile_set_profile(bed->tuner, &bed->node, NULL), 0);
}

static int setup(void **state)
{
        struct bed *bed = calloc(1, sizeof(*bed));
        void *tree = NULL;

        assert_non_null(bed);
        assert_int_equal(test_tree_setup(&tree), 0);
        bed->tree = tree;
        test_write(bed->tree, "root/" SWAPPINESS, "5\n");
        *state = bed;
        return 0;
}

static int teardown(void **state)
{
        struct bed *bed = *state;
        void *tree = bed->tree;

        kt_tuner_free(bed->tuner);
        kt_node_state_done(&bed->node);
        free(bed);
        return test_tree_teardown(&tree);
}

static int round_at(struct bed *bed, int64_t now_ms)
{
        const struct kt_moment moment = { .now_ms = now_ms, .wall_s = now_ms / 1000 };

        bed->changed = false;
        return kt_reconcile(bed->tuner, &moment, &bed->node, &bed->changed, NULL);
}

static void test_reconcile__quiet_rounds_say_nothing(void **state)
{
        struct bed *bed = *state;

        load(bed, "vm.swappiness: {policy: apply}");
        assert_false(kt_node_is_ready(&bed->node, NULL));
        assert_int_equal(round_at(bed, 1000), 0);
        assert_true(bed->changed);
        assert_true(kt_node_is_ready(&bed->node, NULL));
        assert_int_equal(bed->node.row_count, 1);
        assert_string_equal(bed->node.rows[0].want, "1 to 10");
        for (int i = 2; i <= 10000; i++) { /* enough for a leak to show under AddressSanitizer */
                assert_int_equal(round_at(bed, i * 1000), 0);
                assert_false(bed->changed);
        }
        assert_int_equal(bed->node.events.count, 0);
        assert_int_equal(bed->node.rounds, 10000);
}

static void test_reconcile__drift_is_seen_and_kept(void **state)
{
        struct bed *bed = *state;

        load(bed, "vm.swappiness: {policy: apply}");
        assert_int_equal(round_at(bed, 1000), 0);
        test_write(bed->tree, "root/" SWAPPINESS, "60\n");
        assert_int_equal(round_at(bed, 2000), -EOPNOTSUPP); /* it would write, and this is a copy */
        assert_true(bed->changed);
        assert_int_equal(bed->node.rows[0].state, KT_STATE_DRIFT);
        assert_string_equal(bed->node.rows[0].have, "60");
        assert_int_equal(bed->node.rows[0].drifted, 1);
        assert_false(kt_node_is_ready(&bed->node, NULL));
        test_write(bed->tree, "root/" SWAPPINESS, "1\n");
        assert_int_equal(round_at(bed, 3000), 0);
        assert_true(kt_node_is_ready(&bed->node, NULL));
}

/* A counter of Prometheus that goes back counts as one that began anew. */
static void test_reconcile__counts_stay_when_an_object_leaves(void **state)
{
        struct bed *bed = *state;
        struct kt_node_row *gone;

        load(bed, "vm.swappiness: {policy: apply}");
        bed->node.rows = calloc(2, sizeof(*bed->node.rows));
        assert_non_null(bed->node.rows);
        bed->node.row_cap = 2;
        bed->node.row_count = 1;
        gone = &bed->node.rows[0]; /* ahead of the row that stays */
        *gone = (struct kt_node_row){ .key = strdup("another object"), .id = strdup("vm.swappiness"), .drifted = 3 };
        gone->restored = 2;
        assert_int_equal(round_at(bed, 1000), 0);
        assert_int_equal(bed->node.row_count, 1);
        assert_string_equal(bed->node.rows[0].object, "vm.swappiness");
        assert_int_equal(bed->node.rows[0].drifted, 3);
        assert_int_equal(bed->node.rows[0].restored, 2);
}

/* The Event is about the write: what is read between two attempts makes no more of them. */
static void test_reconcile__between_attempts_nothing_is_told(void **state)
{
        struct bed *bed = *state;
        struct kt_drift *drift;

        load(bed, "vm.swappiness: {policy: apply}");
        assert_int_equal(round_at(bed, 1000), 0);
        drift = &bed->node.rows[0].drift;
        drift->is_pending = true; /* as if it had been refused a moment ago */
        kt_drift_failed(drift, 1000);
        test_write(bed->tree, "root/" SWAPPINESS, "no number\n");
        assert_int_equal(round_at(bed, 1500), 0);
        assert_int_equal(bed->node.rows[0].state, KT_STATE_ERROR);
        assert_int_equal(bed->node.events.count, 0);
        test_write(bed->tree, "root/" SWAPPINESS, "60\n");
        bed->node.rows[0].state = KT_STATE_CONFLICT; /* somebody was faster than the write */
        assert_int_equal(round_at(bed, 2000), 0);
        assert_int_equal(bed->node.events.count, 0);
}

static void test_reconcile__looked_at_only(void **state)
{
        struct bed *bed = *state;

        load(bed, "vm.swappiness: {policy: check}");
        test_write(bed->tree, "root/" SWAPPINESS, "60\n");
        assert_int_equal(round_at(bed, 1000), 0);
        assert_int_equal(bed->node.rows[0].state, KT_STATE_DRIFT);
        assert_false(bed->node.rows[0].is_required);
        assert_true(kt_node_is_ready(&bed->node, NULL));
}

static void test_reconcile__unsupported_does_not_hold_back(void **state)
{
        struct bed *bed = *state;

        load(bed, "kernel.pid_max: {policy: apply}");
        assert_int_equal(round_at(bed, 1000), 0);
        assert_int_equal(bed->node.rows[0].state, KT_STATE_UNSUPPORTED);
        assert_true(kt_node_is_ready(&bed->node, NULL));
}

static void test_set_profile__another_one_begins_anew(void **state)
{
        struct bed *bed = *state;
        char hash[KT_HASH_MAX];

        load(bed, "vm.swappiness: {policy: apply}");
        assert_int_equal(round_at(bed, 1000), 0);
        memcpy(hash, bed->node.profile_hash, sizeof(hash));
        load(bed, "vm.swappiness: {policy: apply}"); /* the same file again */
        assert_string_equal(bed->node.profile_hash, hash);
        assert_true(bed->node.is_judged);
        assert_true(bed->node.rows[0].drift.has_held);
        load(bed, "kernel.pid_max: {policy: apply}");
        assert_string_not_equal(bed->node.profile_hash, hash);
        assert_false(bed->node.is_judged);
        assert_int_equal(round_at(bed, 2000), 0);
        assert_int_equal(bed->node.row_count, 1); /* the row of before has left */
        assert_string_equal(bed->node.rows[0].id, "kernel.pid_max");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_reconcile__quiet_rounds_say_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reconcile__drift_is_seen_and_kept, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reconcile__counts_stay_when_an_object_leaves, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reconcile__between_attempts_nothing_is_told, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reconcile__looked_at_only, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reconcile__unsupported_does_not_hold_back, setup, teardown),
                cmocka_unit_test_setup_teardown(test_set_profile__another_one_begins_anew, setup, teardown),
        };

        return TEST_MAIN(tests);
}
