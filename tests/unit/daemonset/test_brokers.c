/* SPDX-License-Identifier: Apache-2.0 */
/* Which brokers are known, as pods come and go, and what is said of them. Limits are raised on the virtual node. */
#include "daemonset/brokers.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ID(digit) digit "b20f53aa3b20f53aa3b20f53aa3b20f53aa3b20f53aa3b20f53aa3b20f53aa3"
#define POD(namespace, name, uid, container)                                                                                                                \
        "{\"metadata\":{\"namespace\":\"" namespace "\",\"name\":\"" name "\",\"uid\":\"" uid "\",\"labels\":"                                              \
                                                    "{\"app\":\"kafka\"}},\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"kafka\"}]},\"status\":" \
                                                    "{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"kafka\",\"containerID\":\"" container        \
                                                    "\","                                                                                                   \
                                                    "\"restartCount\":0,\"state\":{\"running\":{\"startedAt\":\"2026-01-01T00:00:00Z\"}}}]}}"
#define UID_A "179734ac-bdfd-43c6-8587-9671a657abaa"
#define UID_B "279734ac-bdfd-43c6-8587-9671a657abaa"

static const char *const first[] = { "kafka", NULL };
static const char *const second[] = { "kafka-test", NULL };
static const struct kt_pods_rule rule = {
        .node = "n1", .namespaces = first, .selector = "app=kafka", .container = "kafka"
};
static const struct kt_pods_rule rule_of_test = {
        .node = "n1", .namespaces = second, .selector = "app=kafka", .container = "kafka"
};

static int hear(struct kt_node_state *node, const struct kt_pods_rule *of, enum kt_follow_change change,
                const char *text, bool *changed)
{
        struct kt_follow_notice notice = { .change = change };
        int r;

        *changed = false;
        if (text)
                assert_int_equal(kt_json_parse("test", text, strlen(text), &notice.object, NULL), 0);
        r = kt_brokers_notice(node, of, &notice, changed, NULL);
        if (notice.object)
                kt_json_free(notice.object);
        return r;
}

static void test_notice__come_change_go(void **state)
{
        static const struct {
                enum kt_follow_change change;
                const char *text;
                bool changed;
                size_t count;
        } rows[] = {
                { KT_FOLLOW_PRESENT, POD("kafka", "kafka-0", UID_A, "containerd://" ID("1")), true, 1 },
                { KT_FOLLOW_PRESENT, POD("kafka", "kafka-0", UID_A, "containerd://" ID("1")), false, 1 },
                { KT_FOLLOW_PRESENT, POD("kafka", "kafka-0", UID_A, "containerd://" ID("2")), true, 1 },
                { KT_FOLLOW_PRESENT, POD("evil", "kafka-0", UID_B, "containerd://" ID("1")), false, 1 },
                { KT_FOLLOW_BROKEN, NULL, false, 1 }, /* nothing is heard, and nothing forgotten */
                { KT_FOLLOW_DELETED, POD("kafka", "kafka-0", UID_A, "containerd://" ID("2")), true, 0 },
                { KT_FOLLOW_DELETED, POD("kafka", "kafka-0", UID_A, "containerd://" ID("2")), false, 0 },
        };
        struct kt_node_state node = { 0 };
        bool changed;

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                assert_int_equal(hear(&node, &rule, rows[i].change, rows[i].text, &changed), 0);
                assert_int_equal(changed, rows[i].changed);
                assert_int_equal(node.broker_count, rows[i].count);
        }
        kt_node_state_done(&node);
}

static void test_notice__a_new_list_forgets_who_is_not_in_it(void **state)
{
        struct kt_node_state node = { 0 };
        bool changed;

        (void)state;
        assert_int_equal(
                hear(&node, &rule, KT_FOLLOW_PRESENT, POD("kafka", "a", UID_A, "containerd://" ID("1")), &changed), 0);
        assert_int_equal(hear(&node, &rule_of_test, KT_FOLLOW_PRESENT,
                              POD("kafka-test", "b", UID_B, "containerd://" ID("2")), &changed),
                         0);
        assert_int_equal(hear(&node, &rule_of_test, KT_FOLLOW_LISTING, NULL, &changed), 0);
        assert_int_equal(hear(&node, &rule_of_test, KT_FOLLOW_LISTED, NULL, &changed), 0);
        assert_true(changed);
        assert_int_equal(node.broker_count, 1); /* that of the other namespace stays */
        assert_string_equal(node.brokers[0].pod.uid, UID_A);
        kt_node_state_done(&node);
}

static void test_wait_ms__who_is_due(void **state)
{
        struct kt_node_broker broker = { .pod.state = KT_POD_RUNNING, .next_ms = 500 };
        struct kt_node_state node = { .brokers = &broker, .broker_count = 1 };

        (void)state;
        assert_int_equal(kt_brokers_wait_ms(&node, 100), 400);
        assert_int_equal(kt_brokers_wait_ms(&node, 600), 0);
        broker.is_changed = true;
        assert_int_equal(kt_brokers_wait_ms(&node, 100), 0);
        assert_true(kt_brokers_are_live(&node));
        broker.pod.state = KT_POD_WAITING; /* it has no process yet */
        assert_int_equal(kt_brokers_wait_ms(&node, 100), -1);
        assert_false(kt_brokers_are_live(&node));
}

static void test_notice__no_pod(void **state)
{
        struct kt_node_state node = { 0 };
        bool changed;

        (void)state;
        assert_int_equal(hear(&node, &rule, KT_FOLLOW_PRESENT, "{}", &changed), -EBADMSG);
        assert_int_equal(node.broker_count, 0);
}

#define GROUP "root/sys/fs/cgroup/kubepods/pod" UID_A "/" ID("1")

/* A copy of a node with one broker, whose processes are in a tree. */
struct bed {
        struct test_tree *tree;
        struct kt_tuner *tuner;
        struct kt_node_state node;
};

static int setup(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct bed *bed = calloc(1, sizeof(*bed));
        KT_AUTO_FREE char *root = NULL;
        KT_AUTO_FREE char *path = NULL;
        void *tree = NULL;
        bool changed;

        assert_non_null(bed);
        assert_int_equal(test_tree_setup(&tree), 0);
        bed->tree = tree;
        root = test_path(bed->tree, "root");
        path = test_path(bed->tree, "kafka.yaml");
        test_write(bed->tree, "kafka.yaml",
                   "apiVersion: k8skafka/v1\nkafka: {version: \"4.3\", roles: [broker], clusterId: "
                   "MkU3OEVBNTcwNTJENDM2Qg}\n");
        test_write(bed->tree, "root/sys/fs/cgroup/cgroup.controllers", "pids\n");
        assert_int_equal(kt_tuner_new(&(struct kt_tuner_config){ .config = path, .sysroot = root }, &bed->tuner,
                                      &findings, NULL),
                         0);
        assert_int_equal(hear(&bed->node, &rule, KT_FOLLOW_PRESENT,
                              POD("kafka", "kafka-0", UID_A, "containerd://" ID("1")), &changed),
                         0);
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

static const struct kt_node_broker *look(struct bed *bed, int64_t wall_s)
{
        const struct kt_moment moment = { .now_ms = 1000, .wall_s = wall_s };
        bool changed = false;

        bed->node.brokers[0].is_changed = true;
        assert_int_equal(kt_brokers_raise(bed->tuner, &moment, &bed->node, &changed, NULL), 0);
        return &bed->node.brokers[0];
}

static void test_raise__a_container_without_a_process_waits(void **state)
{
        struct bed *bed = *state;
        const struct kt_node_broker *broker = look(bed, 10000); /* there is not even a group */

        assert_int_equal(broker->state, KT_BROKER_WAITING);
        test_write(bed->tree, GROUP "/cgroup.procs", "");
        broker = look(bed, 10000);
        assert_int_equal(broker->state, KT_BROKER_WAITING);
        assert_int_equal(broker->misses, 2);
        assert_null(broker->reason);
}

/* What the kernel shows of processes in a PID namespace that is not ours. */
static void test_raise__processes_that_are_not_seen_have_a_reason(void **state)
{
        struct bed *bed = *state;
        const struct kt_node_broker *broker;

        test_write(bed->tree, GROUP "/cgroup.procs", "0\n0\n");
        broker = look(bed, 10000);
        assert_int_equal(broker->state, KT_BROKER_FAILED);
        assert_non_null(strstr(broker->reason, "hostPID"));
        assert_int_equal(broker->nofile, 0);
}

/* Nothing is written to a copy, which is a failure as good as any. */
static void fail_once(struct bed *bed)
{
        test_write(bed->tree, GROUP "/cgroup.procs", "7\n");
        test_write(bed->tree, "root/proc/7/stat", "7 (a) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 700 0\n");
        test_write(bed->tree, "root/proc/7/cgroup", "0::/\n");
        assert_int_equal(look(bed, 10000)->state, KT_BROKER_FAILED);
}

static void test_raise__a_limit_that_was_not_read_is_not_known(void **state)
{
        struct bed *bed = *state;

        fail_once(bed);
        assert_int_equal(bed->node.brokers[0].nofile, 0);
}

static void test_raise__a_container_has_its_event_once(void **state)
{
        struct bed *bed = *state;

        fail_once(bed);
        assert_int_equal(bed->node.events.count, 1);
        bed->node.brokers[0].state = KT_BROKER_WAITING; /* as after a restart of the agent */
        assert_int_equal(look(bed, 20000)->state, KT_BROKER_FAILED);
        assert_int_equal(bed->node.events.count, 1);
}

static void test_notice__a_new_container_has_no_reason_yet(void **state)
{
        struct bed *bed = *state;
        bool changed;

        fail_once(bed);
        assert_non_null(bed->node.brokers[0].reason);
        assert_int_equal(hear(&bed->node, &rule, KT_FOLLOW_PRESENT,
                              POD("kafka", "kafka-0", UID_A, "containerd://" ID("2")), &changed),
                         0);
        assert_int_equal(bed->node.brokers[0].state, KT_BROKER_WAITING);
        assert_null(bed->node.brokers[0].reason);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_notice__come_change_go),
                cmocka_unit_test(test_notice__a_new_list_forgets_who_is_not_in_it),
                cmocka_unit_test(test_wait_ms__who_is_due),
                cmocka_unit_test(test_notice__no_pod),
                cmocka_unit_test_setup_teardown(test_raise__a_container_without_a_process_waits, setup, teardown),
                cmocka_unit_test_setup_teardown(test_raise__processes_that_are_not_seen_have_a_reason, setup, teardown),
                cmocka_unit_test_setup_teardown(test_raise__a_limit_that_was_not_read_is_not_known, setup, teardown),
                cmocka_unit_test_setup_teardown(test_raise__a_container_has_its_event_once, setup, teardown),
                cmocka_unit_test_setup_teardown(test_notice__a_new_container_has_no_reason_yet, setup, teardown),
        };

        return TEST_MAIN(tests);
}
