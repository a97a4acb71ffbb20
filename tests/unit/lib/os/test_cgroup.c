/* SPDX-License-Identifier: Apache-2.0 */
/* Control groups: version 1, version 2, both, and none, in trees made here. */
#include "lib/os/cgroup.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

static const uint64_t unlimited = KT_CGROUP_UNLIMITED;

struct file {
        const char *path;
        const char *text;
};

struct machine {
        const char *why;
        struct file files[12];
        uint64_t memory_bytes;
        uint64_t cpu_millicores;
        int version;
};

static const struct machine machines[] = {
        {
                .why = "no control groups",
                .files = { { "proc/self/mountinfo", "1 0 0:1 / / rw - ext4 /dev/a rw\n" } },
                .memory_bytes = UINT64_MAX,
                .cpu_millicores = UINT64_MAX,
        },
        {
                .why = "groups, but no mount of them",
                .files = { { "proc/self/cgroup", "1:memory:/x\n0::/x\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / / rw - ext4 /dev/a rw\n" } },
                .memory_bytes = UINT64_MAX,
                .cpu_millicores = UINT64_MAX,
        },
        {
                .why = "version 2 on the node's top, which has no limits",
                .files = { { "proc/self/cgroup", "0::/\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n" },
                           { "sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n" } },
                .memory_bytes = UINT64_MAX,
                .cpu_millicores = UINT64_MAX,
                .version = 2,
        },
        {
                .why = "version 2 in a cgroup namespace",
                .files = { { "proc/self/cgroup", "0::/\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n" },
                           { "sys/fs/cgroup/memory.max", "2147483648\n" },
                           { "sys/fs/cgroup/cpu.max", "150000 100000\n" } },
                .memory_bytes = 2147483648,
                .cpu_millicores = 1500,
                .version = 2,
        },
        {
                .why = "version 2, max everywhere",
                .files = { { "proc/self/cgroup", "0::/a\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n" },
                           { "sys/fs/cgroup/a/memory.max", "max\n" },
                           { "sys/fs/cgroup/a/cpu.max", "max 100000\n" } },
                .memory_bytes = UINT64_MAX,
                .cpu_millicores = UINT64_MAX,
                .version = 2,
        },
        {
                .why = "version 2, the pod's limit above the container's",
                .files = { { "proc/self/cgroup", "0::/kubepods.slice/pod1/c1\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n" },
                           { "sys/fs/cgroup/kubepods.slice/pod1/c1/memory.max", "4000000000\n" },
                           { "sys/fs/cgroup/kubepods.slice/pod1/c1/cpu.max", "100000 300000\n" },
                           { "sys/fs/cgroup/kubepods.slice/pod1/memory.max", "3000000000\n" },
                           { "sys/fs/cgroup/kubepods.slice/pod1/cpu.max", "max 100000\n" },
                           { "sys/fs/cgroup/kubepods.slice/memory.max", "max\n" } },
                .memory_bytes = 3000000000,
                .cpu_millicores = 333,
                .version = 2,
        },
        {
                .why = "the host's path, one group bind-mounted",
                .files = { { "proc/self/cgroup", "0::/pods/p1/c1/sub\n" },
                           { "proc/self/mountinfo", "1 0 0:1 /pods/p1/c1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n" },
                           { "sys/fs/cgroup/sub/memory.max", "max\n" },
                           { "sys/fs/cgroup/memory.max", "1000000\n" } },
                .memory_bytes = 1000000,
                .cpu_millicores = UINT64_MAX,
                .version = 2,
        },
        {
                .why = "a longer name is not below",
                .files = { { "proc/self/cgroup", "0::/pods/p10\n" },
                           { "proc/self/mountinfo", "1 0 0:1 /pods/p1 /mnt/one rw - cgroup2 cgroup rw\n"
                                                    "2 0 0:1 /pods/p10 /mnt/ten rw - cgroup2 cgroup rw\n" },
                           { "mnt/one/memory.max", "111\n" },
                           { "mnt/ten/memory.max", "222\n" } },
                .memory_bytes = 222,
                .cpu_millicores = UINT64_MAX,
                .version = 2,
        },
        {
                .why = "two mounts show it: the one that shows more above it counts",
                .files = { { "proc/self/cgroup", "0::/a/b\n" },
                           { "proc/self/mountinfo", "1 0 0:1 /a/b /mnt/b rw - cgroup2 cgroup rw\n"
                                                    "2 0 0:1 / /mnt/all rw - cgroup2 cgroup rw\n" },
                           { "mnt/b/memory.max", "max\n" },
                           { "mnt/all/a/b/memory.max", "max\n" },
                           { "mnt/all/a/memory.max", "333\n" } },
                .memory_bytes = 333,
                .cpu_millicores = UINT64_MAX,
                .version = 2,
        },
        {
                .why = "outside of the own cgroup namespace: the mount's top",
                .files = { { "proc/self/cgroup", "0::/../other\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n" },
                           { "sys/fs/cgroup/memory.max", "444\n" } },
                .memory_bytes = 444,
                .cpu_millicores = UINT64_MAX,
                .version = 2,
        },
        {
                .why = "version 1, memory and cpu,cpuacct",
                .files = { { "proc/self/cgroup", "9:name=systemd:/\n5:memory:/docker/c\n4:cpu,cpuacct:/docker/c\n" },
                           { "proc/self/mountinfo",
                             "1 0 0:1 /docker/c /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
                             "2 0 0:2 /docker/c /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n" },
                           { "sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n" },
                           { "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n" },
                           { "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n" } },
                .memory_bytes = 536870912,
                .cpu_millicores = 500,
                .version = 1,
        },
        {
                .why = "version 1 without limits; 64 KiB pages",
                .files = { { "proc/self/cgroup", "5:memory:/a\n4:cpu:/\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /m rw - cgroup cgroup rw,memory\n"
                                                    "2 0 0:2 / /c rw - cgroup cgroup rw,cpu\n" },
                           { "m/a/memory.limit_in_bytes", "9223372036854710272\n" },
                           { "m/memory.limit_in_bytes", "9223372036854771712\n" },
                           { "c/cpu.cfs_quota_us", "-1\n" },
                           { "c/cpu.cfs_period_us", "100000\n" } },
                .memory_bytes = UINT64_MAX,
                .cpu_millicores = UINT64_MAX,
                .version = 1,
        },
        {
                .why = "hybrid: memory in version 1, an empty unified mount beside it",
                .files = { { "proc/self/cgroup", "5:memory:/x\n0::/user.slice\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                                                    "2 0 0:2 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n" },
                           { "sys/fs/cgroup/unified/cgroup.controllers", "\n" },
                           { "sys/fs/cgroup/memory/x/memory.limit_in_bytes", "777\n" } },
                .memory_bytes = 777,
                .cpu_millicores = UINT64_MAX,
                .version = 1,
        },
        {
                .why = "hybrid the other way: cpu in version 1, memory in version 2",
                .files = { { "proc/self/cgroup", "5:cpu:/x\n0::/x\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /c rw - cgroup cgroup rw,cpu\n"
                                                    "2 0 0:2 / /u rw - cgroup2 cgroup2 rw\n" },
                           { "u/x/memory.max", "888\n" },
                           { "c/x/cpu.cfs_quota_us", "1000\n" },
                           { "c/x/cpu.cfs_period_us", "1000000\n" } },
                .memory_bytes = 888,
                .cpu_millicores = 1,
                .version = 2,
        },
        {
                .why = "a group that is deleted counts with what is above it; colons in its name",
                .files = { { "proc/self/cgroup", "0::/a/b:c (deleted)\n" },
                           { "proc/self/mountinfo", "1 0 0:1 / /u rw - cgroup2 cgroup2 rw\n" },
                           { "u/a/memory.max", "999\n" } },
                .memory_bytes = 999,
                .cpu_millicores = UINT64_MAX,
                .version = 2,
        },
};

static void write_files(const struct test_tree *tree, const char *folder, const struct file *files, size_t count)
{
        for (size_t i = 0; i < count && files[i].path; i++) {
                KT_AUTO_STR struct kt_str path = { 0 };

                kt_str_addf(&path, "%s/%s", folder, files[i].path);
                test_write(tree, kt_str_get(&path), files[i].text);
        }
}

static void test_read__machines(void **state)
{
        const struct test_tree *tree = *state;

        for (size_t i = 0; i < KT_COUNT(machines); i++) {
                const struct machine *machine = &machines[i];
                KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
                char folder[] = { 'm', (char)('a' + i), '\0' };
                KT_AUTO_FREE char *path = test_path(tree, folder);
                struct kt_cgroup limits = { 0 };
                struct kt_err e = { 0 };

                print_message("# %s\n", machine->why);
                write_files(tree, folder, machine->files, KT_COUNT(machine->files));
                assert_int_equal(kt_root_open(path, &root, &e), 0);
                assert_int_equal(kt_cgroup_read(&root, &limits, &e), 0);
                assert_int_equal(limits.memory_bytes, machine->memory_bytes);
                assert_int_equal(limits.cpu_millicores, machine->cpu_millicores);
                assert_int_equal(limits.version, machine->version);
        }
}

static const char v2_mount[] = "1 0 0:1 / /u rw - cgroup2 cgroup2 rw\n";
static const char v1_mounts[] = "1 0 0:1 / /m rw - cgroup cgroup rw,memory\n2 0 0:2 / /c rw - cgroup cgroup rw,cpu\n";

static const struct {
        const char *why;
        struct file files[6];
        int expect;
        const char *names;
} failures[] = {
        { "memory.max is a word",
          { { "proc/self/cgroup", "0::/\n" }, { "proc/self/mountinfo", v2_mount }, { "u/memory.max", "lots\n" } },
          -EBADMSG,
          "/u/memory.max holds 'lots'" },
        { "memory.max is empty",
          { { "proc/self/cgroup", "0::/\n" }, { "proc/self/mountinfo", v2_mount }, { "u/memory.max", "\n" } },
          -EBADMSG,
          "/u/memory.max" },
        { "cpu.max without a period",
          { { "proc/self/cgroup", "0::/\n" }, { "proc/self/mountinfo", v2_mount }, { "u/cpu.max", "max\n" } },
          -EBADMSG,
          "/u/cpu.max" },
        { "cpu.max with period 0",
          { { "proc/self/cgroup", "0::/\n" }, { "proc/self/mountinfo", v2_mount }, { "u/cpu.max", "1 0\n" } },
          -EBADMSG,
          "/u/cpu.max holds '1 0'" },
        { "cpu.max that overflows",
          { { "proc/self/cgroup", "0::/\n" },
            { "proc/self/mountinfo", v2_mount },
            { "u/cpu.max", "18446744073709551615 1\n" } },
          -EBADMSG,
          "/u/cpu.max" },
        { "quota is no number",
          { { "proc/self/cgroup", "3:cpu:/\n" },
            { "proc/self/mountinfo", v1_mounts },
            { "c/cpu.cfs_quota_us", "-2\n" },
            { "c/cpu.cfs_period_us", "1\n" } },
          -EBADMSG,
          "/c/cpu.cfs_quota_us holds '-2'" },
        { "period is no number",
          { { "proc/self/cgroup", "3:cpu:/\n" },
            { "proc/self/mountinfo", v1_mounts },
            { "c/cpu.cfs_quota_us", "2\n" },
            { "c/cpu.cfs_period_us", "x\n" } },
          -EBADMSG,
          "/c/cpu.cfs_period_us holds 'x'" },
        { "a value that is far too long",
          { { "proc/self/cgroup", "3:memory:/\n" },
            { "proc/self/mountinfo", v1_mounts },
            { "m/memory.limit_in_bytes",
              "111111111111111111111111111111111111111111111111111111111111111111111111111111111"
              "111111111111111111111111111111111111111111111111111111111111111111111111111111" } },
          -EFBIG,
          "/m/memory.limit_in_bytes" },
        { "a line of another shape",
          { { "proc/self/cgroup", "hello\n" }, { "proc/self/mountinfo", v2_mount } },
          -EBADMSG,
          "/proc/self/cgroup" },
        { "a path that is none",
          { { "proc/self/cgroup", "0::x\n" }, { "proc/self/mountinfo", v2_mount } },
          -EBADMSG,
          "/proc/self/cgroup" },
        { "no mountinfo", { { "proc/self/cgroup", "0::/\n" } }, -ENOENT, "/proc/self/mountinfo" },
};

static void test_read__failures_name_the_file(void **state)
{
        const struct test_tree *tree = *state;

        for (size_t i = 0; i < KT_COUNT(failures); i++) {
                KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
                char folder[] = { 'f', (char)('a' + i), '\0' };
                KT_AUTO_FREE char *path = test_path(tree, folder);
                struct kt_cgroup limits = { .memory_bytes = 5 };
                struct kt_err e = { 0 };

                print_message("# %s\n", failures[i].why);
                write_files(tree, folder, failures[i].files, KT_COUNT(failures[i].files));
                assert_int_equal(kt_root_open(path, &root, &e), 0);
                assert_int_equal(kt_cgroup_read(&root, &limits, &e), failures[i].expect);
                assert_non_null(strstr(e.text, failures[i].names));
                assert_int_equal(limits.memory_bytes, 5);
        }
}

static void test_read__the_running_machine(void **state)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_cgroup limits = { 0 };
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(kt_cgroup_read(&root, &limits, &e), 0);
        assert_true(limits.memory_bytes > 1 << 20);
        assert_true(limits.cpu_millicores > 0);
        assert_true(limits.version != 0 || limits.memory_bytes == unlimited);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_read__machines, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_read__failures_name_the_file, test_tree_setup, test_tree_teardown),
                cmocka_unit_test(test_read__the_running_machine),
        };

        return TEST_MAIN(tests);
}
