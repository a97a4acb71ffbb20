/* SPDX-License-Identifier: Apache-2.0 */
/* What a path is, what is refused, and a live broker's lock. */
#include "tuner/bench/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/text/str.h"
#include "tests/unit/support.h"

static struct kt_disk_target ordinary(const char *fstype)
{
        struct kt_disk_target target = { .path = "/mnt/a", .total_bytes = 1000000, .free_bytes = 900000, .major = 7 };

        (void)snprintf(target.fstype, sizeof(target.fstype), "%s", fstype);
        return target;
}

static void test_judge__refuses_what_is_no_volume(void **state)
{
        static const struct {
                const char *fstype;
                const char *id; /* NULL: nothing to say */
                enum kt_level level;
        } rows[] = {
                { "xfs", NULL, KT_LEVEL_NOTE },           { "ext4", NULL, KT_LEVEL_NOTE },
                { "tmpfs", "memory", KT_LEVEL_ERROR },    { "ramfs", "memory", KT_LEVEL_ERROR },
                { "devtmpfs", "memory", KT_LEVEL_ERROR }, { "hugetlbfs", "memory", KT_LEVEL_ERROR },
                { "proc", "no-data", KT_LEVEL_ERROR },    { "sysfs", "no-data", KT_LEVEL_ERROR },
                { "cgroup", "no-data", KT_LEVEL_ERROR },  { "cgroup2", "no-data", KT_LEVEL_ERROR },
                { "fusectl", "no-data", KT_LEVEL_ERROR }, /* no FUSE: its switches */
                { "process", NULL, KT_LEVEL_NOTE },       { "overlay", "overlay", KT_LEVEL_ERROR },
                { "nfs4", "network", KT_LEVEL_WARNING },  { "nfs", "network", KT_LEVEL_WARNING },
                { "ceph", "network", KT_LEVEL_WARNING },  { "fuse.sshfs", "network", KT_LEVEL_WARNING },
                { "cifs", "network", KT_LEVEL_WARNING },  { "cephalopod", NULL, KT_LEVEL_NOTE },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                struct kt_disk_target target = ordinary(rows[i].fstype);

                target.is_network = rows[i].id && strcmp(rows[i].id, "network") == 0; /* as kt_target_read says */
                kt_target_judge(&target, false, &findings);
                assert_int_equal(findings.count, rows[i].id ? 1 : 0);
                if (!rows[i].id)
                        continue;
                assert_string_equal(findings.items[0].id, rows[i].id);
                assert_int_equal(findings.items[0].level, rows[i].level);
                assert_non_null(findings.items[0].next);
                if (strcmp(rows[i].id, "overlay") != 0)
                        assert_non_null(strstr(findings.items[0].message, rows[i].fstype));
        }
}

static void test_judge__full_and_live(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_disk_target target = ordinary("xfs");

        (void)state;
        target.free_bytes = 50000; /* 5 %: still fine */
        kt_target_judge(&target, false, &findings);
        assert_int_equal(findings.count, 0);
        target.free_bytes = 49999;
        target.has_live_broker = true;
        kt_target_judge(&target, false, &findings);
        assert_int_equal(kt_findings_count(&findings, KT_LEVEL_ERROR), 2);
}

static void test_judge__forced_only_warns(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_disk_target target = ordinary("tmpfs");

        (void)state;
        kt_target_judge(&target, true, &findings);
        assert_int_equal(findings.count, 1);
        assert_int_equal(findings.items[0].level, KT_LEVEL_WARNING);
        assert_non_null(strstr(findings.items[0].message, "--force"));
}

static void test_baseline__only_of_what_is_known(void **state)
{
        struct kt_disk_target target = ordinary("xfs");
        const char *reason = NULL;
        const double gib = 1073741824;

        (void)state;
        assert_true(kt_target_baseline(&target, &reason) == 0);
        (void)snprintf(target.model, sizeof(target.model), "Amazon Elastic Block Store");
        target.total_bytes = (uint64_t)(100 * gib); /* 300 IOPS of 256 KiB */
        assert_true(kt_target_baseline(&target, &reason) == 300.0 * 256 * 1024);
        assert_non_null(reason);
        target.total_bytes = (uint64_t)(1 * gib); /* 100 at least */
        assert_true(kt_target_baseline(&target, &reason) == 100.0 * 256 * 1024);
        target.total_bytes = (uint64_t)(10000 * gib); /* 250 MiB/s at most */
        assert_true(kt_target_baseline(&target, &reason) == 250.0 * 1024 * 1024);
}

static void test_shares_disk__by_number_name_id_and_serial(void **state)
{
        struct kt_device leaf_a = { .name = "sda", .id = "wwid:1", .is_leaf = true };
        struct kt_device leaf_b = { .name = "sdb", .id = "wwid:2", .is_leaf = true };
        struct kt_disk_target a = ordinary("xfs");
        struct kt_disk_target b = ordinary("xfs");

        (void)state;
        assert_true(kt_target_shares_disk(&a, &b)); /* the same st_dev */
        b.minor = 1;
        assert_false(kt_target_shares_disk(&a, &b)); /* nothing known: nothing shared */
        a.devices = &leaf_a;
        b.devices = &leaf_b;
        a.device_count = b.device_count = 1;
        assert_false(kt_target_shares_disk(&a, &b));
        leaf_b.id[5] = '1';
        assert_true(kt_target_shares_disk(&a, &b));
        leaf_b.id[0] = '\0';
        (void)snprintf(leaf_b.name, sizeof(leaf_b.name), "sda");
        assert_true(kt_target_shares_disk(&a, &b));
        b.devices = NULL;
        b.device_count = 0;
        (void)snprintf(a.serial, sizeof(a.serial), "s1");
        (void)snprintf(b.serial, sizeof(b.serial), "s1");
        assert_true(kt_target_shares_disk(&a, &b));
}

/* ---- Reading, in a tree of the running machine with mounts that are made up ---- */

/* The tree is mounted, as far as mountinfo says. */
static void mounts_of(const struct test_tree *tree, struct kt_mounts *ret)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        kt_str_addf(&text, "1 0 0:1 / / rw - rootfs none rw\n2 1 0:99 / %s rw - xfs /dev/none rw\n", tree->path);
        assert_int_equal(kt_mounts_parse(kt_str_get(&text), ret, NULL), 0);
}

static int read_target(const struct test_tree *tree, const char *path, struct kt_disk_target *ret,
                       struct kt_findings *notes)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        KT_AUTO_FREE char *full = test_path(tree, path);
        struct kt_err e = { 0 };
        int r;

        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        mounts_of(tree, &mounts);
        r = kt_target_read(&root, &mounts, full, ret, notes, &e);
        assert_int_equal(e.code, r);
        free(ret->devices);
        ret->path = NULL; /* full goes */
        ret->devices = NULL;
        return r;
}

/* Holds the lock of path as a JVM does until it is killed. */
static pid_t hold_lock(const struct test_tree *tree, const char *path)
{
        int pipes[2];
        char byte;
        pid_t pid;

        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
                int fd = openat(tree->fd, path, O_RDWR);

                if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0 && write(pipes[1], "x", 1) == 1)
                        (void)pause(); /* until it is killed */
                _exit(1);
        }
        assert_int_equal(close(pipes[1]), 0);
        assert_int_equal(read(pipes[0], &byte, 1), 1);
        assert_int_equal(close(pipes[0]), 0);
        return pid;
}

static void test_read__finds_a_live_broker_wherever_it_lives_on_the_volume(void **state)
{
        static const char *const paths[] = { ".", "kafka-log0", "kafka-log0/deep", "beside" };
        const struct test_tree *tree = *state;
        pid_t pid;

        test_write(tree, "kafka-log0/.lock", "");
        test_mkdir(tree, "kafka-log0/deep");
        test_mkdir(tree, "beside");
        pid = hold_lock(tree, "kafka-log0/.lock");
        for (size_t i = 0; i < KT_COUNT(paths); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings notes = { 0 };
                struct kt_disk_target target = { 0 };

                assert_int_equal(read_target(tree, paths[i], &target, &notes), 0);
                assert_true(target.has_live_broker);
                assert_string_equal(target.fstype, "xfs");
                assert_string_equal(target.mount, tree->path);
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        for (size_t i = 0; i < KT_COUNT(paths); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings notes = { 0 };
                struct kt_disk_target target = { 0 };

                assert_int_equal(read_target(tree, paths[i], &target, &notes), 0);
                assert_false(target.has_live_broker);
        }
}

static void test_read__a_hidden_lock_is_said(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_findings_done) struct kt_findings notes = { 0 };
        KT_AUTO_FREE char *lock = test_path(tree, ".lock");
        struct kt_disk_target target = { 0 };

        test_write(tree, ".lock", "");
        assert_int_equal(chmod(lock, 0), 0);
        test_as_nobody(tree);
        assert_int_equal(read_target(tree, ".", &target, &notes), 0);
        test_as_before();
        assert_int_equal(kt_findings_count(&notes, KT_LEVEL_WARNING), 1);
        assert_string_equal(kt_findings_first(&notes, KT_LEVEL_WARNING)->id, "lock-hidden");
}

static void test_read__names_what_is_no_folder(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_findings_done) struct kt_findings notes = { 0 };
        struct kt_disk_target target = { 0 };

        test_write(tree, "file", "x");
        assert_int_equal(read_target(tree, "file", &target, &notes), -ENOTDIR);
        assert_int_equal(read_target(tree, "nothing", &target, &notes), -ENOENT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_judge__refuses_what_is_no_volume),
                cmocka_unit_test(test_judge__full_and_live),
                cmocka_unit_test(test_judge__forced_only_warns),
                cmocka_unit_test(test_baseline__only_of_what_is_known),
                cmocka_unit_test(test_shares_disk__by_number_name_id_and_serial),
                cmocka_unit_test_setup_teardown(test_read__finds_a_live_broker_wherever_it_lives_on_the_volume,
                                                test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_read__a_hidden_lock_is_said, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_read__names_what_is_no_folder, test_tree_setup,
                                                test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
