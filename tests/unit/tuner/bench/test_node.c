/* SPDX-License-Identifier: Apache-2.0 */
/* Counters read as text, and what happened between two looks. */
#include "tuner/bench/node.h"

#include <fcntl.h>
#include <string.h>

#include "tests/unit/support.h"

static bool is_vdb(const void *context, const char *name)
{
        (void)context; /* needs none */
        return strcmp(name, "vdb") == 0;
}

static void test_disk_bytes__adds_what_counts(void **state)
{
        static const struct {
                const char *text;
                uint64_t expect;
        } rows[] = {
                { "", 0 },
                { " 254 0 vda 1 0 8 0 1 0 8 0 0 0 0\n 254 16 vdb 5 0 100 3 7 0 23 4 0 0 0 0 0 0 0\n", 123 * 512 },
                { " 254 16 vdb 5 0 100\n", 100 * 512 }, /* a line that ends early */
                { "vdb vdb vdb vdb vdb vdb vdb vdb vdb vdb\n", 0 },
                { " 254 16 vdb 1 0 99999999999999999999999999999999999999 0 0 0 1 0", 512 },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_node_disk_bytes(rows[i].text, is_vdb, NULL), rows[i].expect);
}

static void test_throttled__of_both_versions(void **state)
{
        uint64_t value = 7;

        (void)state;
        assert_true(kt_node_throttled("usage_usec 5\nnr_periods 10\nnr_throttled 3\nthrottled_usec 9\n", &value));
        assert_int_equal(value, 3);
        assert_true(kt_node_throttled("nr_periods 0\nnr_throttled 0", &value));
        assert_int_equal(value, 0);
        assert_false(kt_node_throttled("usage_usec 5\n", &value));
        assert_false(kt_node_throttled("", &value));
}

static struct kt_root root_of(const struct test_tree *tree)
{
        return (struct kt_root){ .fd = tree->fd };
}

static void test_sample__finds_the_own_group(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_root root = root_of(tree);
        struct kt_node_sample sample;

        kt_node_sample(&root, NULL, 0, 0, &sample);
        assert_false(sample.has_throttled);
        test_write(tree, "proc/self/cgroup", "0::/kubepods/a\n");
        test_write(tree, "sys/fs/cgroup/cpu.stat", "nr_throttled 1\n");
        kt_node_sample(&root, NULL, 0, 0, &sample);
        assert_int_equal(sample.throttled, 1); /* as a cgroup namespace shows it */
        test_write(tree, "sys/fs/cgroup/kubepods/a/cpu.stat", "nr_throttled 5\n");
        kt_node_sample(&root, NULL, 0, 0, &sample);
        assert_int_equal(sample.throttled, 5);
}

/* Two targets' disks are ours; partitions and layers are no disks of their own. */
static void test_sample__tells_our_disks_from_others(void **state)
{
        static struct kt_disk_volume volume;
        const struct test_tree *tree = *state;
        const struct kt_root root = root_of(tree);
        struct kt_device devices[] = { { .name = "dm-0" }, { .name = "vdb", .is_leaf = true } };
        struct kt_node_sample sample;

        memcpy(volume.target.device, "dm-0", sizeof("dm-0"));
        volume.target.devices = devices;
        volume.target.device_count = KT_COUNT(devices);
        test_write(tree, "sys/class/block/vda1/partition", "1\n");
        test_write(tree, "proc/diskstats",
                   " 254 0 vda 1 0 10 0 0 0 10 0 0 0 0\n 254 1 vda1 1 0 10 0 0 0 10 0 0 0 0\n"
                   " 254 16 vdb 1 0 300 0 0 0 0 0 0 0 0\n 253 0 dm-0 1 0 100 0 0 0 200 0 0 0 0\n"
                   " 253 1 dm-1 1 0 7 0 0 0 7 0 0 0 0\n 7 0 loop0 1 0 7 0 0 0 7 0 0 0 0\n");
        kt_node_sample(&root, &volume, 1, 0, &sample);
        assert_true(sample.has_disks);
        assert_int_equal(sample.target_bytes, 300 * 512);
        assert_int_equal(sample.other_bytes, 20 * 512);
        memcpy(devices[1].name, "loop3", sizeof("loop3")); /* its file is on some disk: that traffic is ours */
        kt_node_sample(&root, &volume, 1, 0, &sample);
        assert_int_equal(sample.other_bytes, 0);
}

static void test_compare__keeps_the_worst_share(void **state)
{
        const struct kt_node_sample before = { .at_ns = 0, .has_throttled = true, .has_disks = true };
        struct kt_node_sample after = {
                .at_ns = 1000000000,
                .cpu_ns = 500000000,
                .has_throttled = true,
                .throttled = 2,
                .has_disks = true,
                .target_bytes = 110,
                .other_bytes = 10,
                .own_bytes = 100,
        };
        struct kt_disk_node node = { 0 };

        (void)state;
        kt_node_compare(&before, &after, 2, &node);
        assert_true(node.cpu_busy == 0.25);
        assert_int_equal(node.throttled, 2);
        assert_int_equal(node.other_bytes, 20); /* ten beside us on our disk, ten elsewhere */
        assert_true(node.other_share == 0.2);
        after.target_bytes = 90; /* what is cached below us never reached the disk: no negative traffic */
        after.cpu_ns = 0;
        kt_node_compare(&before, &after, 2, &node);
        assert_true(node.cpu_busy == 0.25 && node.other_share == 0.2);
        assert_int_equal(node.throttled, 4);
}

/* A disk that is detached meanwhile, as another pod's volume is, takes its counters along. */
static void test_compare__a_disk_that_went_is_no_traffic(void **state)
{
        const struct kt_node_sample before = {
                .has_throttled = true,
                .throttled = 9,
                .has_disks = true,
                .target_bytes = 500,
                .other_bytes = 5000,
        };
        const struct kt_node_sample after = {
                .at_ns = 1000000000,
                .has_throttled = true,
                .throttled = 2,
                .has_disks = true,
                .target_bytes = 400,
                .other_bytes = 1000,
                .own_bytes = 100,
        };
        struct kt_disk_node node = { 0 };

        (void)state;
        kt_node_compare(&before, &after, 2, &node);
        assert_int_equal(node.other_bytes, 0);
        assert_true(node.other_share == 0);
        assert_int_equal(node.throttled, 0);
}

static void test_dirty_limit__bytes_ratio_and_group(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_root root = root_of(tree);
        bool is_of_group = true;

        assert_int_equal(kt_node_dirty_limit(&root, &is_of_group), 0);
        test_write(tree, "proc/sys/vm/dirty_bytes", "0\n");
        test_write(tree, "proc/sys/vm/dirty_ratio", "20\n");
        test_write(tree, "proc/meminfo", "MemTotal:       2000 kB\nMemAvailable:   1000 kB\n");
        assert_int_equal(kt_node_dirty_limit(&root, &is_of_group), 1000 * 1024 / 100 * 20);
        assert_false(is_of_group);

        test_write(tree, "proc/self/cgroup", "0::/\n");
        test_write(tree, "proc/self/mountinfo", "30 1 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup ro\n");
        test_write(tree, "sys/fs/cgroup/memory.max", "102400\n");
        assert_int_equal(kt_node_dirty_limit(&root, &is_of_group), 102400 / 100 * 20);
        assert_true(is_of_group);

        test_write(tree, "proc/sys/vm/dirty_bytes", "5000000\n");
        assert_int_equal(kt_node_dirty_limit(&root, &is_of_group), 5000000);
        assert_false(is_of_group);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_disk_bytes__adds_what_counts),
                cmocka_unit_test(test_throttled__of_both_versions),
                cmocka_unit_test_setup_teardown(test_sample__finds_the_own_group, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_sample__tells_our_disks_from_others, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test(test_compare__keeps_the_worst_share),
                cmocka_unit_test(test_compare__a_disk_that_went_is_no_traffic),
                cmocka_unit_test_setup_teardown(test_dirty_limit__bytes_ratio_and_group, test_tree_setup,
                                                test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
