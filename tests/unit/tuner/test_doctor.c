/* SPDX-License-Identifier: Apache-2.0 */
/* Why a row cannot be set, over trees made here. */
#include "tuner/doctor.h"

#include "tests/unit/support.h"

#include <string.h>

#include "tuner/queue.h"

#define ROOT_STATUS "Uid:\t0\t0\t0\t0\nCapEff:\t0000000001000000\n"
#define FIRST_MAP   "         0          0 4294967295\n"
#define WRITABLE    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
#define READ_ONLY   WRITABLE "23 22 0:21 /sys /proc/sys ro,relatime - proc proc rw\n"

/* A machine on which everything can be set. */
static void make_machine(const struct test_tree *tree)
{
        test_write(tree, "proc/self/status", ROOT_STATUS);
        test_write(tree, "proc/self/uid_map", FIRST_MAP);
        test_write(tree, "proc/self/mountinfo", WRITABLE);
        test_write(tree, "proc/sys/kernel/osrelease", "6.1.0\n");
        test_write(tree, "proc/sys/vm/swappiness", "60\n");
        test_write(tree, "proc/sys/vm/max_map_count", "65530\n");
        test_write(tree, "proc/sys/fs/nr_open", "1048576\n");
        test_write(tree, "proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
        test_write(tree, "etc/os-release", "NAME=\"Debian\"\nID=debian\n");
        test_write(tree, "etc/tuned/active_profile", "mine\n");
}

struct expectation {
        const char *path; /* of the file that makes the difference; NULL: none */
        const char *text;
        const char *id;
        enum kt_can can;
        const char *reason;   /* a piece of it */
        const char *next;     /* a piece of it; NULL: none */
        const char *conflict; /* the same */
        int code;
};

static void examine(const struct test_tree *tree, const char *id, struct kt_inputs *inputs, struct kt_wishes *wishes,
                    struct kt_doctor *doctor)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        const struct kt_tuner_facts facts = { .root = &root };
        const struct kt_selection selection = { .only = id };
        KT_AUTO_FREE char *config = test_path(tree, "kafka.yaml");
        struct kt_err e = { 0 };

        test_write(tree, "kafka.yaml", "apiVersion: k8skafka/v1\nkafka: {version: \"3.9\"}\n");
        assert_int_equal(kt_inputs_load(config, inputs, &findings, &e), 0);
        assert_int_equal(kt_wishes_make(inputs, &selection, wishes, &findings, &e), 0);
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_doctor_examine(&facts, wishes, doctor, &e), 0);
}

static void expect_piece(const char *text, const char *piece)
{
        if (!piece)
                assert_null(text);
        else if (!text || !strstr(text, piece))
                fail_msg("'%s' is not in '%s'", piece, text ? text : "(nothing)");
}

static void expect(const struct expectation *row)
{
        void *state = NULL;
        const struct test_tree *tree;
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
        KT_AUTO(kt_doctor_done) struct kt_doctor doctor = { 0 };

        assert_int_equal(test_tree_setup(&state), 0);
        tree = state;
        make_machine(tree);
        if (row->path)
                test_write(tree, row->path, row->text);
        examine(tree, row->id, &inputs, &wishes, &doctor);
        assert_int_equal(doctor.count, 1);
        assert_int_equal(doctor.items[0].can, row->can);
        expect_piece(doctor.items[0].reason, row->reason);
        expect_piece(doctor.items[0].next, row->next);
        expect_piece(doctor.items[0].conflict, row->conflict);
        assert_int_equal(kt_doctor_exit_code(&doctor), row->code);
        assert_int_equal(test_tree_teardown(&state), 0);
}

static void test_examine__files(void **state)
{
        static const struct expectation rows[] = {
                { NULL, NULL, "vm.swappiness", KT_CAN_SET, "can be written", NULL, NULL, 0 },
                { NULL, NULL, "vm.dirty_ratio", KT_CAN_NOT_FOUND, "kernel 6.1.0 shows no", "policy: ignore", NULL, 3 },
                { NULL, NULL, "net.core.rmem_max", KT_CAN_NOT_FOUND, "shows no", "network namespace", NULL, 3 },
                { "proc/self/mountinfo", READ_ONLY, "vm.swappiness", KT_CAN_NOT_MOUNT, "/proc/sys is mounted read-only",
                  "privileged pod", NULL, 3 },
                { "proc/self/status", "Uid:\t1000\t1000\t0\t0\nCapEff:\t0\n", "vm.swappiness", KT_CAN_NOT_USER,
                  "only uid 0", "root", NULL, 3 },
                { "proc/self/uid_map", "0 100000 65536\n", "vm.swappiness", KT_CAN_NOT_USER, "user namespace", "root",
                  NULL, 3 },
                { "proc/self/status", "CapEff:\tnonsense\n", "vm.swappiness", KT_CAN_UNKNOWN, "nobody knows", NULL,
                  NULL, 3 },
                { NULL, NULL, "net.ipv4.tcp_rmem", KT_CAN_SET, "this network namespace", "since Kubernetes 1.32", NULL,
                  0 },
                { "var/lib/kubelet/config.yaml", "kind: KubeletConfiguration\nallowedUnsafeSysctls:\n- net.ipv4.*\n",
                  "net.ipv4.tcp_rmem", KT_CAN_SET, "this network namespace", "this kubelet allows", NULL, 0 },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                expect(&rows[i]);
}

static void test_examine__limits(void **state)
{
        static const struct expectation rows[] = {
                { NULL, NULL, "process.nofile", KT_CAN_SET, "prlimit(2)", NULL, NULL, 0 },
                { "proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\n", "process.nofile",
                  KT_CAN_NOT_USER, "CAP_SYS_RESOURCE", "LimitNOFILE=", NULL, 3 },
                { "proc/self/uid_map", "0 100000 65536\n", "process.nproc", KT_CAN_NOT_USER, "CAP_SYS_RESOURCE",
                  "LimitNPROC=", NULL, 3 },
                { "proc/self/uid_map", "0 100000 65536\n", "process.memlock", KT_CAN_NOT_USER, "CAP_SYS_RESOURCE",
                  "LimitMEMLOCK=", NULL, 3 },
                { "proc/sys/fs/nr_open", "65536\n", "process.nofile", KT_CAN_NOT_BOUND, "fs.nr_open is 65536",
                  "raise fs.nr_open to 100000", NULL, 3 },
                { "proc/self/status", "", "process.nofile", KT_CAN_UNKNOWN, "nobody knows", NULL, NULL, 3 },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                expect(&rows[i]);
}

static void test_examine__conflicts(void **state)
{
        static const struct expectation rows[] = {
                { "etc/sysctl.d/a.conf", "\nvm.swappiness=60\n", "vm.swappiness", KT_CAN_SET, "can be written", NULL,
                  "/etc/sysctl.d/a.conf:2 (sysctl.d) sets it to 60", 1 },
                { "etc/sysctl.d/a.conf", "vm.swappiness=5\n", "vm.swappiness", KT_CAN_SET, "can be written", NULL, NULL,
                  0 },
                { "etc/sysctl.d/a.conf", "vm.swappiness=\x1b[2J\n", "vm.swappiness", KT_CAN_SET, "can be written", NULL,
                  "\\x1b[2J", 1 },
                { "etc/tuned/mine/tuned.conf", "[sysctl]\nvm.max_map_count=>65530\n", "vm.max_map_count", KT_CAN_SET,
                  "can be written", NULL, NULL, 0 },
                { "etc/tuned/mine/tuned.conf", "[sysctl]\nvm.max_map_count=65530\n", "vm.max_map_count", KT_CAN_SET,
                  "can be written", NULL, "/etc/tuned/mine/tuned.conf:2 (TuneD) sets it to 65530", 1 },
                { "etc/tuned/mine/tuned.conf", "[sysctl]\nnet.ipv4.tcp_rmem=\"4096 87380 16777216\"\n",
                  "net.ipv4.tcp_rmem", KT_CAN_SET, "this network namespace", "Kubernetes", NULL, 0 },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                expect(&rows[i]);
}

static void test_examine__provider(void **state)
{
        static const struct expectation row = {
                "proc/self/mountinfo",
                READ_ONLY,
                "vm.swappiness",
                KT_CAN_NOT_MOUNT,
                "read-only",
                "machine.sysctls",
                NULL,
                3,
        };
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
        KT_AUTO(kt_doctor_done) struct kt_doctor doctor = { 0 };

        make_machine(*state);
        test_write(*state, row.path, row.text);
        test_write(*state, "etc/os-release", "ID=\"talos\"\n");
        examine(*state, row.id, &inputs, &wishes, &doctor);
        expect_piece(doctor.items[0].next, row.next);
}

/* An azurelinux anywhere but on Azure is not AKS, and a machine that does not say whose it is, is nobody's. */
static void test_examine__provider_needs_evidence(void **state)
{
        static const struct {
                const char *system;
                const char *vendor;
                const char *product;
                const char *provider;
                const char *managed;
        } rows[] = {
                { "ID=azurelinux\n", "QEMU\n", "Standard PC\n", "QEMU", NULL },
                { "ID=azurelinux\n", "Microsoft Corporation\n", "Virtual Machine\n", "Azure or Hyper-V", "AKS: " },
                { "ID=azurelinux\n", "Microsoft Corporation\n", "Surface\n", NULL, NULL },
                { "ID=cos\n", "Google\n", "Google Compute Engine\n", "Google Cloud", "GKE: " },
                { "ID=cos\n", "\n", "\n", NULL, NULL },
                { "ID=debian\n", "Amazon EC2\n", "m7i.large\n", "AWS", NULL },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
                KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
                KT_AUTO(kt_doctor_done) struct kt_doctor doctor = { 0 };

                make_machine(*state);
                test_write(*state, "etc/os-release", rows[i].system);
                test_write(*state, "sys/class/dmi/id/sys_vendor", rows[i].vendor);
                test_write(*state, "sys/class/dmi/id/product_name", rows[i].product);
                examine(*state, "vm.swappiness", &inputs, &wishes, &doctor);
                expect_piece(doctor.place.provider, rows[i].provider);
                expect_piece(doctor.place.managed, rows[i].managed);
        }
}

/* Each disk has its own answer, and a fact is nothing to be set. */
static void test_examine__disks(void **state)
{
        static const struct {
                const char *id;
                const char *objects; /* of all answers */
                enum kt_can can;
        } rows[] = {
                { "queue.scheduler", "nvme0c0n1 scheduler nvme0c1n1 scheduler ", KT_CAN_UNKNOWN },
                { "queue.read_ahead_kb", "nvme0n1 read_ahead_kb ", KT_CAN_UNKNOWN },
                { "queue.write_cache", "nvme0c0n1 write_cache nvme0c1n1 write_cache ", KT_CAN_FACT },
                { "mount.atime", "nvme0n1 atime ", KT_CAN_NOT_USER },
        };
        const struct kt_spec_texts none = { 0 };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_queues_done) struct kt_queues queues = { 0 };
        const struct kt_tuner_facts facts = { .root = &root, .queues = &queues };
        struct kt_err e = { 0 };

        (void)state; /* the captured node is the tree */
        assert_int_equal(kt_root_open("tests/fixtures/sysroots/nvme-multipath", &root, &e), 0);
        assert_int_equal(kt_queues_load(&root, "nvme0n1", &none, &queues, &e), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_wish wish = { .row = kt_row_find(rows[i].id, NULL), .want = (char *)"1" };
                const struct kt_wishes wishes = { .items = &wish, .count = 1 };
                KT_AUTO(kt_doctor_done) struct kt_doctor doctor = { 0 };
                KT_AUTO_STR struct kt_str objects = { 0 };

                assert_int_equal(kt_doctor_examine(&facts, &wishes, &doctor, &e), 0);
                for (size_t k = 0; k < doctor.count; k++) {
                        assert_int_equal(doctor.items[k].can, rows[i].can);
                        kt_str_addf(&objects, "%s ", doctor.items[k].object);
                }
                assert_string_equal(kt_str_get(&objects), rows[i].objects);
        }
}

static void test_report__text_and_json(void **state)
{
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
        KT_AUTO(kt_doctor_done) struct kt_doctor doctor = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_STR struct kt_str json = { 0 };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };

        make_machine(*state);
        test_write(*state, "etc/sysctl.d/a.conf", "vm.swappiness=60\n");
        test_write(*state, "sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
        test_write(*state, "var/lib/kubelet/config.yaml", "protectKernelDefaults: true\n");
        test_write(*state, "proc/sys/kernel/panic", "0\n");
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        examine(*state, "vm.swappiness,process.nofile", &inputs, &wishes, &doctor);
        assert_int_equal(kt_doctor_text(&root, &doctor, false, &text), 0);
        assert_non_null(strstr(kt_str_get(&text),
                               "kernel 6.1.0, system debian, machine of AWS; asked as root, with SYS_RESOURCE"));
        assert_non_null(strstr(kt_str_get(&text), "protectKernelDefaults: does not start unless"));
        assert_non_null(strstr(kt_str_get(&text), "; now kernel.panic is 0\n"));
        assert_non_null(strstr(kt_str_get(&text), "2 of 2 can be set here, 1 set otherwise"));
        assert_int_equal(kt_doctor_json(&root, &doctor, &json), 0);
        assert_non_null(strstr(kt_str_get(&json), "\"kind\": \"DoctorReport\""));
        assert_non_null(strstr(kt_str_get(&json), "\"protectKernelDefaults\": true"));
        assert_non_null(strstr(kt_str_get(&json), "\"exitCode\": 1"));
}

/* The last line sends to what stands above it, or is not there. */
static void test_report__next_is_there(void **state)
{
        static const struct {
                const char *status; /* of the one who asks; NULL: not known */
                const char *next;   /* the last line; NULL: none */
        } rows[] = {
                { ROOT_STATUS, "Next: kafka-tuner plan\n" },
                { "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n", "Next: what stands behind instead\n" },
                { NULL, NULL }, /* a copy of a node: why is all that is known */
        };

        (void)state; /* a tree for each row */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
                KT_AUTO(kt_wishes_done) struct kt_wishes wishes = { 0 };
                KT_AUTO(kt_doctor_done) struct kt_doctor doctor = { 0 };
                KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
                KT_AUTO_STR struct kt_str text = { 0 };
                struct kt_err e = { 0 };
                void *tree = NULL;

                assert_int_equal(test_tree_setup(&tree), 0);
                make_machine(tree);
                test_write(tree, "proc/self/status", rows[i].status ? rows[i].status : "");
                assert_int_equal(kt_root_open(((const struct test_tree *)tree)->path, &root, &e), 0);
                examine(tree, "vm.swappiness", &inputs, &wishes, &doctor);
                assert_int_equal(kt_doctor_text(&root, &doctor, false, &text), 0);
                if (rows[i].next)
                        assert_non_null(strstr(kt_str_get(&text), rows[i].next));
                else
                        assert_null(strstr(kt_str_get(&text), "Next:"));
                assert_int_equal(strstr(kt_str_get(&text), "  instead ") != NULL, i == 1);
                assert_int_equal(test_tree_teardown(&tree), 0);
        }
}

#define TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_examine__files),
                cmocka_unit_test(test_examine__limits),
                cmocka_unit_test(test_examine__conflicts),
                TREE(test_examine__provider),
                TREE(test_examine__provider_needs_evidence),
                cmocka_unit_test(test_examine__disks),
                TREE(test_report__text_and_json),
                cmocka_unit_test(test_report__next_is_there),
        };

        return TEST_MAIN(tests);
}
