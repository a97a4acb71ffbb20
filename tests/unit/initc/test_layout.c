/* SPDX-License-Identifier: Apache-2.0 */
/* Which folder of each volume is the log dir: given by the user, found, or new. */
#include "initc/layout.h"

#include "tests/unit/initc/volume_tree.h"

static const char *const two_volumes[] = { "/data-0", "/data-1", NULL };

#define TWO_MOUNTS VT_ROOT_MOUNT "2 1 8:16 / /data-0 rw - xfs /dev/sdb rw\n3 1 8:17 / /data-1 rw - xfs /dev/sdc rw\n"

static void give(struct volume_tree *vt, const char *key, const char *value)
{
        assert_int_equal(kt_properties_set(&vt->properties, key, value, "kafka.yaml:7:5"), 0);
}

/* ---- log.dirs of the user ---- */

static void test_choose__given(void **state)
{
        static const struct {
                const char *value;
                const char *id; /* of the error; "": none */
                const char *paths[3];
                const char *why;
        } rows[] = {
                { "/data-0/kafka", "", { "/data-0/kafka" }, "one" },
                { "/data-1/b,/data-0/a", "", { "/data-1/b", "/data-0/a" }, "their order is the user's" },
                { "/data-0/a/b", "", { "/data-0/a/b" }, "nested" },
                { "/data-0", "", { "/data-0" }, "the mount itself" },
                { " /data-0/a , /data-1/b ", "", { "/data-0/a", "/data-1/b" }, "blanks around" },
                { "/data-0/my dir", "", { "/data-0/my dir" }, "a blank within" },
                { "/data-0/a/", "", { "/data-0/a" }, "a slash at the end" },
                { "/data-0//a/./b", "", { "/data-0/a/b" }, "empty and dot components" },
                { "/data-0/a,,/data-1/b,", "", { "/data-0/a", "/data-1/b" }, "empty elements" },
                { "/data-0/..a", "", { "/data-0/..a" }, "dots within a name" },
                { "/tmp/kafka-logs", "log-dir-beside-volume", { NULL }, "elsewhere" },
                { "/data-0x/a", "log-dir-beside-volume", { NULL }, "only the same letters" },
                { "/data", "log-dir-beside-volume", { NULL }, "above a volume" },
                { "data-0/a", "log-dir-beside-volume", { NULL }, "not absolute" },
                { "/data-0/../etc", "log-dir-beside-volume", { NULL }, "out of the volume" },
                { "/data-0/a/..", "log-dir-beside-volume", { NULL }, "no way back" },
                { "/data-0/a,/tmp/b", "log-dir-beside-volume", { "/data-0/a" }, "one of two" },
                { "/data-0/a,/data-0/a/", "log-dir-twice", { "/data-0/a" }, "the same twice" },
                { "/data-0/a,/data-0/a/b", "log-dir-twice", { "/data-0/a" }, "one in the other" },
                { "/data-0/a/b,/data-0/a", "log-dir-twice", { "/data-0/a/b" }, "one around the other" },
                { "/data-0/a,/data-0", "log-dir-twice", { "/data-0/a" }, "the mount around it" },
                { "/data-0/a,/data-0/ab", "", { "/data-0/a", "/data-0/ab" }, "only the same letters" },
                { "", "log-dir-none", { NULL }, "empty" },
                { " , ", "log-dir-none", { NULL }, "nothing but a comma" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;
                size_t count = 0;

                vt_init(&vt);
                vt_mount(&vt, TWO_MOUNTS, two_volumes);
                give(&vt, "log.dirs", rows[i].value);
                vt_choose(&vt);
                vt_expect_only(&vt.findings, rows[i].id, rows[i].why);
                for (; rows[i].paths[count]; count++)
                        if (count >= vt.layout.count || strcmp(vt.layout.items[count].path, rows[i].paths[count]) != 0)
                                fail_msg("%s: no %s", rows[i].why, rows[i].paths[count]);
                if (vt.layout.count != count || !vt.layout.is_given)
                        fail_msg("%s: %zu log dirs", rows[i].why, vt.layout.count);
                vt_done(&vt);
        }
}

static void test_choose__log_dirs_before_log_dir(void **state)
{
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        give(&vt, "log.dir", "/data/single");
        vt_choose(&vt);
        assert_string_equal(vt.layout.items[0].path, "/data/single");
        vt_forget(&vt);

        give(&vt, "log.dirs", "/data/list");
        vt_choose(&vt);
        assert_int_equal(vt.layout.count, 1);
        assert_string_equal(vt.layout.items[0].path, "/data/list");
        vt_done(&vt);
}

static void test_choose__given_errors_say_where(void **state)
{
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        give(&vt, "log.dir", "/tmp/kafka-logs");
        vt_choose(&vt);
        assert_int_equal(vt.findings.items[0].level, KT_LEVEL_ERROR);
        assert_string_equal(vt.findings.items[0].source, "kafka.yaml:7:5");
        assert_string_equal(vt.findings.items[0].key, "log.dir");
        assert_non_null(strstr(vt.findings.items[0].message, "/tmp/kafka-logs"));
        vt_done(&vt);
}

/* ---- our own choice ---- */

static void empty(struct volume_tree *vt)
{
        (void)vt; /* nothing on it */
}

static void ours_empty(struct volume_tree *vt)
{
        test_mkdir(vt->tree, "data/kafka-log0");
}

static void ours_used(struct volume_tree *vt)
{
        vt_used(vt, "data/kafka-log0", 0);
}

static void legacy_root(struct volume_tree *vt)
{
        vt_used(vt, "data", 0);
}

static void legacy_folder(struct volume_tree *vt)
{
        vt_used(vt, "data/topics", 0);
}

static void partitions_at_root(struct volume_tree *vt)
{
        test_mkdir(vt->tree, "data/t-0");
}

static void of_other_node(struct volume_tree *vt)
{
        vt_used(vt, "data/kafka-log2", 2);
}

static void of_other_node_and_ours_elsewhere(struct volume_tree *vt)
{
        of_other_node(vt);
        legacy_folder(vt);
}

static void ours_empty_beside_legacy(struct volume_tree *vt)
{
        ours_empty(vt);
        legacy_folder(vt);
}

static void ours_empty_beside_partitions(struct volume_tree *vt)
{
        ours_empty(vt);
        partitions_at_root(vt);
}

static void ours_used_beside_legacy(struct volume_tree *vt)
{
        ours_used(vt);
        legacy_folder(vt);
}

static void another_folder(struct volume_tree *vt)
{
        test_mkdir(vt->tree, "data/lost+found");
        test_mkdir(vt->tree, "data/backup");
}

static void test_choose__ours(void **state)
{
        static const struct {
                void (*arrange)(struct volume_tree *vt);
                const char *expect;
                const char *why;
        } rows[] = {
                { empty, "/data/kafka-log0", "a new one" },
                { another_folder, "/data/kafka-log0", "what is no log dir does not count" },
                { ours_empty, "/data/kafka-log0", "made by an earlier run" },
                { ours_used, "/data/kafka-log0", "as before" },
                { legacy_root, "/data", "the mount itself was the log dir" },
                { legacy_folder, "/data/topics", "another image's folder" },
                { partitions_at_root, "/data", "partitions without a meta.properties: to be refused, not passed over" },
                { of_other_node, "/data/kafka-log2", "another node's: to be refused, not passed over" },
                { of_other_node_and_ours_elsewhere, "/data/topics", "our id comes first" },
                { ours_empty_beside_legacy, "/data/topics", "an empty folder must not hide the node's data" },
                { ours_empty_beside_partitions, "/data", "nor partitions" },
                { ours_used_beside_legacy, "/data/kafka-log0", "two formatted: the name decides" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;

                vt_init(&vt);
                rows[i].arrange(&vt);
                vt_choose(&vt);
                assert_int_equal(vt.findings.count, 0);
                assert_int_equal(vt.layout.count, 1);
                assert_false(vt.layout.is_given);
                if (strcmp(vt.layout.items[0].path, rows[i].expect) != 0)
                        fail_msg("%s: %s", rows[i].why, vt.layout.items[0].path);
                vt_done(&vt);
        }
}

static void test_choose__one_per_volume_in_the_specs_order(void **state)
{
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        vt_mount(&vt, TWO_MOUNTS, two_volumes);
        vt.identity.node_id = 103;
        vt_choose(&vt);
        assert_int_equal(vt.layout.count, 2);
        assert_string_equal(vt.layout.items[0].path, "/data-0/kafka-log103");
        assert_string_equal(vt.layout.items[1].path, "/data-1/kafka-log103");
        assert_false(kt_layout_log_dir(&vt.layout.items[0])->exists);
        assert_ptr_equal(vt.layout.items[1].volume, &vt.volumes.items[1]);
        vt_done(&vt);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choose__given),
        cmocka_unit_test(test_choose__log_dirs_before_log_dir),
        cmocka_unit_test(test_choose__given_errors_say_where),
        cmocka_unit_test(test_choose__ours),
        cmocka_unit_test(test_choose__one_per_volume_in_the_specs_order),
};

int main(void)
{
        return TEST_MAIN(tests);
}
