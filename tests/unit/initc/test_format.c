/* SPDX-License-Identifier: Apache-2.0 */
/* Formatting: which files each kind of quorum gets, what they hold, and that it happens only once. */
#include "initc/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/kafka/checkpoint.h"
#include "lib/kafka/meta.h"
#include "lib/os/fs.h"
#include "tests/unit/support.h"

#define CLUSTER  "MkU3OEVBNTcwNTJENDM2Qg"
#define SNAPSHOT KT_CHECKPOINT_METADATA_DIR "/" KT_CHECKPOINT_FIRST

static const struct kt_voter alone[] = {
        { .node_id = 3, .listener = "CONTROLLER", .host = "kafka-3.hl", .port = 9094 },
};

static const struct kt_voter several[] = {
        { .node_id = 2, .listener = "CONTROLLER", .host = "kafka-2.hl", .port = 9094 },
        { .node_id = 3, .listener = "CONTROLLER", .host = "kafka-3.hl", .port = 9094 },
        { .node_id = 4, .listener = "CONTROLLER", .host = "kafka-4.hl", .port = 9094 },
};

static struct kt_format format_of(const char *version, enum kt_quorum quorum)
{
        return (struct kt_format){ .version = kt_kafka_version_find(version),
                                   .cluster_id = CLUSTER,
                                   .node_id = 3,
                                   .quorum = quorum,
                                   .voters = alone,
                                   .voter_count = KT_COUNT(alone),
                                   .owner = { .uid = (uid_t)-1, .gid = (gid_t)-1 } };
}

static bool is_there(const struct test_tree *tree, const char *path)
{
        struct stat st;

        return fstatat(tree->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static mode_t mode_of(const struct test_tree *tree, const char *path)
{
        struct stat st;

        assert_int_equal(fstatat(tree->fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
        return st.st_mode & 07777;
}

static struct kt_checkpoint_facts read_checkpoint(const struct test_tree *tree, const char *path)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_checkpoint_facts facts;
        struct kt_err e = { 0 };

        assert_int_equal(kt_fs_read(tree->fd, path, KT_CHECKPOINT_FILE_MAX, &text), 0);
        if (kt_checkpoint_read(text.data, text.len, &facts, &e) < 0)
                fail_msg("%s: %s", path, e.text);
        return facts;
}

static struct kt_meta read_meta(const struct test_tree *tree)
{
        KT_AUTO_FREE char *text = test_read(tree, KT_META_FILE);
        struct kt_meta meta;
        struct kt_err e = { 0 };

        if (kt_meta_parse(KT_META_FILE, text, strlen(text), &meta, &e) < 0)
                fail_msg("%s", e.text);
        return meta;
}

static void expect_directory_id(const struct test_tree *tree, const struct kt_uuid *id)
{
        const struct kt_meta meta = read_meta(tree);

        assert_true(meta.has_directory_id && kt_uuid_equal(&meta.directory_id, id));
}

static void test_format_dir__files_of_each_version_and_quorum(void **state)
{
        static const struct {
                const char *version;
                enum kt_quorum quorum;
                bool has_bootstrap;
                bool has_snapshot;
                int16_t metadata_version; /* in the snapshot */
                int16_t kraft_version;
                size_t voters;
        } rows[] = {
                { "3.9", KT_QUORUM_NONE, true, false, 0, 0, 0 },
                { "3.9", KT_QUORUM_FIRST_VOTER, true, true, 0, 1, 1 },
                { "3.9", KT_QUORUM_JOIN, true, false, 0, 0, 0 },
                { "3.9", KT_QUORUM_STATIC, true, false, 0, 0, 0 },
                { "4.3", KT_QUORUM_NONE, true, false, 0, 0, 0 },
                { "4.3", KT_QUORUM_FIRST_VOTER, true, true, 0, 1, 1 },
                { "4.3", KT_QUORUM_JOIN, true, false, 0, 0, 0 },
                { "4.3", KT_QUORUM_STATIC, true, false, 0, 0, 0 },
                { "4.4", KT_QUORUM_NONE, false, false, 0, 0, 0 },
                { "4.4", KT_QUORUM_FIRST_VOTER, false, true, 33, 1, 1 },
                { "4.4", KT_QUORUM_JOIN, false, true, 33, 1, 0 },
                { "4.4", KT_QUORUM_STATIC, false, true, 33, 0, 0 },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_format format = format_of(rows[i].version, rows[i].quorum);
                struct test_tree *tree;
                struct kt_uuid id;
                struct kt_err e = { 0 };
                struct kt_meta meta;

                assert_int_equal(test_tree_setup(state), 0);
                tree = *state;
                assert_int_equal(kt_format_dir(tree->fd, &format, &id, &e), 0);
                if (is_there(tree, KT_CHECKPOINT_BOOTSTRAP) != rows[i].has_bootstrap ||
                    is_there(tree, SNAPSHOT) != rows[i].has_snapshot)
                        fail_msg("row %zu: files", i);

                meta = read_meta(tree);
                assert_int_equal(meta.version, 1);
                assert_int_equal(meta.node_id, 3);
                assert_string_equal(meta.cluster_id, CLUSTER);
                expect_directory_id(tree, &id);
                if (rows[i].has_bootstrap)
                        assert_int_equal(read_checkpoint(tree, KT_CHECKPOINT_BOOTSTRAP).metadata_version,
                                         format.version->features[0].level);
                if (rows[i].has_snapshot) {
                        struct kt_checkpoint_facts facts = read_checkpoint(tree, SNAPSHOT);

                        if (facts.metadata_version != rows[i].metadata_version ||
                            facts.kraft_version != rows[i].kraft_version || facts.voter_count != rows[i].voters)
                                fail_msg("row %zu: metadata %d, kraft %d, %zu voters", i, facts.metadata_version,
                                         facts.kraft_version, facts.voter_count);
                        if (facts.voter_count > 0) {
                                assert_int_equal(facts.first_voter_id, 3);
                                assert_true(kt_uuid_equal(&facts.first_voter_directory, &id));
                        }
                }
                assert_int_equal(test_tree_teardown(state), 0);
        }
}

static void test_format_dir__modes(void **state)
{
        const struct kt_format format = format_of("4.3", KT_QUORUM_FIRST_VOTER);
        const struct test_tree *tree = *state;
        struct kt_uuid id;

        assert_int_equal(kt_format_dir(tree->fd, &format, &id, NULL), 0);
        assert_int_equal(mode_of(tree, KT_META_FILE), 0644);
        assert_int_equal(mode_of(tree, KT_CHECKPOINT_BOOTSTRAP), 0644);
        assert_int_equal(mode_of(tree, SNAPSHOT), 0400);
        assert_int_equal(mode_of(tree, KT_CHECKPOINT_METADATA_DIR) & 0700, 0700);
}

static void test_format_dir__the_owner_gets_all_of_it(void **state)
{
        static const char *const paths[] = { KT_META_FILE, KT_CHECKPOINT_BOOTSTRAP, KT_CHECKPOINT_METADATA_DIR,
                                             SNAPSHOT };
        struct kt_format format = format_of("4.3", KT_QUORUM_FIRST_VOTER);
        const struct test_tree *tree = *state;
        struct kt_uuid id;

        if (geteuid() != 0) {
                print_message("# skipped: not root\n");
                skip();
        }
        format.owner = (struct kt_owner){ .uid = 1000, .gid = 1001 };
        assert_int_equal(kt_format_dir(tree->fd, &format, &id, NULL), 0);
        for (size_t i = 0; i < KT_COUNT(paths); i++) {
                struct stat st;

                assert_int_equal(fstatat(tree->fd, paths[i], &st, AT_SYMLINK_NOFOLLOW), 0);
                assert_int_equal(st.st_uid, 1000);
                assert_int_equal(st.st_gid, 1001);
        }
}

static void test_format_dir__finishes_what_was_cut_short(void **state)
{
        static const struct {
                const char *left[4];
                const char *why;
        } rows[] = {
                { { KT_CHECKPOINT_BOOTSTRAP }, "killed after the first file" },
                { { KT_CHECKPOINT_BOOTSTRAP, KT_CHECKPOINT_METADATA_DIR "/x" }, "killed after the folder" },
                { { KT_CHECKPOINT_BOOTSTRAP, SNAPSHOT }, "killed before the last file" },
                { { ".meta.properties.k8skafka-tmp", SNAPSHOT, KT_CHECKPOINT_BOOTSTRAP }, "killed before the rename" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_format format = format_of("4.3", KT_QUORUM_FIRST_VOTER);
                struct kt_checkpoint_facts facts;
                struct test_tree *tree;
                struct kt_uuid id;

                assert_int_equal(test_tree_setup(state), 0);
                tree = *state;
                for (size_t f = 0; f < KT_COUNT(rows[i].left) && rows[i].left[f]; f++)
                        test_write(tree, rows[i].left[f], "torn");
                if (kt_format_dir(tree->fd, &format, &id, NULL) != 0)
                        fail_msg("%s", rows[i].why);
                facts = read_checkpoint(tree, SNAPSHOT);
                assert_true(kt_uuid_equal(&facts.first_voter_directory, &id));
                assert_int_equal(read_checkpoint(tree, KT_CHECKPOINT_BOOTSTRAP).metadata_version, 30);
                expect_directory_id(tree, &id);
                assert_false(is_there(tree, ".meta.properties.k8skafka-tmp"));
                assert_int_equal(test_tree_teardown(state), 0);
        }
}

static void make_file(const struct test_tree *tree)
{
        test_write(tree, KT_META_FILE, "x");
}

static void make_folder(const struct test_tree *tree)
{
        test_mkdir(tree, KT_META_FILE);
}

static void make_dangling_link(const struct test_tree *tree)
{
        test_symlink(tree, "nothing", KT_META_FILE);
}

static void test_format_dir__refuses_whatever_is_called_meta_properties(void **state)
{
        static void (*const rows[])(const struct test_tree *tree) = { make_file, make_folder, make_dangling_link };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_format format = format_of("4.3", KT_QUORUM_FIRST_VOTER);
                struct kt_err e = { 0 };
                struct test_tree *tree;
                struct kt_uuid id;

                assert_int_equal(test_tree_setup(state), 0);
                tree = *state;
                rows[i](tree);
                assert_int_equal(kt_format_dir(tree->fd, &format, &id, &e), -EEXIST);
                assert_false(is_there(tree, KT_CHECKPOINT_BOOTSTRAP));
                assert_false(is_there(tree, KT_CHECKPOINT_METADATA_DIR));
                assert_int_equal(test_tree_teardown(state), 0);
        }
}

static void test_format_dir__refuses_a_second_time_and_keeps_the_id(void **state)
{
        const struct kt_format format = format_of("4.4", KT_QUORUM_FIRST_VOTER);
        const struct test_tree *tree = *state;
        struct kt_uuid first;
        struct kt_uuid second = { .bytes = { 1 } };

        assert_int_equal(kt_format_dir(tree->fd, &format, &first, NULL), 0);
        assert_int_equal(kt_format_dir(tree->fd, &format, &second, NULL), -EEXIST);
        assert_int_equal(second.bytes[0], 1);
        expect_directory_id(tree, &first);
}

static void test_format_dir__follows_no_link(void **state)
{
        const struct kt_format format = format_of("4.3", KT_QUORUM_FIRST_VOTER);
        const struct test_tree *tree = *state;
        KT_AUTO_FD int fd = -1;
        struct kt_uuid id;

        test_mkdir(tree, "elsewhere");
        test_symlink(tree, "../elsewhere", "log/" KT_CHECKPOINT_METADATA_DIR);
        test_symlink(tree, "../elsewhere/bootstrap", "log/" KT_CHECKPOINT_BOOTSTRAP);
        fd = openat(tree->fd, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(kt_format_dir(fd, &format, &id, NULL) < 0);
        assert_false(is_there(tree, "elsewhere/" KT_CHECKPOINT_FIRST));
        assert_false(is_there(tree, "elsewhere/bootstrap"));
        assert_false(is_there(tree, "log/" KT_META_FILE));
}

static void test_format_dir__a_cluster_id_that_is_too_long(void **state)
{
        struct kt_format format = format_of("4.3", KT_QUORUM_NONE);
        const struct test_tree *tree = *state;
        char cluster[KT_META_CLUSTER_ID_MAX + 1];
        struct kt_uuid id;

        memset(cluster, 'c', sizeof(cluster) - 1);
        cluster[sizeof(cluster) - 1] = '\0';
        format.cluster_id = cluster;
        assert_int_equal(kt_format_dir(tree->fd, &format, &id, NULL), -EINVAL);
        assert_false(is_there(tree, KT_META_FILE));
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

static void test_format_dir__several_first_voters_know_each_other(void **state)
{
        struct kt_format format = format_of("4.3", KT_QUORUM_FIRST_VOTER);
        const struct test_tree *tree = *state;
        struct kt_checkpoint_facts facts;
        struct kt_uuid expected;
        struct kt_uuid first;
        struct kt_uuid id;

        format.voters = several;
        format.voter_count = KT_COUNT(several);
        kt_uuid_derive(CLUSTER, 3, &expected);
        kt_uuid_derive(CLUSTER, 2, &first);
        assert_int_equal(kt_format_dir(tree->fd, &format, &id, NULL), 0);
        assert_true(kt_uuid_equal(&id, &expected));

        facts = read_checkpoint(tree, SNAPSHOT);
        assert_int_equal(facts.voter_count, 3);
        assert_int_equal(facts.first_voter_id, 2);
        assert_true(kt_uuid_equal(&facts.first_voter_directory, &first));
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_format_dir__several_first_voters_know_each_other, test_tree_setup,
                                        test_tree_teardown),
        cmocka_unit_test(test_format_dir__files_of_each_version_and_quorum),
        WITH_TREE(test_format_dir__modes),
        WITH_TREE(test_format_dir__the_owner_gets_all_of_it),
        cmocka_unit_test(test_format_dir__finishes_what_was_cut_short),
        cmocka_unit_test(test_format_dir__refuses_whatever_is_called_meta_properties),
        WITH_TREE(test_format_dir__refuses_a_second_time_and_keeps_the_id),
        WITH_TREE(test_format_dir__follows_no_link),
        WITH_TREE(test_format_dir__a_cluster_id_that_is_too_long),
};

int main(void)
{
        return TEST_MAIN(tests);
}
