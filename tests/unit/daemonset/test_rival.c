/* SPDX-License-Identifier: Apache-2.0 */
/* Who did it. */
#include "daemonset/rival.h"

#include "tests/unit/support.h"

#include <stdio.h>

static void test_rival_add__who(void **state)
{
        static const struct {
                const char *id;
                const char *object;
                const char *have;
                const char *files;
                const char *disk; /* of the last uevent, a second ago */
                const char *want;
        } rows[] = {
                { "vm.swappiness", "vm.swappiness", "60", "", "", "" },
                { "vm.swappiness", "vm.swappiness", "60", NULL, "", "" },
                { "vm.swappiness", "vm.swappiness", "60", "sysctl.d: /etc/sysctl.d/a.conf:1", "vdb",
                  "sysctl.d: /etc/sysctl.d/a.conf:1" },
                { "vm.overcommit_memory", "vm.overcommit_memory", "1", "", "",
                  "the kubelet, which sets it at each start" },
                { "vm.overcommit_memory", "vm.overcommit_memory", "2", "", "", "" },
                { "queue.read_ahead_kb", "vdb read_ahead_kb", "128", "TuneD: x:1", "vdb",
                  "the kernel: vdb was added again, with its defaults" },
                { "queue.read_ahead_kb", "vdbx read_ahead_kb", "128", "", "vdb", "" },
                { "queue.read_ahead_kb", "vdb read_ahead_kb", "128", "", "", "" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_node_state node = { .uevent_ms = 1000 };
                const struct kt_node_row row = { .id = (char *)(uintptr_t)rows[i].id,
                                                 .object = (char *)(uintptr_t)rows[i].object };
                KT_AUTO_STR struct kt_str out = { 0 };

                (void)snprintf(node.uevent_disk, sizeof(node.uevent_disk), "%s", rows[i].disk); /* fits */
                kt_rival_add(&node, &row, rows[i].have, rows[i].files, 2000, &out);
                assert_string_equal(kt_str_get(&out), rows[i].want);
        }
}

static void test_rival_add__a_uevent_gets_old(void **state)
{
        struct kt_node_state node = { .uevent_ms = 1000, .uevent_disk = "vdb" };
        const struct kt_node_row row = { .id = (char *)(uintptr_t) "queue.scheduler",
                                         .object = (char *)(uintptr_t) "vdb scheduler" };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        kt_rival_add(&node, &row, "none", "", 1001 + KT_RIVAL_UEVENT_MS, &out);
        assert_string_equal(kt_str_get(&out), "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rival_add__who),
                cmocka_unit_test(test_rival_add__a_uevent_gets_old),
        };

        return TEST_MAIN(tests);
}
