/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: what counts as a broker, what is counted of it, and when its limits are reached. */
#include "tuner/process.h"

#include "tests/unit/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/auto.h"
#include "tuner/facts.h"
#include "tuner/row.h"

#define LIMITS                                                                             \
        "Limit                     Soft Limit           Hard Limit           Units     \n" \
        "Max open files            1024                 524288               files     \n" \
        "Max processes             unlimited            unlimited            processes \n"

#define BYTES(text) text, sizeof(text)

static void test_has_main_class(void **state)
{
        static const struct {
                const char *arguments;
                size_t len;
                bool expect;
                const char *why;
        } rows[] = {
                { BYTES("java\0kafka.Kafka\0server.properties"), true, "the main class" },
                { BYTES("java\0-Xmx1g\0-cp\0/a:/b\0kafka.Kafka\0x"), true, "behind options and a class path" },
                { BYTES("java\0--module-path\0/m\0@args\0kafka.Kafka"), true, "behind files of arguments" },
                { BYTES("java\0-cp\0kafka.Kafka\0other.Main"), false, "a class path of that name" },
                { BYTES("java\0other.Main\0kafka.Kafka"), false, "an argument of another program" },
                { BYTES("java\0-jar\0kafka.Kafka.jar"), false, "another word" },
                { BYTES("kafka.Kafka"), false, "the program's name" },
                { "java\0kafka.Kafk", 15, false, "cut off" },
                { "", 0, false, "a kernel thread" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_process_has_main_class(rows[i].arguments, rows[i].len, "kafka.Kafka"),
                                 rows[i].expect);
}

/* ---- A made /proc ---- */

static void make(const struct test_tree *tree, unsigned pid, const char *comm, const char *arguments, size_t len)
{
        char path[64];

        (void)snprintf(path, sizeof(path), "proc/%u/comm", pid);
        test_write(tree, path, comm);
        (void)snprintf(path, sizeof(path), "proc/%u/cmdline", pid);
        test_write_bytes(tree, path, arguments, len);
        (void)snprintf(path, sizeof(path), "proc/%u/limits", pid);
        test_write(tree, path, LIMITS);
}

static void make_broker(const struct test_tree *tree)
{
        make(tree, 42, "java\n", BYTES("/opt/jdk/bin/java\0-Xmx1g\0kafka.Kafka\0server.properties"));
        test_symlink(tree, "/opt/jdk/bin/java", "proc/42/exe");
        for (int fd = 0; fd < 7; fd++) {
                char path[32];

                (void)snprintf(path, sizeof(path), "proc/42/fd/%d", fd);
                test_symlink(tree, "/dev/null", path);
        }
        test_write(tree, "proc/42/maps", "a\nb\nc\n");
        test_write(tree, "proc/42/stat", "42 (a ) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 90 0 100000 0 0\n");
        test_write(tree, "proc/uptime", "5000.25 100.00\n");
        test_write(tree, "proc/sys/vm/max_map_count", "65530\n");
}

static void make_others(const struct test_tree *tree)
{
        make(tree, 7, "kafka-initc\n", BYTES("/run/k8skafka/kafka-initc\0exec\0--handoff\0/run/k8skafka"));
        make(tree, 8, "kafka-initc\n", BYTES("kafka-initc\0prepare"));
        make(tree, 9, "java\n", BYTES("java\0org.apache.zookeeper.server.quorum.QuorumPeerMain"));
        make(tree, 10, "java\n", BYTES("sh\0kafka.Kafka"));
        make(tree, 11, "java\n", BYTES("java\0kafka.Kafka"));
        test_symlink(tree, "/usr/bin/java-not", "proc/11/exe");
        make(tree, 12, "containerd\n", BYTES("/usr/bin/containerd"));
        test_write(tree, "proc/12/cgroup", "0::/system.slice/containerd.service\n");
        make(tree, 13, "containerd\n", BYTES("containerd"));
        test_write(tree, "proc/13/cgroup", "0::/kubepods.slice/kubepods-pod1.slice/cri-1.scope\n");
        make(tree, 14, "crio\n", BYTES("crio"));
        test_write(tree, "proc/14/cgroup", "0::/system.slice/\x1b[2J crio.service\n");
        test_write(tree, "proc/self/comm", "java\n");
        test_write(tree, "proc/1junk/comm", "java\n");
}

struct node {
        struct kt_root root;
        struct kt_processes processes;
};

static void node_done(struct node *node)
{
        kt_processes_done(&node->processes);
        kt_root_done(&node->root);
}

static void open_node(const struct test_tree *tree, struct node *node)
{
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &node->root, &e), 0);
        assert_int_equal(kt_processes_load(&node->root, &node->processes, &e), 0);
}

static void test_load__finds_by_what_runs(void **state)
{
        static const struct {
                uint64_t pid;
                enum kt_process_kind kind;
                const char *unit;
        } expect[] = {
                { 42, KT_PROCESS_BROKER, "" },
                { 7, KT_PROCESS_WAITING, "" },
                { 12, KT_PROCESS_RUNTIME, "containerd.service" },
                { 14, KT_PROCESS_RUNTIME, "" },
        };
        KT_AUTO(node_done) struct node node = { .root = { .fd = -1 } };

        make_broker(*state);
        make_others(*state);
        open_node(*state, &node);
        assert_int_equal(node.processes.count, KT_COUNT(expect));
        for (size_t i = 0; i < KT_COUNT(expect); i++) {
                assert_int_equal(node.processes.items[i].pid, expect[i].pid);
                assert_int_equal(node.processes.items[i].kind, expect[i].kind);
                assert_string_equal(node.processes.items[i].unit, expect[i].unit);
        }
}

static void test_load__counts_what_is_used(void **state)
{
        KT_AUTO(node_done) struct node node = { .root = { .fd = -1 } };
        const struct kt_process *broker;

        make_broker(*state);
        open_node(*state, &node);
        broker = &node.processes.items[0];
        assert_int_equal(broker->files.soft, 1024);
        assert_int_equal(broker->files.hard, 524288);
        assert_int_equal(broker->files_used, 7);
        assert_int_equal(broker->maps_used, 3);
        assert_int_equal(broker->age_seconds, 4000);
        assert_int_equal(node.processes.max_map_count, 65530);
}

/* What a snapshot keeps: as many lines in place of the entries. */
static void test_load__counts_lines_of_a_captured_folder(void **state)
{
        KT_AUTO(node_done) struct node node = { .root = { .fd = -1 } };

        make(*state, 42, "java\n", BYTES("java\0kafka.Kafka"));
        test_write(*state, "proc/42/fd", "\n\n\n\n");
        open_node(*state, &node);
        assert_int_equal(node.processes.items[0].files_used, 4);
}

static void test_load__unknown_is_not_zero(void **state)
{
        KT_AUTO(node_done) struct node node = { .root = { .fd = -1 } };
        const struct kt_process *broker;

        make(*state, 42, "java\n", BYTES("java\0kafka.Kafka"));
        test_write(*state, "proc/42/limits", "garbage\n");
        open_node(*state, &node);
        broker = &node.processes.items[0];
        assert_true(broker->files.hard == KT_PROCESS_UNKNOWN);
        assert_true(broker->files_used == KT_PROCESS_UNKNOWN);
        assert_true(broker->maps_used == KT_PROCESS_UNKNOWN);
        assert_true(broker->age_seconds == KT_PROCESS_UNKNOWN);
        assert_true(node.processes.max_map_count == KT_PROCESS_UNKNOWN);
}

static void test_load__an_empty_machine_has_none(void **state)
{
        KT_AUTO(node_done) struct node node = { .root = { .fd = -1 } };

        open_node(*state, &node);
        assert_int_equal(node.processes.count, 0);
}

/* Each of them is an object of the rows about limits. */
static void test_rows__one_object_each(void **state)
{
        static const struct {
                const char *object;
                const char *note;
                const char *command;
        } expect[] = {
                { "process.nofile of java 42", "", "kafka-tuner apply --pid 42 --only process.nofile" },
                { "process.nofile of kafka-initc 7", "its broker has not started yet",
                  "kafka-tuner apply --pid 7 --only process.nofile" },
                { "process.nofile of containerd 12", "pods start with what the runtime has",
                  "LimitNOFILE=9 below [Service] in /etc/systemd/system/containerd.service.d/50-kafka.conf, then "
                  "systemctl daemon-reload and restart containerd.service" },
                { "process.nofile of crio 14", "pods start with what the runtime has",
                  "LimitNOFILE=9 below [Service] in the unit that starts crio, then restart it" },
        };
        const struct kt_row *row = kt_row_find("process.nofile", NULL);
        KT_AUTO(node_done) struct node node = { .root = { .fd = -1 } };
        struct kt_tuner_facts facts;

        make_broker(*state);
        make_others(*state);
        open_node(*state, &node);
        facts = (struct kt_tuner_facts){ .root = &node.root, .processes = &node.processes };
        assert_int_equal(kt_tuner_facts_count(&facts, row), KT_COUNT(expect));
        for (facts.place = 0; facts.place < KT_COUNT(expect); facts.place++) {
                KT_AUTO_STR struct kt_str object = { 0 };
                KT_AUTO_STR struct kt_str have = { 0 };
                KT_AUTO_STR struct kt_str note = { 0 };
                KT_AUTO_STR struct kt_str command = { 0 };
                struct kt_err e = { 0 };

                kt_tuner_facts_object(&facts, row, &object);
                kt_tuner_facts_note(&facts, row, &note);
                kt_tuner_facts_command(&facts, row, "9", &command);
                assert_int_equal(kt_tuner_facts_read(&facts, row, &have, &e), 0);
                assert_string_equal(kt_str_get(&object), expect[facts.place].object);
                assert_string_equal(kt_str_get(&have), "524288");
                assert_string_equal(kt_str_get(&note), expect[facts.place].note);
                assert_string_equal(kt_str_get(&command), expect[facts.place].command);
        }
        facts.place = 0;
        facts.pid = 42;
        assert_int_equal(kt_tuner_facts_count(&facts, row), 1);
}

static void test_forecast(void **state)
{
        static const struct {
                bool is_given;
                uint64_t used;
                uint64_t limit;
                uint64_t need;
                uint64_t age_seconds;
                enum kt_forecast_basis basis;
                double days;
                const char *why;
        } rows[] = {
                { true, 1000, 5000, 4000, 0, KT_FORECAST_WORKLOAD, HUGE_VAL, "the limit holds all of the workload" },
                { true, 1000, 3000, 4000, 0, KT_FORECAST_WORKLOAD, 10, "100 segments a day take 2 each" },
                { true, 3000, 3000, 4000, 0, KT_FORECAST_AGE, 0, "there is no more" },
                { false, 1000, 3000, 4000, 10 * 86400, KT_FORECAST_AGE, 20, "1000 in ten days" },
                { false, 1000, 3000, 4000, 60, KT_FORECAST_NONE, 0, "just started" },
                { false, 1000, 3000, 4000, KT_PROCESS_UNKNOWN, KT_FORECAST_NONE, 0, "nobody knows since when" },
                { false, 0, 3000, 4000, 86400, KT_FORECAST_AGE, HUGE_VAL, "none in a day" },
                { true, KT_PROCESS_UNKNOWN, 3000, 4000, 86400, KT_FORECAST_NONE, 0, "may not be counted" },
                { true, 10, KT_PROCESS_UNKNOWN, 4000, 86400, KT_FORECAST_NONE, 0, "no limit" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_inputs inputs = { .need_input = { .segment_bytes = 864000, .write_rate_bytes = 1000 } };
                const struct kt_process process = { .age_seconds = rows[i].age_seconds };
                struct kt_forecast forecast;

                inputs.spec.workload.is_given = rows[i].is_given;
                forecast = kt_process_forecast(&inputs, &process, rows[i].used, rows[i].limit, 2, rows[i].need);
                assert_int_equal(forecast.basis, rows[i].basis);
                assert_true(forecast.days == rows[i].days || fabs(forecast.days - rows[i].days) < 1e-6);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_has_main_class),
                cmocka_unit_test_setup_teardown(test_load__finds_by_what_runs, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__counts_what_is_used, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__counts_lines_of_a_captured_folder, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__unknown_is_not_zero, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__an_empty_machine_has_none, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_rows__one_object_each, test_tree_setup, test_tree_teardown),
                cmocka_unit_test(test_forecast),
        };

        return TEST_MAIN(tests);
}
