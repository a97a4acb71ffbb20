/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: what is kept, what is masked, and what never gets in. */
#include "tuner/snapshot.h"

#include "tests/unit/support.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/text/num.h"

enum { BLOCK = 512, SIZE_AT = 124, TYPE_AT = 156, LINK_AT = 157, MODE_AT = 100 };

static void take(const struct test_tree *tree, uint64_t pid, struct kt_str *out, struct kt_snapshot_stats *stats)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_snapshot_make(&root, pid, out, stats, &e), 0);
}

static size_t size_of(const char *header)
{
        uint32_t size = 0;

        assert_int_equal(kt_num_parse_octal(header + SIZE_AT, &size), 0);
        return size;
}

/* The header of the entry with that path, NULL when there is none. */
static const char *find(const struct kt_str *archive, const char *path)
{
        size_t at = 0;

        while (at < archive->len && archive->data[at] != '\0') {
                const char *header = archive->data + at;
                size_t size = size_of(header);

                if (strcmp(header, path) == 0)
                        return header;
                at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
        }
        return NULL;
}

static void expect_file(const struct kt_str *archive, const char *path, const char *text)
{
        const char *header = find(archive, path);

        if (!header)
                fail_msg("no entry %s", path);
        assert_int_equal(size_of(header), strlen(text));
        assert_memory_equal(header + BLOCK, text, strlen(text));
}

static void expect_no_text(const struct kt_str *archive, const char *text)
{
        assert_null(memmem(archive->data, archive->len, text, strlen(text)));
}

static void test_make__empty_machine(void **state)
{
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        take(*state, 0, &archive, &stats);
        assert_int_equal(archive.len, 2 * BLOCK);
        assert_int_equal(stats.entries, 0);
}

static void test_make__facts_of_rows(void **state)
{
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        test_write(*state, "proc/sys/vm/max_map_count", "65530\n");
        test_write(*state, "proc/77/limits", "Max open files 1 2 files\n");
        test_write(*state, "proc/cmdline", "password=secret");
        test_write(*state, "proc/sys/kernel/hostname", "secret-host");
        take(*state, 77, &archive, &stats);
        expect_file(&archive, "proc/sys/vm/max_map_count", "65530\n");
        expect_file(&archive, "proc/77/limits", "Max open files 1 2 files\n");
        assert_int_equal(stats.entries, 2);
        expect_no_text(&archive, "secret");
}

static void test_make__lines_that_count(void **state)
{
        static const struct {
                const char *path;
                const char *text;
                const char *kept;
        } rows[] = {
                { "proc/self/status", "Name:\tsecret\nUid:\t0\t0\t0\t0\nCapEff:\t0\n",
                  "Uid:\t0\t0\t0\t0\nCapEff:\t0\n" },
                { "etc/os-release", "ID=debian\nHOME_URL=secret\n", "ID=debian\n" },
                { "proc/meminfo", "MemTotal: 1 kB\nMemFree: 9 kB\n", "MemTotal: 1 kB\n" },
                { "etc/sysctl.d/a.conf", "kernel.hostname=secret\nvm.swappiness=1\n", "\nvm.swappiness=1\n" },
                { "var/lib/kubelet/config.yaml", "staticPodURL: secret\nallowedUnsafeSysctls:\n- net.*\nx: secret\n",
                  "allowedUnsafeSysctls:\n- net.*\n" },
                { "proc/self/mountinfo",
                  "1 0 8:1 / / rw - ext4 /dev/sda1 rw,commit=30,secret=x\n"
                  "2 1 0:40 / /n rw - nfs4 secret:/export rw,addr=10.0.0.1\nno mount\n",
                  "1 0 8:1 / / rw - ext4 /dev/sda1 rw,commit=30\n2 1 0:40 / /n rw - nfs4 masked-1 rw\n" },
        };
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                test_write(*state, rows[i].path, rows[i].text);
        take(*state, 0, &archive, &stats);
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                expect_file(&archive, rows[i].path, rows[i].kept);
        expect_no_text(&archive, "secret");
}

/* Two paths to one disk. */
static void make_disks(const struct test_tree *tree)
{
        test_write(tree, "sys/devices/pci0/host0/block/sda/dev", "8:0\n");
        test_write(tree, "sys/devices/pci0/host0/block/sda/queue/scheduler", "[none]\n");
        test_write(tree, "sys/devices/pci0/host0/block/sda/mq/0/nr_tags", "64\n"); /* a device that schedules */
        test_write(tree, "sys/devices/pci0/host0/wwid", "naa.5000secret\n");
        test_write(tree, "sys/devices/pci0/host0/model", "DISK\n");
        test_write(tree, "sys/devices/pci0/host1/block/sdb/serial", "another-secret\n");
        test_write(tree, "sys/devices/pci0/host1/wwid", "naa.5000secret\n");
        test_symlink(tree, "../..", "sys/devices/pci0/host0/block/sda/device");
        test_symlink(tree, "../..", "sys/devices/pci0/host1/block/sdb/device");
        test_mkdir(tree, "sys/devices/pci0/host0/block/sda/slaves");
        test_symlink(tree, "../../devices/pci0/host0/block/sda", "sys/class/block/sda");
        test_symlink(tree, "../../devices/pci0/host1/block/sdb", "sys/class/block/sdb");
        test_symlink(tree, "../../devices/pci0/host0/block/sda", "sys/dev/block/8:0");
}

static void test_make__devices(void **state)
{
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };
        const char *link;

        make_disks(*state);
        take(*state, 0, &archive, &stats);
        link = find(&archive, "sys/dev/block/8:0");
        assert_non_null(link);
        assert_int_equal(link[TYPE_AT], '2');
        assert_string_equal(link + LINK_AT, "../../devices/pci0/host0/block/sda");
        assert_int_equal(find(&archive, "sys/devices/pci0/host0/block/sda/slaves")[TYPE_AT], '5');
        expect_file(&archive, "sys/devices/pci0/host0/block/sda/queue/scheduler", "[none]\n");
        expect_file(&archive, "sys/devices/pci0/host0/block/sda/mq/0/nr_tags", "64\n");
        expect_file(&archive, "sys/devices/pci0/host0/model", "DISK\n");
}

static void test_make__equal_serials_stay_equal(void **state)
{
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        make_disks(*state);
        take(*state, 0, &archive, &stats);
        expect_file(&archive, "sys/devices/pci0/host0/wwid", "naa.masked-1\n");
        expect_file(&archive, "sys/devices/pci0/host1/wwid", "naa.masked-1\n");
        expect_file(&archive, "sys/devices/pci0/host1/block/sdb/serial", "masked-2\n");
        assert_int_equal(stats.masked, 2);
        expect_no_text(&archive, "secret");
}

static void test_make__a_serial_of_zeros_stays(void **state)
{
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        make_disks(*state);
        test_write(*state, "sys/devices/pci0/host1/block/sdb/serial", "0000-0000\n");
        take(*state, 0, &archive, &stats);
        expect_file(&archive, "sys/devices/pci0/host1/block/sdb/serial", "0000-0000\n");
        assert_int_equal(stats.masked, 1);
}

static void test_make__link_that_leads_out_is_left_out(void **state)
{
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        test_symlink(*state, "/etc/passwd", "sys/class/block/sda");
        test_symlink(*state, "../../x/../../../y", "sys/class/block/sdb");
        test_write(*state, "sys/class/block/sdc", "no link");
        take(*state, 0, &archive, &stats);
        assert_int_equal(stats.entries, 0);
}

static void test_make__unreadable_file_stays_unreadable(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *path = test_path(tree, "proc/sys/vm/swappiness");
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        test_write(tree, "proc/sys/vm/swappiness", "60\n");
        assert_int_equal(chmod(path, 0), 0);
        test_as_nobody(tree);
        take(tree, 0, &archive, &stats);
        test_as_before();
        assert_int_equal(stats.unreadable, 1);
        assert_string_equal(find(&archive, "proc/sys/vm/swappiness") + MODE_AT, "0000000");
        expect_file(&archive, "ERRORS", "/proc/sys/vm/swappiness EACCES\n");
}

static void test_make__tuned_profiles_and_what_they_include(void **state)
{
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        test_write(*state, "etc/tuned/active_profile", "mine\n");
        test_write(*state, "etc/tuned/mine/tuned.conf", "[main]\ninclude=base\n");
        test_write(*state, "usr/lib/tuned/base/tuned.conf", "[sysctl]\nvm.swappiness=30\n");
        take(*state, 0, &archive, &stats);
        expect_file(&archive, "etc/tuned/mine/tuned.conf", "[main]\ninclude=base\n");
        expect_file(&archive, "usr/lib/tuned/base/tuned.conf", "[sysctl]\nvm.swappiness=30\n");
}

static void test_make__same_machine_same_bytes(void **state)
{
        KT_AUTO_STR struct kt_str first = { 0 };
        KT_AUTO_STR struct kt_str second = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        make_disks(*state);
        take(*state, 0, &first, &stats);
        take(*state, 0, &second, &stats);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.data, second.data, first.len);
}

/* Of a broker what is known, and nothing that its files hold beside that. */
static void test_make__processes_without_their_secrets(void **state)
{
        static const char arguments[] = "/opt/java\0-Dpassword=secret\0kafka.Kafka\0secret.properties";
        KT_AUTO_STR struct kt_str archive = { 0 };
        struct kt_snapshot_stats stats = { 0 };

        test_write(*state, "proc/uptime", "100.00 5.00\n");
        test_write(*state, "proc/42/comm", "java\n");
        test_write_bytes(*state, "proc/42/cmdline", arguments, sizeof(arguments));
        test_write(*state, "proc/42/environ", "TOKEN=secret\n");
        test_write(*state, "proc/42/maps", "1 /secret\n2 /secret\n");
        test_symlink(*state, "/secret", "proc/42/fd/3");
        test_write(*state, "proc/42/stat", "42 (java) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 90 0 4000 7 secret\n");
        test_write(*state, "proc/7/comm", "kubelet\n");
        test_write_bytes(*state, "proc/7/cmdline", "kubelet\0--token=secret\0--protect-kernel-defaults", 49);
        test_write(*state, "var/lib/kubelet/config.yaml", "token: secret\nprotectKernelDefaults: true\n");
        take(*state, 0, &archive, &stats);
        expect_file(&archive, "proc/42/comm", "java\n");
        expect_file(&archive, "proc/42/fd", "\n");
        expect_file(&archive, "proc/42/maps", "\n\n");
        expect_file(&archive, "proc/42/stat", "42 (java) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 4000 0\n");
        assert_non_null(find(&archive, "proc/42/cmdline"));
        assert_non_null(find(&archive, "proc/7/cmdline"));
        expect_file(&archive, "var/lib/kubelet/config.yaml", "protectKernelDefaults: true\n");
        assert_null(find(&archive, "proc/42/environ"));
        expect_no_text(&archive, "secret");
}

#define TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TREE(test_make__empty_machine),
                TREE(test_make__facts_of_rows),
                TREE(test_make__lines_that_count),
                TREE(test_make__devices),
                TREE(test_make__equal_serials_stay_equal),
                TREE(test_make__a_serial_of_zeros_stays),
                TREE(test_make__link_that_leads_out_is_left_out),
                TREE(test_make__unreadable_file_stays_unreadable),
                TREE(test_make__tuned_profiles_and_what_they_include),
                TREE(test_make__same_machine_same_bytes),
                TREE(test_make__processes_without_their_secrets),
        };

        return TEST_MAIN(tests);
}
