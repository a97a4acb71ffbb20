/* SPDX-License-Identifier: Apache-2.0 */
/* Which brokers are known, as pods come and go. Limits are raised in tests/system and on the virtual node. */
#include "daemonset/brokers.h"

#include "tests/unit/support.h"

#include <errno.h>
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_notice__come_change_go),
                cmocka_unit_test(test_notice__a_new_list_forgets_who_is_not_in_it),
                cmocka_unit_test(test_wait_ms__who_is_due),
                cmocka_unit_test(test_notice__no_pod),
        };

        return TEST_MAIN(tests);
}
