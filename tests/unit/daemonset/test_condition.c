/* SPDX-License-Identifier: Apache-2.0 */
/* States and what is said of them. */
#include "daemonset/condition.h"

#include "tests/unit/support.h"

#include <string.h>

#include "daemonset/state.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

static const struct kt_node_row fine = { .id = TEXT("a"), .object = TEXT("a"), .state = KT_STATE_OK };
static const struct kt_node_row drifts = {
        .id = TEXT("b"),
        .object = TEXT("b"),
        .have = TEXT("1"),
        .want = TEXT(">= 2"),
        .reason = TEXT("needs it"),
        .state = KT_STATE_DRIFT,
        .is_required = true,
};
static const struct kt_node_row fought = {
        .id = TEXT("c"),
        .object = TEXT("c"),
        .have = TEXT("1"),
        .want = TEXT("2"),
        .reason = TEXT("r"),
        .rival = TEXT("TuneD: x:1"),
        .state = KT_STATE_CONFLICT,
        .is_required = false,
};
static const struct kt_node_row disk = {
        .id = TEXT("queue.scheduler"),
        .object = TEXT("vdb scheduler"),
        .want = TEXT("none"),
        .reason = TEXT("r"),
        .state = KT_STATE_DENIED,
};

static void test_judge__rows(void **state)
{
        static const struct {
                const struct kt_node_row *row;
                enum kt_condition_type type;
                enum kt_condition_status status;
                const char *reason;
                const char *part; /* of the message */
        } rows[] = {
                { &fine, KT_CONDITION_READY, KT_TRUE, "Tuned", "holds" },
                { &drifts, KT_CONDITION_READY, KT_FALSE, "Drift", "b has 1, needs >= 2" },
                { &fought, KT_CONDITION_READY, KT_TRUE, "Tuned", "" },
                { &fine, KT_CONDITION_STEADY, KT_TRUE, "NoConflict", "" },
                { &fought, KT_CONDITION_STEADY, KT_FALSE, "Conflict", "TuneD: x:1" },
                { &disk, KT_CONDITION_VOLUMES, KT_FALSE, "Denied", "vdb scheduler has no known value" },
                { &fine, KT_CONDITION_VOLUMES, KT_TRUE, "Tuned", "1 volumes" },
                { &fine, KT_CONDITION_CONFIGURED, KT_TRUE, "Valid", "kafka" },
                { &fine, KT_CONDITION_LIMITS, KT_TRUE, "NoBroker", "" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_node_row row = *rows[i].row;
                struct kt_node_volume volume = { .path = TEXT("/v") };
                struct kt_node_state node = { .rows = &row,
                                              .row_count = 1,
                                              .is_judged = true,
                                              .profile = "kafka",
                                              .volumes = &volume,
                                              .volume_count = 1 };
                const struct kt_condition *got = &node.conditions.items[rows[i].type];

                kt_conditions_judge(&node, 1000);
                assert_int_equal(got->status, rows[i].status);
                assert_string_equal(got->reason, rows[i].reason);
                assert_non_null(strstr(got->message, rows[i].part));
                assert_int_equal(got->changed_wall_s, 1000);
        }
}

static void test_judge__what_is_not_known(void **state)
{
        struct kt_node_state node = { .config_problem = TEXT("kafka.yaml:1:1: no") };

        (void)state;
        kt_conditions_judge(&node, 5);
        assert_int_equal(node.conditions.items[KT_CONDITION_READY].status, KT_UNKNOWN);
        assert_int_equal(node.conditions.items[KT_CONDITION_CONFIGURED].status, KT_FALSE);
        assert_string_equal(node.conditions.items[KT_CONDITION_CONFIGURED].message, "kafka.yaml:1:1: no");
        assert_string_equal(node.conditions.items[KT_CONDITION_VOLUMES].reason, "NoVolume");
}

static void test_judge__limits(void **state)
{
        static const struct {
                enum kt_broker_state state;
                enum kt_condition_status status;
                const char *reason;
        } rows[] = {
                { KT_BROKER_WAITING, KT_TRUE, "NoBroker" }, { KT_BROKER_ENOUGH, KT_TRUE, "Enough" },
                { KT_BROKER_RAISED, KT_TRUE, "Enough" },    { KT_BROKER_DENIED, KT_FALSE, "Denied" },
                { KT_BROKER_FAILED, KT_FALSE, "Failed" },   { KT_BROKER_SHORT, KT_FALSE, "Short" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_node_broker broker = { .state = rows[i].state };
                struct kt_node_state node = { .brokers = &broker, .broker_count = 1 };

                kt_conditions_judge(&node, 5);
                assert_int_equal(node.conditions.items[KT_CONDITION_LIMITS].status, rows[i].status);
                assert_string_equal(node.conditions.items[KT_CONDITION_LIMITS].reason, rows[i].reason);
        }
}

/* lastTransitionTime of metav1.Condition: that of the status, not of the reason. */
static void test_judge__time_changes_with_the_status(void **state)
{
        struct kt_node_row row = drifts;
        struct kt_node_state node = { .rows = &row, .row_count = 1, .is_judged = true };
        const struct kt_condition *ready = &node.conditions.items[KT_CONDITION_READY];

        (void)state;
        kt_conditions_judge(&node, 10);
        row.state = KT_STATE_DENIED;
        kt_conditions_judge(&node, 20);
        assert_string_equal(ready->reason, "Denied");
        assert_int_equal(ready->changed_wall_s, 10);
        row.state = KT_STATE_OK;
        kt_conditions_judge(&node, 30);
        assert_int_equal(ready->changed_wall_s, 30);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_judge__rows),
                cmocka_unit_test(test_judge__what_is_not_known),
                cmocka_unit_test(test_judge__limits),
                cmocka_unit_test(test_judge__time_changes_with_the_status),
        };

        return TEST_MAIN(tests);
}
