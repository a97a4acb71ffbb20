/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of volumes: mounts, candidates, whose they are, and what the walk counts. */
#include "initc/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/initc/volume_tree.h"

#define PARTITION "data/kafka-log0/t-0/00000000000000000000"

static struct kt_log_dir *first_log_dir(struct volume_tree *vt, const char *name)
{
        struct kt_log_dir *dir = kt_volume_log_dir(&vt->volumes.items[0], name);

        if (!dir)
                fail_msg("%s is no candidate", name);
        return dir;
}

static void test_read__mount(void **state)
{
        static const struct {
                const char *mountinfo;
                bool is_mount_point;
                const char *fstype; /* NULL: not known */
                bool is_read_only;
                const char *why;
        } rows[] = {
                { VT_ROOT_MOUNT VT_DATA_MOUNT, true, "xfs", false, "a volume" },
                { VT_ROOT_MOUNT, false, "overlay", false, "a folder of the container" },
                { VT_ROOT_MOUNT "2 1 8:16 / /data ro - ext4 /dev/sdb rw\n", true, "ext4", true, "mounted read-only" },
                { VT_ROOT_MOUNT "2 1 8:16 / /data rw - ext4 /dev/sdb ro\n", true, "ext4", true,
                  "filesystem read-only" },
                { VT_ROOT_MOUNT "2 1 8:16 / /data2 rw - xfs /dev/sdb rw\n", false, "overlay", false, "a longer name" },
                { "2 1 8:16 / /elsewhere rw - xfs /dev/sdb rw\n", false, NULL, false, "nothing is known" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;
                const struct kt_volume *volume;

                vt_init(&vt);
                test_write(vt.tree, "proc/self/mountinfo", rows[i].mountinfo);
                vt_read(&vt);
                volume = &vt.volumes.items[0];
                if (volume->is_mount_point != rows[i].is_mount_point || volume->is_read_only != rows[i].is_read_only ||
                    !volume->fstype != !rows[i].fstype ||
                    (rows[i].fstype && strcmp(volume->fstype, rows[i].fstype) != 0))
                        fail_msg("%s", rows[i].why);
                assert_true(volume->fd >= 0);
                vt_done(&vt);
        }
}

static void test_read__a_volume_that_is_not_there_is_a_fact(void **state)
{
        static const char *const paths[] = { "/data", "/missing/too", NULL };
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        vt_mount(&vt, VT_ROOT_MOUNT VT_DATA_MOUNT, paths);
        vt_read(&vt);
        assert_int_equal(vt.volumes.count, 2);
        assert_int_equal(vt.volumes.items[1].fd, -1);
        assert_int_equal(vt.volumes.items[1].error, -ENOENT);
        assert_true(vt.volumes.items[0].fd >= 0);
        vt_done(&vt);
}

static void test_read__no_mountinfo_is_an_error(void **state)
{
        struct kt_volumes volumes;
        struct kt_err e = { 0 };
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        assert_int_equal(unlinkat(vt.tree->fd, "proc/self/mountinfo", 0), 0);
        assert_int_equal(kt_facts_read(&vt.root, vt.paths, vt.path_count, &volumes, &e), -ENOENT);
        assert_non_null(strstr(e.text, "mountinfo"));
        vt_done(&vt);
}

static void test_read__candidates(void **state)
{
        static const struct {
                const char *file;      /* a path with '/' at its end is a folder */
                const char *candidate; /* NULL: none */
                const char *why;
        } rows[] = {
                { "data/kafka-log0/", "kafka-log0", "the name of ours, empty" },
                { "data/kafka-log17/", "kafka-log17", "another node's" },
                { "data/kafka-log/", NULL, "no number" },
                { "data/kafka-log0x/", NULL, "more than a number" },
                { "data/topics/meta.properties", "topics", "any folder with a meta.properties" },
                { "data/topics/t-0/", NULL, "a folder without" },
                { "data/meta.properties", ".", "the mount itself" },
                { "data/t-0/", ".", "partitions at the mount" },
                { "data/__cluster_metadata-0/", ".", "the metadata log at the mount" },
                { "data/lost+found/", NULL, "of the filesystem" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;
                char path[64];
                size_t len = strlen(rows[i].file);
                const struct kt_volume *volume;

                vt_init(&vt);
                (void)snprintf(path, sizeof(path), "%s", rows[i].file); /* short */
                if (path[len - 1] == '/') {
                        path[len - 1] = '\0';
                        test_mkdir(vt.tree, path);
                } else {
                        test_write(vt.tree, path, "version=0\n");
                }
                vt_read(&vt);
                volume = &vt.volumes.items[0];
                if (volume->log_dir_count != (rows[i].candidate != NULL) ||
                    (rows[i].candidate && strcmp(volume->log_dirs[0].name, rows[i].candidate) != 0))
                        fail_msg("%s: %zu candidates", rows[i].why, volume->log_dir_count);
                assert_int_equal(volume->has_lost_found, strstr(rows[i].file, "lost+found") != NULL);
                vt_done(&vt);
        }
}

static void test_read__a_log_dir(void **state)
{
        const struct kt_log_dir *dir;
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        vt_used(&vt, "data/kafka-log0", 7);
        vt_read(&vt);
        dir = first_log_dir(&vt, "kafka-log0");
        assert_true(dir->exists && dir->has_meta && dir->is_meta_readable);
        assert_int_equal(dir->meta.node_id, 7);
        assert_string_equal(dir->meta.cluster_id, VT_CLUSTER);
        assert_true(dir->has_metadata_log && dir->has_metadata_records);
        vt_done(&vt);
}

static void test_read__what_formatting_leaves_is_no_record(void **state)
{
        static const struct {
                const char *file;
                bool is_record;
        } rows[] = {
                { "00000000000000000000-0000000000.checkpoint", false },
                { ".00000000000000000000-0000000000.checkpoint.k8skafka-tmp", false },
                { "00000000000000000000.log", true },
                { "quorum-state", true },
                { "00000000000000000004-0000000001.checkpoint", true },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;
                char path[128];

                vt_init(&vt);
                (void)snprintf(path, sizeof(path), "data/kafka-log0/__cluster_metadata-0/%s", rows[i].file);
                test_write(vt.tree, path, "x");
                vt_read(&vt);
                if (first_log_dir(&vt, "kafka-log0")->has_metadata_records != rows[i].is_record)
                        fail_msg("%s", rows[i].file);
                vt_done(&vt);
        }
}

static void test_read__a_meta_that_cannot_be_read_is_there(void **state)
{
        static const struct {
                const char *text; /* NULL: a link instead */
                const char *why;
        } rows[] = {
                { "version=1\n", "cut short" },
                { "version=2\n", "an unknown version" },
                { "version=1\nnode.id=x\ncluster.id=c\n", "no node id" },
                { NULL, "a symbolic link" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_log_dir *dir;
                struct volume_tree vt;

                vt_init(&vt);
                if (rows[i].text)
                        test_write(vt.tree, "data/kafka-log0/meta.properties", rows[i].text);
                else
                        test_symlink(vt.tree, "/etc/hostname", "data/kafka-log0/meta.properties");
                vt_read(&vt);
                dir = first_log_dir(&vt, "kafka-log0");
                if (!dir->has_meta || dir->is_meta_readable || !dir->meta_error[0])
                        fail_msg("%s", rows[i].why);
                vt_done(&vt);
        }
}

/* A name that is taken by something else must never be seen as a log dir that is to be made. */
static void test_add_log_dir__what_cannot_be_opened_counts_as_formatted(void **state)
{
        static const struct {
                const char *name;
                bool is_there;
                const char *why;
        } rows[] = {
                { "missing", false, "nothing is there" },
                { "missing/too", false, "nor above it" },
                { "link", true, "a link out of the volume" },
                { "link/below", true, "a link on the way" },
                { "dangling", true, "a link to nothing" },
                { "file", true, "a file" },
                { "fifo", true, "a fifo" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_owner owner = { .uid = geteuid(), .gid = getegid() };
                const struct kt_log_dir *dir;
                struct volume_tree vt;

                vt_init(&vt);
                test_mkdir(vt.tree, "elsewhere/below");
                test_symlink(vt.tree, "../elsewhere", "data/link");
                test_symlink(vt.tree, "nothing", "data/dangling");
                test_write(vt.tree, "data/file", "x");
                assert_int_equal(mkfifoat(vt.tree->fd, "data/fifo", 0644), 0);
                vt_read(&vt);
                dir = kt_volume_add_log_dir(&vt.volumes.items[0], rows[i].name);
                if (!dir || dir->exists != rows[i].is_there || dir->has_meta != rows[i].is_there ||
                    dir->is_meta_readable || (dir->error < 0) != rows[i].is_there)
                        fail_msg("%s (%s)", rows[i].name, rows[i].why);
                assert_ptr_equal(kt_volume_add_log_dir(&vt.volumes.items[0], rows[i].name), dir);
                assert_int_equal(
                        kt_facts_walk(&vt.volumes.items[0], (struct kt_log_dir *)dir, vt.version, &owner, NULL), 0);
                assert_int_equal(dir->by_entry[KT_ENTRY_UNREADABLE].count, rows[i].is_there);
                vt_done(&vt);
        }
}

static struct kt_log_dir *walk(struct volume_tree *vt, uid_t uid)
{
        const struct kt_owner owner = { .uid = uid, .gid = getegid() };
        struct kt_log_dir *dir;
        struct kt_err e = { 0 };

        vt_read(vt);
        dir = first_log_dir(vt, "kafka-log0");
        assert_int_equal(kt_facts_walk(&vt->volumes.items[0], dir, vt->version, &owner, &e), 0);
        assert_true(dir->was_walked);
        return dir;
}

static void test_walk__counts_segments_and_friends(void **state)
{
        const struct kt_log_dir *dir;
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        test_write(vt.tree, PARTITION ".log", "x");
        test_write(vt.tree, PARTITION ".index", "");
        test_write(vt.tree, PARTITION ".timeindex", "x");
        test_write(vt.tree, PARTITION ".txnindex", "");
        test_write(vt.tree, "data/kafka-log0/t-0/00000000000000000009.log.deleted", "x");
        test_write(vt.tree, "data/kafka-log0/t-0/leader-epoch-checkpoint", "x");
        test_write(vt.tree, "data/kafka-log0/u-1/00000000000000000000.log", "");
        test_write(vt.tree, "data/kafka-log0/__cluster_metadata-0/00000000000000000000.log", "x");
        dir = walk(&vt, geteuid());
        assert_int_equal(dir->found.partitions, 2);
        assert_int_equal(dir->found.segments, 3);
        assert_int_equal(dir->found.indexes, 1);
        assert_int_equal(dir->found.txnindexes, 1);
        assert_int_equal(dir->found.deleted, 1);
        assert_int_equal(dir->entries, 12);
        assert_int_equal(dir->by_entry[KT_ENTRY_RIGHT].count, 12);
        assert_int_equal(kt_log_dir_fixable(dir), 0);
        vt_done(&vt);
}

static void test_walk__names_what_is_odd(void **state)
{
        static const struct {
                const char *path; /* with '/' at its end: a folder */
                uint64_t foreign;
                uint64_t other;
                const char *why;
        } rows[] = {
                { "lost+found/", 1, 0, "no partition" },
                { "t-0/", 0, 0, "a partition" },
                { "__cluster_metadata-0/", 0, 0, "the metadata log" },
                { "t-0.d6c6f4e1a0f94d0a9e7d0c6b0f3b2a11-stray/", 0, 1, "a broker was here" },
                { "t-0.d6c6f4e1a0f94d0a9e7d0c6b0f3b2a11-delete/", 0, 1, "a broker was here" },
                { "remote-log-index-cache/", 0, 1, "a broker was here" },
                { "recovery-point-offset-checkpoint", 0, 1, "a file that formatting does not make" },
                { "bootstrap.checkpoint", 0, 0, "formatting does" },
                { ".meta.properties.k8skafka-tmp", 0, 0, "formatting was killed" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_log_dir *dir;
                struct volume_tree vt;
                char path[128];
                int len;

                vt_init(&vt);
                len = snprintf(path, sizeof(path), "data/kafka-log0/%s", rows[i].path);
                if (path[len - 1] == '/') {
                        path[len - 1] = '\0';
                        test_mkdir(vt.tree, path);
                } else {
                        test_write(vt.tree, path, "x");
                }
                dir = walk(&vt, geteuid());
                if (dir->foreign.count != rows[i].foreign || dir->other_files != rows[i].other)
                        fail_msg("%s (%s): foreign %llu, other %llu", rows[i].path, rows[i].why,
                                 (unsigned long long)dir->foreign.count, (unsigned long long)dir->other_files);
                vt_done(&vt);
        }
}

static void test_walk__counts_all_and_keeps_a_few_names(void **state)
{
        const struct kt_log_dir *dir;
        struct volume_tree vt;
        char path[64];

        (void)state; /* a tree of its own */
        vt_init(&vt);
        for (int i = 0; i < KT_SEEN_NAMES_MAX + 3; i++) {
                (void)snprintf(path, sizeof(path), "data/kafka-log0/t-%d/link", i); /* always fits */
                test_symlink(vt.tree, "/etc/passwd", path);
        }
        dir = walk(&vt, geteuid());
        assert_int_equal(dir->by_entry[KT_ENTRY_LINK].count, KT_SEEN_NAMES_MAX + 3);
        assert_non_null(dir->by_entry[KT_ENTRY_LINK].names[KT_SEEN_NAMES_MAX - 1]);
        assert_non_null(strstr(dir->by_entry[KT_ENTRY_LINK].names[0], "/link"));
        vt_done(&vt);
}

static void test_walk__everything_of_another_owner_is_fixable(void **state)
{
        const struct kt_log_dir *dir;
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        test_write(vt.tree, PARTITION ".log", "x");
        dir = walk(&vt, geteuid() + 1);
        assert_int_equal(kt_log_dir_fixable(dir), 3);
        assert_string_equal(dir->by_entry[KT_ENTRY_FIXABLE].names[0], ".");
        vt_done(&vt);
}

static void test_walk__a_missing_one_is_walked_at_once(void **state)
{
        const struct kt_owner owner = { .uid = geteuid(), .gid = getegid() };
        struct kt_log_dir *dir;
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        vt_read(&vt);
        dir = kt_volume_add_log_dir(&vt.volumes.items[0], "kafka-log0");
        assert_int_equal(kt_facts_walk(&vt.volumes.items[0], dir, vt.version, &owner, NULL), 0);
        assert_true(dir->was_walked);
        assert_int_equal(dir->entries, 0);
        vt_done(&vt);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read__mount),
        cmocka_unit_test(test_read__a_volume_that_is_not_there_is_a_fact),
        cmocka_unit_test(test_read__no_mountinfo_is_an_error),
        cmocka_unit_test(test_read__candidates),
        cmocka_unit_test(test_read__a_log_dir),
        cmocka_unit_test(test_read__what_formatting_leaves_is_no_record),
        cmocka_unit_test(test_read__a_meta_that_cannot_be_read_is_there),
        cmocka_unit_test(test_add_log_dir__what_cannot_be_opened_counts_as_formatted),
        cmocka_unit_test(test_walk__counts_segments_and_friends),
        cmocka_unit_test(test_walk__names_what_is_odd),
        cmocka_unit_test(test_walk__counts_all_and_keeps_a_few_names),
        cmocka_unit_test(test_walk__everything_of_another_owner_is_fixable),
        cmocka_unit_test(test_walk__a_missing_one_is_walked_at_once),
};

int main(void)
{
        return TEST_MAIN(tests);
}
