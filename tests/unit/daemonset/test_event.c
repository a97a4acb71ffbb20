/* SPDX-License-Identifier: Apache-2.0 */
/* What makes two happenings one Event, and how many may wait. */
#include "daemonset/event.h"

#include "tests/unit/support.h"

#include <stdio.h>
#include <string.h>

static void test_add__same_content_and_time_is_one(void **state)
{
        static const struct {
                const char *reason;
                const char *about;
                const char *message;
                int64_t wall_s;
                size_t want; /* how many there are then */
        } rows[] = {
                { "DriftRestored", "vm.swappiness ", "was 60", 600, 1 },
                { "DriftRestored", "vm.swappiness ", "was 60", 1199, 1 }, /* the same ten minutes */
                { "DriftRestored", "vm.swappiness ", "was 60", 1200, 2 },
                { "DriftRestored", "vm.swappiness ", "was 61", 1200, 3 },
                { "Conflict", "vm.swappiness ", "was 60", 1200, 4 },
                { "DriftRestored", "fs.nr_open ", "was 60", 1200, 5 },
        };
        struct kt_events events = { 0 };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                kt_events_add(&events, false, rows[i].reason, rows[i].about, rows[i].wall_s, "%s", rows[i].message);
                assert_int_equal(events.count, rows[i].want);
        }
        assert_int_equal(events.lost, 0);
        kt_events_done(&events);
}

/* The names of an agent before a restart and of the one after it. */
static void test_add__names_survive_a_restart(void **state)
{
        struct kt_events before = { 0 };
        struct kt_events after = { 0 };

        (void)state;
        kt_events_add(&before, true, "Conflict", "vm.swappiness ", 700, "%s", "twice");
        kt_events_add(&after, true, "Conflict", "vm.swappiness ", 900, "%s", "twice");
        kt_events_add_change(&before, true, "Denied", "Ready", 123, "message");
        kt_events_add_change(&after, true, "Denied", "Ready", 123, "another message");
        assert_string_equal(before.items[0].hash, after.items[0].hash);
        assert_string_equal(before.items[1].hash, after.items[1].hash);
        assert_string_not_equal(before.items[0].hash, before.items[1].hash);
        kt_events_done(&before);
        kt_events_done(&after);
}

static void test_add__the_oldest_give_way(void **state)
{
        struct kt_events events = { 0 };

        (void)state;
        for (int i = 0; i < KT_EVENTS_MAX + 3; i++)
                kt_events_add(&events, false, "Applied", "row", 0, "%d", i);
        assert_int_equal(events.count, KT_EVENTS_MAX);
        assert_int_equal(events.lost, 3);
        assert_string_equal(events.items[0].message, "3");
        kt_events_done(&events);
}

static void test_add__long_messages_are_cut_between_characters(void **state)
{
        struct kt_events events = { 0 };
        char message[KT_EVENT_MESSAGE_MAX + 10];

        (void)state;
        memset(message, 'x', sizeof(message));
        memcpy(message + KT_EVENT_MESSAGE_MAX - 2, "\xc3\xa4", 3);
        kt_events_add(&events, false, "Applied", "row", 0, "%s", message);
        assert_int_equal(strlen(events.items[0].message), KT_EVENT_MESSAGE_MAX - 2);
        kt_events_done(&events);
}

static void test_remove__by_name(void **state)
{
        struct kt_events events = { 0 };
        char hash[KT_HASH_MAX];

        (void)state;
        kt_events_add(&events, false, "Applied", "a", 0, "%s", "1");
        kt_events_add(&events, false, "Applied", "b", 0, "%s", "2");
        memcpy(hash, events.items[0].hash, sizeof(hash));
        kt_events_remove(&events, "0000000000000000");
        assert_int_equal(events.count, 2);
        kt_events_remove(&events, hash);
        assert_int_equal(events.count, 1);
        assert_null(kt_events_find(&events, hash));
        kt_events_done(&events);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add__same_content_and_time_is_one),
                cmocka_unit_test(test_add__names_survive_a_restart),
                cmocka_unit_test(test_add__the_oldest_give_way),
                cmocka_unit_test(test_add__long_messages_are_cut_between_characters),
                cmocka_unit_test(test_remove__by_name),
        };

        return TEST_MAIN(tests);
}
