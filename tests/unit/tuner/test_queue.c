/* SPDX-License-Identifier: Apache-2.0 */
/* Queues and mounts: what the rows about block devices read of captured nodes, and what a write touches. */
#include "tuner/queue.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tuner/backend.h"

#define NODES "tests/fixtures/sysroots/"
#define PV                                                                                      \
        "/var/lib/kubelet/pods/11111111-2222-3333-4444-555555555555/volumes/kubernetes.io~csi/" \
        "pvc-aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/mount"

struct node {
        struct kt_root root;
        struct kt_queues queues;
        struct kt_tuner_facts facts;
};

static void node_done(struct node *node)
{
        kt_queues_done(&node->queues);
        kt_root_done(&node->root);
}

static void node_open(struct node *node, const char *path, const char *device)
{
        const struct kt_spec_texts none = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(path, &node->root, &e), 0);
        assert_int_equal(kt_queues_load(&node->root, device, &none, &node->queues, &e), 0);
        node->facts = (struct kt_tuner_facts){ .root = &node->root, .queues = &node->queues };
}

/* "vda scheduler=none; vdb scheduler=none": every object of the row. */
static void describe(struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        size_t count = kt_tuner_facts_count(facts, row);

        for (facts->place = 0; facts->place < count; facts->place++) {
                struct kt_err e = { 0 };

                kt_str_add(out, facts->place > 0 ? "; " : "");
                kt_tuner_facts_object(facts, row, out);
                kt_str_add(out, "=");
                if (kt_tuner_facts_read(facts, row, out, &e) < 0)
                        kt_str_addf(out, "(%s)", e.text);
        }
        facts->place = 0;
}

static void test_read__captured_nodes(void **state)
{
        static const struct {
                const char *node;
                const char *device;
                const char *id;
                const char *expect;
        } rows[] = {
                { "virtio-part", PV, "queue.scheduler", "vda scheduler=none" },
                { "virtio-part", PV, "queue.io_timeout", "vda io_timeout=unlimited" },
                { "virtio-part", "vda1", "mount.filesystem", "vda filesystem=ext4" },
                { "virtio-part", "vda", "mount.filesystem", "filesystem=(no filesystem of these devices is mounted)" },
                { "nvme", PV, "queue.io_timeout", "nvme0n1 io_timeout=30000" },
                { "nvme", PV, "queue.nr_requests", "nvme0n1 nr_requests=1023" },
                { "nvme-multipath", PV, "queue.read_ahead_kb", "nvme0n1 read_ahead_kb=128" },
                { "nvme-multipath", PV, "queue.wbt_lat_usec",
                  "nvme0c0n1 wbt_lat_usec=2000; nvme0c1n1 wbt_lat_usec=2000" },
                { "nvme-multipath", PV, "queue.scheduler", "nvme0c0n1 scheduler=none; nvme0c1n1 scheduler=none" },
                { "dm-linear", PV, "queue.read_ahead_kb", "dm-0 read_ahead_kb=128" },
                { "dm-linear", PV, "queue.write_cache", "vda write_cache=back; vdb write_cache=back" },
                { "dm-linear", PV, "mount.atime", "dm-0 atime=relatime" },
                { "dm-linear", PV, "mount.discard", "dm-0 discard=nodiscard" },
                { "md-raid0", PV, "queue.read_ahead_kb", "md0 read_ahead_kb=2048" },
                { "md-raid0", PV, "queue.iostats", "vda iostats=1; vdb iostats=1" },
                { "virtio-scsi", PV, "queue.io_timeout", "sda io_timeout=30000" },
                { "dm-multipath", PV, "queue.scheduler", "dm-0 scheduler=mq-deadline" },
                { "dm-multipath", PV, "queue.read_ahead_kb", "dm-0 read_ahead_kb=128" },
                { "dm-multipath", PV, "queue.io_timeout", "sda io_timeout=30000; sdb io_timeout=30000" },
                { "loop", PV, "queue.nr_requests", "loop0 nr_requests=128" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(node_done) struct node node = { 0 };
                KT_AUTO_STR struct kt_str path = { 0 };
                KT_AUTO_STR struct kt_str text = { 0 };

                kt_str_addf(&path, NODES "%s", rows[i].node);
                node_open(&node, kt_str_get(&path), rows[i].device);
                describe(&node.facts, kt_row_find(rows[i].id, NULL), &text);
                assert_string_equal(kt_str_get(&text), rows[i].expect);
        }
}

/* ---- A node that can be written to ---- */

static void make_node(const struct test_tree *tree)
{
        test_write(tree, "sys/devices/vda/dev", "254:0\n");
        test_write(tree, "sys/devices/vda/diskseq", "7\n");
        test_write(tree, "sys/devices/vda/serial", "kafka0");
        test_write(tree, "sys/devices/vda/mq/0/nr_tags", "256\n");
        test_write(tree, "sys/devices/vda/queue/scheduler", "none mq-deadline [bfq]\n");
        test_write(tree, "sys/devices/vda/queue/nr_requests", "200\n");
        test_write(tree, "sys/devices/vda/queue/wbt_lat_usec", "");
        test_write(tree, "sys/devices/vda/queue/read_ahead_kb", "128\n");
        test_write(tree, "sys/devices/vda/queue/write_cache", "write through\n");
        test_write(tree, "sys/devices/brd/queue/scheduler", "none\n");
        test_symlink(tree, "../../devices/vda", "sys/class/block/vda");
        test_symlink(tree, "../../devices/brd", "sys/class/block/brd");
        test_symlink(tree, "../../devices/vda", "sys/dev/block/254:0");
        test_write(tree, "proc/self/mountinfo",
                   "30 1 254:0 / /data rw,noatime - xfs /dev/vda rw,discard\n"
                   "31 1 254:0 /a /data/a rw - xfs /dev/vda rw\n"
                   "32 1 0:33 / /tmp rw - tmpfs tmpfs rw\n");
}

static void test_read__made_node(void **state)
{
        static const struct {
                const char *id;
                const char *expect;
        } rows[] = {
                { "queue.scheduler", "vda scheduler=bfq" },
                { "queue.write_cache", "vda write_cache=through" },
                { "queue.wbt_lat_usec", "vda wbt_lat_usec=(vda has no value for wbt_lat_usec)" },
                { "queue.iostats", "vda iostats=(/sys/class/block/vda/queue/iostats is not there)" },
                { "mount.atime", "vda atime=noatime" },
                { "mount.discard", "vda discard=discard" },
        };
        const struct test_tree *tree = *state;
        KT_AUTO(node_done) struct node node = { 0 };

        make_node(tree);
        node_open(&node, tree->path, "/data");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str text = { 0 };

                describe(&node.facts, kt_row_find(rows[i].id, NULL), &text);
                assert_string_equal(kt_str_get(&text), rows[i].expect);
        }
}

/* Without a volume there is nothing to count, and a device without a scheduler has one object that is unsupported. */
static void test_count__no_devices(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_row *scheduler = kt_row_find("queue.scheduler", NULL);
        const struct kt_row *atime = kt_row_find("mount.atime", NULL);
        struct kt_tuner_facts none = { .root = NULL };
        KT_AUTO(node_done) struct node node = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };

        make_node(tree);
        assert_int_equal(kt_tuner_facts_count(&none, scheduler), 0);
        assert_int_equal(kt_tuner_facts_count(&none, atime), 0);
        node_open(&node, tree->path, "brd");
        describe(&node.facts, scheduler, &text);
        assert_string_equal(kt_str_get(&text), "scheduler=(no device here has scheduler)");
}

static void test_load__volumes_that_are_mounted(void **state)
{
        char first[] = "/data";
        char second[] = "/data/a";
        char third[] = "/elsewhere";
        char *items[] = { first, second, third };
        const struct kt_spec_texts volumes = { .items = items, .count = KT_COUNT(items) };
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_queues_done) struct kt_queues queues = { 0 };
        struct kt_err e = { 0 };

        make_node(tree);
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_queues_load(&root, NULL, &volumes, &queues, &e), 0);
        assert_int_equal(queues.count, 2);
        assert_int_equal(queues.device_count, 1);
}

static void test_load__failures(void **state)
{
        char tmp[] = "/tmp";
        char *items[] = { tmp };
        const struct kt_spec_texts volumes = { .items = items, .count = KT_COUNT(items) };
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        {
                KT_AUTO(kt_queues_done) struct kt_queues queues = { 0 };

                assert_int_equal(kt_queues_load(&root, "vda", &volumes, &queues, &e), -ENOENT);
                assert_non_null(strstr(e.text, "mountinfo"));
        }
        make_node(tree);
        kt_err_clear(&e);
        {
                KT_AUTO(kt_queues_done) struct kt_queues queues = { 0 };

                assert_int_equal(kt_queues_load(&root, NULL, &volumes, &queues, &e), -ENOTBLK);
                assert_non_null(strstr(e.text, "tmpfs"));
        }
}

static void expect_file(const struct test_tree *tree, const char *path, const char *text)
{
        KT_AUTO_FREE char *have = test_read(tree, path);

        assert_string_equal(have, text);
}

static void remove_file(const struct test_tree *tree, const char *path)
{
        KT_AUTO_FREE char *full = test_path(tree, path);

        assert_int_equal(unlink(full), 0);
}

/* A captured machine may come from anybody, and its names end up in commands and in a script. */
static void test_load__refuses_names_that_no_disk_has(void **state)
{
        static const struct {
                const char *name;
                int code;
        } rows[] = {
                { "cciss!c0d0p1.x_y-z", 0 }, { "vda vdb", -EBADMSG }, { "$(id)", -EBADMSG },
                { "vda;id", -EBADMSG },      { "\x1b[2J", -EBADMSG }, { "vda\nid", -EBADMSG },
        };
        const struct kt_spec_texts none = { 0 };

        make_node(*state);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(node_done) struct node node = { .root = { .fd = -1 } };
                KT_AUTO_FREE char *scheduler = kt_str_make("sys/devices/%s/queue/scheduler", rows[i].name);
                KT_AUTO_FREE char *link = kt_str_make("sys/class/block/%s", rows[i].name);
                KT_AUTO_FREE char *target = kt_str_make("../../devices/%s", rows[i].name);
                struct kt_err e = { 0 };

                test_write(*state, scheduler, "none\n");
                test_symlink(*state, target, link);
                assert_int_equal(kt_root_open(((struct test_tree *)*state)->path, &node.root, &e), 0);
                assert_int_equal(kt_queues_load(&node.root, rows[i].name, &none, &node.queues, &e), rows[i].code);
                assert_int_equal(node.queues.count, rows[i].code == 0);
        }
}

static void test_is_reset__the_kernels_own_numbers(void **state)
{
        static const struct {
                const char *depth;
                const char *value;
                bool expect;
        } rows[] = {
                { "256\n", "256", true },  { "256\n", "512", false },  { "256\n", "200", false },
                { "64\n", "128", true },   { "64\n", "64", true },     { "64\n", "256", false },
                { "1023\n", "256", true }, { "many\n", "256", false }, { "256\n", "many", false },
        };
        const struct kt_row *row = kt_row_find("queue.nr_requests", NULL);
        const struct test_tree *tree = *state;
        KT_AUTO(node_done) struct node node = { 0 };

        make_node(tree);
        node_open(&node, tree->path, "/data");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                test_write(tree, "sys/devices/vda/mq/0/nr_tags", rows[i].depth);
                assert_int_equal(kt_backend_of(row)->is_reset(&node.facts, row, rows[i].value), rows[i].expect);
        }
        remove_file(tree, "sys/devices/vda/mq/0/nr_tags");
        assert_false(kt_backend_of(row)->is_reset(&node.facts, row, "256"));
}

/* Between the look and the write another disk took the name. */
static void test_write__refuses_a_disk_that_was_swapped(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_row *row = kt_row_find("queue.read_ahead_kb", NULL);
        KT_AUTO(node_done) struct node node = { 0 };
        struct kt_err e = { 0 };

        make_node(tree);
        node_open(&node, tree->path, "/data");
        test_write(tree, "sys/devices/vda/diskseq", "8\n");
        assert_int_equal(kt_backend_of(row)->write(&node.facts, row, "256", &e), -ESRCH);
        assert_non_null(strstr(e.text, "another disk"));
        expect_file(tree, "sys/devices/vda/queue/read_ahead_kb", "128\n");
}

static void test_write__a_mount_is_never_changed(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_row *row = kt_row_find("mount.atime", NULL);
        KT_AUTO(node_done) struct node node = { 0 };
        struct kt_err e = { 0 };

        make_node(tree);
        node_open(&node, tree->path, "/data");
        assert_int_equal(kt_backend_of(row)->write(&node.facts, row, "noatime", &e), -EOPNOTSUPP);
}

/* A journal knows the identity only: revert names no device. */
static void test_locate__finds_the_disk_again(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_row *row = kt_row_find("queue.read_ahead_kb", NULL);
        KT_AUTO(node_done) struct node node = { 0 };
        KT_AUTO_STR struct kt_str identity = { 0 };
        KT_AUTO_STR struct kt_str again = { 0 };
        KT_AUTO_STR struct kt_str object = { 0 };
        struct kt_tuner_facts found = { .root = NULL };
        struct kt_err e = { 0 };

        make_node(tree);
        node_open(&node, tree->path, "/data");
        assert_int_equal(kt_tuner_facts_identify(&node.facts, row, &identity, &e), 0);
        assert_string_equal(kt_str_get(&identity), "diskseq:7 serial:kafka0");

        found.root = &node.root;
        assert_int_equal(kt_tuner_facts_locate(kt_str_get(&identity), row, &found, &e), 0);
        kt_tuner_facts_object(&found, row, &object);
        assert_string_equal(kt_str_get(&object), "vda read_ahead_kb");
        assert_int_equal(kt_tuner_facts_identify(&found, row, &again, &e), 0);
        assert_string_equal(kt_str_get(&again), kt_str_get(&identity));
        assert_int_equal(kt_backend_of(row)->write(&found, row, "256", &e), 0);
        expect_file(tree, "sys/devices/vda/queue/read_ahead_kb", "256");

        test_write(tree, "sys/devices/vda/diskseq", "8\n");
        assert_int_equal(kt_tuner_facts_locate(kt_str_get(&identity), row, &found, &e), -ESRCH);
}

static void test_command__names_the_file(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_row *row = kt_row_find("queue.read_ahead_kb", NULL);
        const struct kt_row *mount = kt_row_find("mount.atime", NULL);
        KT_AUTO(node_done) struct node node = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };

        make_node(tree);
        node_open(&node, tree->path, "/data");
        kt_tuner_facts_command(&node.facts, row, "1024", &text);
        assert_string_equal(kt_str_get(&text), "echo 1024 >/sys/class/block/vda/queue/read_ahead_kb");
        kt_str_clear(&text);
        kt_tuner_facts_command(&node.facts, mount, "noatime", &text);
        assert_non_null(strstr(kt_str_get(&text), "StorageClass"));
}

static void test_wished__only_rows_about_devices(void **state)
{
        struct kt_wish item = { .row = kt_row_find("vm.swappiness", NULL) };
        const struct kt_wishes wishes = { .items = &item, .count = 1 };

        (void)state; /* no tree needed */
        assert_false(kt_queues_are_wished(&wishes));
        item.row = kt_row_find("mount.atime", NULL);
        assert_true(kt_queues_are_wished(&wishes));
}

#define TREE_TEST(function) cmocka_unit_test_setup_teardown(function, test_tree_setup, test_tree_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read__captured_nodes),
                TREE_TEST(test_read__made_node),
                TREE_TEST(test_count__no_devices),
                TREE_TEST(test_load__volumes_that_are_mounted),
                TREE_TEST(test_load__refuses_names_that_no_disk_has),
                TREE_TEST(test_load__failures),
                TREE_TEST(test_is_reset__the_kernels_own_numbers),
                TREE_TEST(test_write__refuses_a_disk_that_was_swapped),
                TREE_TEST(test_write__a_mount_is_never_changed),
                TREE_TEST(test_locate__finds_the_disk_again),
                TREE_TEST(test_command__names_the_file),
                cmocka_unit_test(test_wished__only_rows_about_devices),
        };

        return TEST_MAIN(tests);
}
