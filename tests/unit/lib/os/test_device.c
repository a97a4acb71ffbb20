/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: every captured node resolves to the disks it had, and so do nodes made here. */
#include "lib/os/device.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#include "lib/text/str.h"

#define PODS    "/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555"
#define PV      PODS "/volumes/kubernetes.io~csi/pvc-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/mount"
#define STAGING "/var/lib/kubelet/plugins/kubernetes.io/csi/pd.csi.storage.gke.io/0123456789abcdef/globalmount"

struct expectation {
        const char *what;
        int code;
        const char *expect; /* the stack, or a piece of the error's text */
};

/* "dm-0[top] vda[leaf queue] ..." */
static void describe(const struct kt_device_stack *stack, struct kt_str *out)
{
        for (size_t i = 0; i < stack->count; i++) {
                const struct kt_device *device = &stack->items[i];

                kt_str_addf(out, "%s%s[%s%s%s%s]", i > 0 ? " " : "", device->name, device->is_top ? "T" : "",
                            device->is_leaf ? "L" : "", device->has_queue ? "Q" : "", device->is_skipped ? "S" : "");
        }
}

static void expect_stack(const char *path, const struct expectation *row)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        KT_AUTO(kt_device_stack_done) struct kt_device_stack stack = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(path, &root, &e), 0);
        assert_int_equal(kt_mounts_load(&root, NULL, &mounts, &e), 0);
        assert_int_equal(kt_device_find(&root, &mounts, row->what, &stack, &e), row->code);
        if (row->code == 0) {
                describe(&stack, &text);
                assert_string_equal(kt_str_get(&text), row->expect);
        } else {
                assert_int_equal(stack.count, 0);
                if (!strstr(e.text, row->expect))
                        print_error("'%s' lacks '%s'\n", e.text, row->expect);
                assert_non_null(strstr(e.text, row->expect));
        }
}

static void test_find__captured_nodes(void **state)
{
        static const struct {
                const char *node;
                struct expectation row;
        } rows[] = {
                { "virtio-part", { PV, 0, "vda[TLQ]" } },
                { "virtio-part", { "/dev/vda1", 0, "vda[TLQ]" } },
                { "virtio-part", { "vda1", 0, "vda[TLQ]" } },
                { "virtio-part", { "vda", 0, "vda[TLQ]" } },
                { "nvme", { PV, 0, "nvme0n1[TLQ]" } },
                { "nvme-multipath", { PV, 0, "nvme0n1[T] nvme0c0n1[LQ] nvme0c1n1[LQ]" } },
                { "nvme-multipath", { "nvme0c1n1", 0, "nvme0c1n1[TLQ]" } },
                { "dm-linear", { PV, 0, "dm-0[T] vda[LQ] vdb[LQ]" } },
                { "dm-linear", { STAGING "/vol", 0, "dm-0[T] vda[LQ] vdb[LQ]" } },
                { "dm-linear", { "/dev/mapper/vg0-kafka", 0, "dm-0[T] vda[LQ] vdb[LQ]" } },
                { "md-raid0", { PV "/kafka-log0", 0, "md0[T] vda[LQ] vdb[LQ]" } },
                { "virtio-scsi", { PV, 0, "sda[TLQ]" } },
                { "dm-multipath", { PV, 0, "dm-0[TQ] sda[LQS] sdb[LQS]" } },
                { "dm-multipath", { "/dev/mapper/mpatha", 0, "dm-0[TQ] sda[LQS] sdb[LQS]" } },
                { "dm-multipath", { "sdb", 0, "sdb[TLQ]" } },
                { "loop", { PV, 0, "loop0[TLQ]" } },
                { "loop", { "loop1", 0, "loop1[TLQ]" } },
                { "loop", { "/tmp", -ENOTBLK, "/tmp is on tmpfs" } },
                { "loop", { "/", -ENOTBLK, "rootfs" } },
                { "loop", { "sda", -ENOENT, "device sda" } },
                { "dm-linear", { "/dev/mapper/vg0", -ENOENT, "/dev/mapper/vg0" } },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str path = { 0 };

                kt_str_addf(&path, "tests/fixtures/sysroots/%s", rows[i].node);
                expect_stack(kt_str_get(&path), &rows[i].row);
        }
}

static void test_find__ids_of_captured_nodes(void **state)
{
        static const struct {
                const char *node;
                const char *device;
                const char *key;
        } rows[] = {
                { "virtio-part", "vda", "diskseq:1 serial:disk0" },
                { "nvme", "nvme0n1", "diskseq:1 wwid:nvme.1b36-" },
                { "nvme-multipath", "nvme0n1", "diskseq:2 wwid:nvme.1b36-4d5030-" },
                { "nvme-multipath", "nvme0c1n1", "diskseq:3 wwid:nvme.1b36-4d5030-" },
                { "dm-linear", "dm-0", "diskseq:3" },
                { "md-raid0", "md0", "diskseq:4 uuid:aaaaaaaa" },
                { "virtio-scsi", "sda", "diskseq:1 wwid:naa.masked-1" },
                { "dm-multipath", "dm-0", "diskseq:3 uuid:mpath-masked-1" },
                { "dm-multipath", "sdb", "diskseq:2 wwid:naa.masked-2" },
                { "loop", "loop0", "diskseq:10" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
                KT_AUTO(kt_device_stack_done) struct kt_device_stack stack = { 0 };
                KT_AUTO_STR struct kt_str path = { 0 };
                struct kt_mounts mounts = { 0 };
                struct kt_device found = { 0 };
                struct kt_err e = { 0 };
                char key[KT_DEVICE_KEY_MAX];

                kt_str_addf(&path, "tests/fixtures/sysroots/%s", rows[i].node);
                assert_int_equal(kt_root_open(kt_str_get(&path), &root, &e), 0);
                assert_int_equal(kt_device_find(&root, &mounts, rows[i].device, &stack, &e), 0);
                (void)kt_device_key(&stack.items[0], key); /* the text is in key */
                assert_memory_equal(key, rows[i].key, strlen(rows[i].key));
                assert_int_equal(kt_device_of_key(&root, key, &found, &e), 0);
                assert_string_equal(found.name, rows[i].device);
        }
}

/* ---- Nodes made here ---- */

/* A disk below sys/devices with its links; queue_kind is "mq" for a request-based one. */
static void make_disk(const struct test_tree *tree, const char *bus, const char *name, const char *number,
                      bool has_queue)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };

        kt_str_addf(&path, "sys/devices/%s/%s/dev", bus, name);
        kt_str_addf(&text, "%s\n", number);
        test_write(tree, kt_str_get(&path), kt_str_get(&text));
        kt_str_clear(&path);
        kt_str_addf(&path, "sys/devices/%s/%s/queue/scheduler", bus, name);
        test_write(tree, kt_str_get(&path), "[none]\n");
        kt_str_clear(&path);
        kt_str_addf(&path, "sys/devices/%s/%s/mq/0/nr_tags", bus, name);
        if (has_queue)
                test_write(tree, kt_str_get(&path), "64\n");

        kt_str_clear(&text);
        kt_str_addf(&text, "../../devices/%s/%s", bus, name);
        kt_str_clear(&path);
        kt_str_addf(&path, "sys/class/block/%s", name);
        test_symlink(tree, kt_str_get(&text), kt_str_get(&path));
        kt_str_clear(&path);
        kt_str_addf(&path, "sys/dev/block/%s", number);
        test_symlink(tree, kt_str_get(&text), kt_str_get(&path));
}

static void make_slave(const struct test_tree *tree, const char *device, const char *slave)
{
        KT_AUTO_STR struct kt_str path = { 0 };

        kt_str_addf(&path, "sys/devices/virtual/block/%s/slaves/%s", device, slave);
        test_symlink(tree, "elsewhere", kt_str_get(&path)); /* the name counts, not where it leads */
}

static void make_mount(const struct test_tree *tree, const char *number)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        kt_str_addf(&text, "21 1 8:1 / / rw - ext4 /dev/root rw\n30 21 %s / /data rw - xfs /dev/data rw\n", number);
        test_write(tree, "proc/self/mountinfo", kt_str_get(&text));
}

static void test_find__a_scsi_disk(void **state)
{
        static const struct expectation row = { "/data/x", 0, "sda[TLQ]" };
        const struct test_tree *tree = *state;

        make_disk(tree, "pci0/host0/0:0:0:0/block", "sda", "8:0", true);
        make_mount(tree, "8:0");
        expect_stack(tree->path, &row);
}

/* dm-multipath is request based: its scheduler rules, and requests pass by those of the paths. */
static void test_find__dm_multipath(void **state)
{
        static const struct expectation row = { "/data", 0, "dm-1[T] dm-0[Q] sda[LQS] sdb[LQS]" };
        const struct test_tree *tree = *state;

        make_disk(tree, "pci0/host0/0:0:0:0/block", "sda", "8:0", true);
        make_disk(tree, "pci0/host0/0:0:1:0/block", "sdb", "8:16", true);
        make_disk(tree, "virtual/block", "dm-0", "253:0", true);
        make_disk(tree, "virtual/block", "dm-1", "253:1", false);
        make_slave(tree, "dm-1", "dm-0");
        make_slave(tree, "dm-0", "sdb");
        make_slave(tree, "dm-0", "sda");
        make_mount(tree, "253:1");
        expect_stack(tree->path, &row);
}

/* Two partitions of one disk in an array: the disk counts once. */
static void test_find__slaves_that_are_partitions(void **state)
{
        static const struct expectation row = { "/data", 0, "md0[T] sda[LQ]" };
        const struct test_tree *tree = *state;

        make_disk(tree, "pci0/block", "sda", "8:0", true);
        make_disk(tree, "virtual/block", "md0", "9:0", false);
        test_write(tree, "sys/devices/pci0/block/sda/sda1/partition", "1\n");
        test_write(tree, "sys/devices/pci0/block/sda/sda2/partition", "2\n");
        test_symlink(tree, "../../devices/pci0/block/sda/sda1", "sys/class/block/sda1");
        test_symlink(tree, "../../devices/pci0/block/sda/sda2", "sys/class/block/sda2");
        make_slave(tree, "md0", "sda1");
        make_slave(tree, "md0", "sda2");
        make_mount(tree, "9:0");
        expect_stack(tree->path, &row);
}

static void test_find__a_circle_ends(void **state)
{
        static const struct expectation row = { "/data", 0, "dm-0[T] dm-1[]" };
        const struct test_tree *tree = *state;

        make_disk(tree, "virtual/block", "dm-0", "253:0", false);
        make_disk(tree, "virtual/block", "dm-1", "253:1", false);
        make_slave(tree, "dm-0", "dm-1");
        make_slave(tree, "dm-1", "dm-0");
        make_mount(tree, "253:0");
        expect_stack(tree->path, &row);
}

static void test_find__too_high_a_stack(void **state)
{
        static const struct expectation row = { "/data", -E2BIG, "more than 256 devices" };
        const struct test_tree *tree = *state;

        make_disk(tree, "virtual/block", "dm-0", "253:0", false);
        for (unsigned i = 1; i <= KT_DEVICE_STACK_MAX; i++) {
                KT_AUTO_STR struct kt_str name = { 0 };
                KT_AUTO_STR struct kt_str number = { 0 };

                kt_str_addf(&name, "sd%u", i);
                kt_str_addf(&number, "8:%u", i);
                make_disk(tree, "virtual/block", kt_str_get(&name), kt_str_get(&number), true);
                make_slave(tree, "dm-0", kt_str_get(&name));
        }
        make_mount(tree, "253:0");
        expect_stack(tree->path, &row);
}

static void test_find__what_is_no_device(void **state)
{
        static const struct expectation rows[] = {
                { "", -EINVAL, "names no device" },
                { "..", -EINVAL, "names no device" },
                { "data/x", -EINVAL, "data/x is neither" },
                { "vda", -ENOENT, "vda" },
                { "/dev/vg0/lv", -ENOENT, "/dev/vg0/lv" },
                { "/data", -ENOENT, "/sys/dev/block/8:32" },
                { "/", -ENOENT, "device sdz has no queue folder" },
                { "sdx", -EBADMSG, "device sdx" },
                { "a-name-that-is-longer-than-the-sixty-four-bytes-that-a-device-can-have", -ENOENT,
                  "find the device" },
        };
        const struct test_tree *tree = *state;

        test_mkdir(tree, "sys/class/block");
        test_mkdir(tree, "sys/devices/virtual/block/sdz");
        test_symlink(tree, "../../devices/virtual/block/sdz", "sys/class/block/sdz");
        test_symlink(tree, "../../devices/virtual/block/sdz", "sys/dev/block/8:1");
        test_symlink(tree, "sdz", "sys/class/block/sdx");
        make_mount(tree, "8:32");
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                expect_stack(tree->path, &rows[i]);
}

static void test_find__a_mount_that_no_mount_holds(void **state)
{
        static const struct expectation row = { "/data", -ENOENT, "no mount holds /data" };
        const struct test_tree *tree = *state;

        test_write(tree, "proc/self/mountinfo", "");
        expect_stack(tree->path, &row);
}

static void test_key__before_diskseq(void **state)
{
        struct kt_device device = { .name = "sda", .major = 8, .minor = 16, .id = "wwid:naa.5000" };
        char key[KT_DEVICE_KEY_MAX];

        (void)state; /* no tree needed */
        assert_string_equal(kt_device_key(&device, key), "dev:8:16 wwid:naa.5000");
}

/* The name stays, the disk is another one. */
static void test_of_key__a_disk_that_was_swapped(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_device device = { .name = "untouched" };
        struct kt_err e = { 0 };

        make_disk(tree, "virtual/block", "vda", "254:0", true);
        test_write(tree, "sys/devices/virtual/block/vda/diskseq", "2\n");
        test_write(tree, "sys/devices/virtual/block/vda/serial", "  a b\t ");
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_device_of_key(&root, "diskseq:2 serial:__a_b_", &device, &e), 0);
        assert_string_equal(device.name, "vda");
        assert_int_equal(kt_device_of_key(&root, "diskseq:1 serial:__a_b_", &device, &e), -ENOENT);
        assert_non_null(strstr(e.text, "any more"));
}

/* Of a made-up UUID nothing can be told, and what comes next in the list counts. */
static void test_of_key__an_id_of_zeros_is_none(void **state)
{
        static const struct {
                const char *uuid;
                const char *serial;
                const char *expect;
                const char *why;
        } rows[] = {
                { "00000000-0000-0000-0000-000000000000\n", "", "diskseq:3", "md without a superblock" },
                { "00000000-0000-0000-0000-000000000000\n", "a1\n", "diskseq:3 serial:a1", "something else tells" },
                { "00000000-0000-0000-0000-000000000001\n", "a1\n",
                  "diskseq:3 uuid:00000000-0000-0000-0000-000000000001", "one digit is enough" },
                { "", "0000000000\n", "diskseq:3", "a serial number that nobody wrote" },
        };
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };

        make_disk(tree, "virtual/block", "md0", "9:0", true);
        test_write(tree, "sys/devices/virtual/block/md0/diskseq", "3\n");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_device device = { 0 };
                struct kt_err e = { 0 };
                char key[KT_DEVICE_KEY_MAX];

                test_write(tree, "sys/devices/virtual/block/md0/md/uuid", rows[i].uuid);
                test_write(tree, "sys/devices/virtual/block/md0/serial", rows[i].serial);
                kt_root_done(&root);
                assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
                assert_int_equal(kt_device_of_key(&root, rows[i].expect, &device, &e), 0);
                assert_string_equal(kt_device_key(&device, key), rows[i].expect);
        }
}

static void test_of_key__no_sysfs(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_device device = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_device_of_key(&root, "diskseq:1", &device, &e), -ENOENT);
}

static void test_backing__of_a_loop_device(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        const struct kt_device device = { .name = "loop3" };
        struct kt_err e = { 0 };
        char file[64];

        make_disk(tree, "virtual/block", "loop3", "7:3", true);
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_device_backing(&root, &device, file, sizeof(file)), -ENOENT);
        test_write(tree, "sys/devices/virtual/block/loop3/loop/backing_file", "/images/pv.img\n");
        assert_int_equal(kt_device_backing(&root, &device, file, sizeof(file)), strlen("/images/pv.img"));
        assert_string_equal(file, "/images/pv.img");
        assert_int_equal(kt_device_backing(&root, &device, file, 4), -EFBIG);
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, test_tree_setup, test_tree_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find__captured_nodes),
                cmocka_unit_test(test_find__ids_of_captured_nodes),
                TREE_TEST(test_find__a_scsi_disk),
                TREE_TEST(test_find__dm_multipath),
                TREE_TEST(test_find__slaves_that_are_partitions),
                TREE_TEST(test_find__a_circle_ends),
                TREE_TEST(test_find__too_high_a_stack),
                TREE_TEST(test_find__what_is_no_device),
                TREE_TEST(test_find__a_mount_that_no_mount_holds),
                cmocka_unit_test(test_key__before_diskseq),
                TREE_TEST(test_of_key__a_disk_that_was_swapped),
                TREE_TEST(test_of_key__an_id_of_zeros_is_none),
                TREE_TEST(test_of_key__no_sysfs),
                TREE_TEST(test_backing__of_a_loop_device),
        };

        return TEST_MAIN(tests);
}
