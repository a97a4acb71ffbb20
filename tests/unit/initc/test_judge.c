/* SPDX-License-Identifier: Apache-2.0 */
/* The judge: each rule by a tree that breaks it alone, and trees that break none. */
#include "initc/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/initc/volume_tree.h"

#define UUID_A "JEXY6aqPQY-7YRM25tYMOA"
#define UUID_B "MkU3OEVBNTcwNTJENDM2Qg"

static const char *const two_volumes[] = { "/data-0", "/data-1", NULL };

#define TWO_MOUNTS VT_ROOT_MOUNT "2 1 8:16 / /data-0 rw - xfs /dev/sdb rw\n3 1 8:17 / /data-1 rw - xfs /dev/sdc rw\n"

/* ---- trees, before the facts are read ---- */

static void nothing(struct volume_tree *vt)
{
        (void)vt; /* the usual node: an empty volume */
}

static void used(struct volume_tree *vt)
{
        vt_used(vt, "data/kafka-log0", 0);
}

static void volume_missing(struct volume_tree *vt)
{
        assert_int_equal(unlinkat(vt->tree->fd, "data", AT_REMOVEDIR), 0);
}

static void no_mount(struct volume_tree *vt)
{
        test_write(vt->tree, "proc/self/mountinfo", "1 0 8:1 / / rw - xfs /dev/sda rw\n");
}

static void tmpfs(struct volume_tree *vt)
{
        test_write(vt->tree, "proc/self/mountinfo", VT_ROOT_MOUNT "2 1 0:5 / /data rw - tmpfs tmpfs rw\n");
}

static void tmpfs_allowed(struct volume_tree *vt)
{
        tmpfs(vt);
        vt->spec.storage.ephemeral = true;
}

static void nfs(struct volume_tree *vt)
{
        test_write(vt->tree, "proc/self/mountinfo", VT_ROOT_MOUNT "2 1 0:5 / /data rw - nfs4 host:/x rw\n");
}

static void read_only(struct volume_tree *vt)
{
        test_write(vt->tree, "proc/self/mountinfo", VT_ROOT_MOUNT "2 1 8:16 / /data ro - xfs /dev/sdb rw\n");
}

static void meta_garbage(struct volume_tree *vt)
{
        used(vt);
        test_write(vt->tree, "data/kafka-log0/meta.properties", "version=1\nnode.id=x\n");
}

static void meta_link(struct volume_tree *vt)
{
        used(vt);
        assert_int_equal(unlinkat(vt->tree->fd, "data/kafka-log0/meta.properties", 0), 0);
        test_mkdir(vt->tree, "data/kafka-log0/meta.properties");
}

static void meta_empty(struct volume_tree *vt)
{
        used(vt);
        test_write(vt->tree, "data/kafka-log0/meta.properties", "");
}

static void log_dir_link(struct volume_tree *vt)
{
        test_mkdir(vt->tree, "elsewhere");
        test_symlink(vt->tree, "../elsewhere", "data/kafka-log0");
}

static void log_dir_file(struct volume_tree *vt)
{
        test_write(vt->tree, "data/kafka-log0", "x");
}

static void zookeeper_meta(struct volume_tree *vt)
{
        test_write(vt->tree, "data/kafka-log0/meta.properties", "version=0\nbroker.id=0\ncluster.id=" VT_CLUSTER "\n");
        test_mkdir(vt->tree, "data/kafka-log0/__cluster_metadata-0");
}

static void zookeeper_mode(struct volume_tree *vt)
{
        used(vt);
        vt->version = kt_kafka_version_find("3.9");
        vt->spec.kafka.roles = 0;
}

static void zookeeper_first_boot(struct volume_tree *vt)
{
        vt->version = kt_kafka_version_find("3.9");
        vt->spec.kafka.roles = 0;
        test_mkdir(vt->tree, "data/kafka-log0");
}

static void other_node(struct volume_tree *vt)
{
        vt_used(vt, "data/kafka-log2", 2);
}

static void other_cluster(struct volume_tree *vt)
{
        used(vt);
        vt_meta(vt, "data/kafka-log0", 0, "another", NULL);
}

static void neighbour(struct volume_tree *vt)
{
        used(vt);
        other_node(vt);
}

static void neighbour_of_new(struct volume_tree *vt)
{
        other_node(vt);
        assert_int_equal(kt_properties_set(&vt->properties, "log.dirs", "/data/new", NULL), 0);
}

static void partitions_only(struct volume_tree *vt)
{
        test_mkdir(vt->tree, "data/kafka-log0/t-0");
}

static void strays_only(struct volume_tree *vt)
{
        test_mkdir(vt->tree, "data/kafka-log0/t-0.d6c6f4e1a0f94d0a9e7d0c6b0f3b2a11-stray");
}

static void metadata_only(struct volume_tree *vt)
{
        test_write(vt->tree, "data/kafka-log0/__cluster_metadata-0/quorum-state", "{}");
}

static void files_only(struct volume_tree *vt)
{
        test_write(vt->tree, "data/kafka-log0/recovery-point-offset-checkpoint", "0\n0\n");
}

static void format_cut_short(struct volume_tree *vt)
{
        test_write(vt->tree, "data/kafka-log0/bootstrap.checkpoint", "x");
        test_write(vt->tree, "data/kafka-log0/.meta.properties.k8skafka-tmp", "x");
        test_write(vt->tree, "data/kafka-log0/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint", "x");
}

static void foreign(struct volume_tree *vt)
{
        used(vt);
        test_mkdir(vt->tree, "data/kafka-log0/backup");
}

static void lost_and_found(struct volume_tree *vt)
{
        vt_used(vt, "data", 0);
        test_mkdir(vt->tree, "data/lost+found");
}

static void link_inside(struct volume_tree *vt)
{
        used(vt);
        test_symlink(vt->tree, "/etc", "data/kafka-log0/t-0/link");
}

static void too_deep(struct volume_tree *vt)
{
        used(vt);
        test_write(vt->tree, "data/kafka-log0/t-0/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", "x");
}

static void format_never(struct volume_tree *vt)
{
        vt->spec.storage.format = KT_FORMAT_NEVER;
}

static void metadata_gone(struct volume_tree *vt)
{
        vt_meta(vt, "data/kafka-log0", 0, VT_CLUSTER, NULL);
}

static void metadata_elsewhere(struct volume_tree *vt)
{
        vt_mount(vt, TWO_MOUNTS, two_volumes);
        vt_used(vt, "data-0/kafka-log0", 0);
        vt_used(vt, "data-1/kafka-log0", 0);
}

/* ---- facts, after they were read ---- */

static void as_read(struct volume_tree *vt)
{
        (void)vt; /* nothing to change */
}

static void full(struct volume_tree *vt)
{
        vt->volumes.items[0].free_bytes = 1 << 20;
}

static void tight(struct volume_tree *vt)
{
        vt->volumes.items[0].free_bytes = UINT64_C(5) << 30;
}

static void few_files(struct volume_tree *vt)
{
        vt->volumes.items[0].free_files = 10;
}

static void much_work(struct volume_tree *vt)
{
        vt->spec.workload.is_given = true;
        vt->spec.workload.partitions = 1000000;
        vt->spec.workload.partition_size_bytes = UINT64_C(1) << 40;
}

static void powerless(struct volume_tree *vt)
{
        vt->judge.can_give = false;
        vt->judge.uid++;
}

static void powerless_beside_a_closed_volume(struct volume_tree *vt)
{
        vt->judge.can_give = false;
        vt->judge.can_enter = false;
        vt->volumes.items[0].st.st_mode = S_IFDIR | 0555;
}

static void meta_denied(struct volume_tree *vt)
{
        struct kt_log_dir *dir = kt_layout_log_dir(&vt->layout.items[0]);

        dir->is_meta_readable = false;
        dir->meta_errno = -EACCES;
}

static void powerless_owner(struct volume_tree *vt)
{
        vt->judge.can_give = false;
}

static void set_owner(struct volume_tree *vt)
{
        struct kt_log_dir *dir = kt_layout_log_dir(&vt->layout.items[0]);

        vt->judge.can_give = false;
        dir->by_entry[KT_ENTRY_FIXABLE].count = 3;
}

static void wrong_owner(struct volume_tree *vt)
{
        kt_layout_log_dir(&vt->layout.items[0])->by_entry[KT_ENTRY_FIXABLE].count = 3;
}

static void hard_link(struct volume_tree *vt)
{
        kt_layout_log_dir(&vt->layout.items[0])->by_entry[KT_ENTRY_HARD_LINK].count = 1;
}

static void closed_mount(struct volume_tree *vt)
{
        vt->volumes.items[0].st.st_mode = S_IFDIR | 0;
}

static void later_controller(struct volume_tree *vt)
{
        vt->identity.ordinal = 1; /* joins: no snapshot of its own */
}

#define OK      KT_VERDICT_OK
#define FIXABLE KT_VERDICT_FIXABLE
#define REFUSED KT_VERDICT_REFUSED

static void test_judge_dir__each_rule_alone(void **state)
{
        static const struct {
                void (*tree)(struct volume_tree *vt);
                void (*facts)(struct volume_tree *vt);
                const char *id; /* "": nothing to say */
                enum kt_verdict expect;
                const char *why;
        } rows[] = {
                { nothing, as_read, "", FIXABLE, "a first boot" },
                { used, as_read, "", OK, "as the broker left it" },
                { zookeeper_first_boot, as_read, "", OK, "ZooKeeper mode formats nothing" },
                { format_cut_short, as_read, "", FIXABLE, "formatting was killed" },
                { used, wrong_owner, "", FIXABLE, "to be given away" },
                { used, closed_mount, "", FIXABLE, "the way through the mount is made" },
                { nothing, powerless_owner, "", FIXABLE, "the owner itself may make its log dir" },
                { metadata_gone, later_controller, "", OK, "a controller that joins has no metadata log at first" },
                { volume_missing, as_read, "volume-missing", REFUSED, "no such path" },
                { no_mount, as_read, "not-a-mount", REFUSED, "a folder of the container" },
                { tmpfs, as_read, "filesystem", REFUSED, "memory" },
                { tmpfs_allowed, as_read, "filesystem", FIXABLE, "memory, on purpose" },
                { nfs, as_read, "filesystem", FIXABLE, "NFS is warned of" },
                { read_only, as_read, "read-only", REFUSED, "mounted read-only" },
                { nothing, full, "room", REFUSED, "too little for a first start" },
                { used, full, "room", OK, "a full disk of a running node is warned of" },
                { used, tight, "room", OK, "less than a tenth is free" },
                { used, few_files, "room", OK, "few inodes" },
                { used, much_work, "workload-size", OK, "the plan does not fit" },
                { meta_garbage, as_read, "meta-unreadable", REFUSED, "no node id" },
                { meta_empty, as_read, "meta-unreadable", REFUSED, "torn by a power cut" },
                { zookeeper_meta, as_read, "wrong-mode", REFUSED, "ZooKeeper's log dir, KRaft asked for" },
                { zookeeper_mode, as_read, "wrong-mode", REFUSED, "KRaft's log dir, ZooKeeper asked for" },
                { other_node, as_read, "wrong-node", REFUSED, "swapped claims" },
                { other_cluster, as_read, "wrong-cluster", REFUSED, "a claim of another cluster" },
                { neighbour, as_read, "other-node", OK, "another node's folder beside ours" },
                { neighbour_of_new, as_read, "other-node", REFUSED, "another node's folder, and nothing of ours" },
                { partitions_only, as_read, "data-without-meta", REFUSED, "partitions of nobody" },
                { metadata_only, as_read, "data-without-meta", REFUSED, "a metadata log that was used" },
                { files_only, as_read, "data-without-meta", REFUSED, "a file that formatting does not make" },
                { strays_only, as_read, "data-without-meta", REFUSED, "stray partitions are data, too" },
                { foreign, as_read, "foreign-folder", REFUSED, "Kafka dies of it" },
                { lost_and_found, as_read, "foreign-folder", REFUSED, "at the mount itself" },
                { link_inside, as_read, "entry", OK, "a link hinders nobody" },
                { too_deep, as_read, "entry", REFUSED, "nested too deep" },
                { used, hard_link, "entry", REFUSED, "somebody's file under a second name" },
                { format_never, as_read, "format-never", REFUSED, "empty, and never to be formatted" },
                { metadata_gone, as_read, "metadata-log", REFUSED, "formatted, but the first voter's log is gone" },
                { used, set_owner, KT_JUDGE_NOT_PERMITTED, REFUSED, "may not give away" },
                { nothing, powerless, KT_JUDGE_NOT_PERMITTED, REFUSED, "what we make would not be the broker's" },
                { nothing, powerless_beside_a_closed_volume, KT_JUDGE_NOT_PERMITTED, REFUSED, "may not make a folder" },
                { used, meta_denied, KT_JUDGE_NOT_PERMITTED, REFUSED, "may not look" },
                { log_dir_link, as_read, "log-dir-unopened", REFUSED, "a link is never followed" },
                { log_dir_file, as_read, "log-dir-unopened", REFUSED, "a file in its place" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;
                enum kt_verdict verdict;

                vt_init(&vt);
                rows[i].tree(&vt);
                vt_choose(&vt);
                rows[i].facts(&vt);
                verdict = kt_judge_dir(&vt.judge, &vt.layout.items[0], &vt.findings);
                vt_expect_only(&vt.findings, rows[i].id, rows[i].why);
                if (verdict != rows[i].expect)
                        fail_msg("%s: %s", rows[i].why, kt_verdict_name(verdict));
                for (size_t f = 0; f < vt.findings.count; f++)
                        assert_string_equal(vt.findings.items[f].source, vt.layout.items[0].path);
                vt_done(&vt);
        }
}

static void test_judge_dir__a_folder_instead_of_meta_is_never_formatted(void **state)
{
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        meta_link(&vt);
        vt_choose(&vt);
        assert_int_equal(kt_judge_dir(&vt.judge, &vt.layout.items[0], &vt.findings), KT_VERDICT_REFUSED);
        assert_true(vt_has(&vt.findings, "meta-unreadable"));
        assert_false(kt_judge_needs_format(&vt.judge, &vt.layout.items[0]));
        vt_done(&vt);
}

static void test_judge_dir__what_cannot_be_opened_is_never_formatted(void **state)
{
        static void (*const rows[])(struct volume_tree * vt) = { log_dir_link, log_dir_file };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;

                vt_init(&vt);
                rows[i](&vt);
                vt_choose(&vt);
                assert_false(kt_judge_needs_format(&vt.judge, &vt.layout.items[0]));
                vt_done(&vt);
        }
}

static void test_judge_dir__metadata_on_the_wrong_volume(void **state)
{
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        metadata_elsewhere(&vt);
        vt_choose(&vt);
        assert_int_equal(kt_judge_dir(&vt.judge, &vt.layout.items[0], &vt.findings), KT_VERDICT_OK);
        assert_int_equal(vt.findings.count, 0);
        assert_int_equal(kt_judge_dir(&vt.judge, &vt.layout.items[1], &vt.findings), KT_VERDICT_REFUSED);
        vt_expect_only(&vt.findings, "metadata-log", "the second log dir holds a metadata log");
        vt_done(&vt);
}

static void test_judge_dir__swapped_claims_say_with_whom(void **state)
{
        struct volume_tree vt;

        (void)state; /* a tree of its own */
        vt_init(&vt);
        vt.spec.kafka.node_id_base = 100;
        vt.identity.node_id = 100;
        vt_used(&vt, "data/kafka-log102", 102);
        vt_choose(&vt);
        assert_int_equal(kt_judge_dir(&vt.judge, &vt.layout.items[0], &vt.findings), KT_VERDICT_REFUSED);
        assert_non_null(strstr(vt.findings.items[0].message, "node 102"));
        assert_non_null(strstr(vt.findings.items[0].next, "kafka-2"));
        vt_done(&vt);
}

static void test_judge_all__rows(void **state)
{
        static const struct {
                const char *ids[2]; /* directory ids; NULL: not formatted */
                const char *id;
                const char *why;
        } rows[] = {
                { { UUID_A, UUID_B }, "", "two of one node" },
                { { UUID_A, UUID_A }, "directory-id-twice", "a copied volume" },
                { { NULL, NULL }, "", "a first boot" },
                { { UUID_A, NULL }, "", "a volume was added" },
                { { NULL, UUID_A }, "metadata-volume-lost", "the first volume is empty, the second is not" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;

                vt_init(&vt);
                vt_mount(&vt, TWO_MOUNTS, two_volumes);
                if (rows[i].ids[0])
                        vt_meta(&vt, "data-0/kafka-log0", 0, VT_CLUSTER, rows[i].ids[0]);
                if (rows[i].ids[1])
                        vt_meta(&vt, "data-1/kafka-log0", 0, VT_CLUSTER, rows[i].ids[1]);
                vt_choose(&vt);
                kt_judge_all(&vt.judge, &vt.findings);
                vt_expect_only(&vt.findings, rows[i].id, rows[i].why);
                vt_done(&vt);
        }
}

static void test_judge_quorum__rows(void **state)
{
        static const struct {
                unsigned roles;
                uint32_t ordinal;
                bool has_static_voters;
                size_t log_dir;
                enum kt_quorum expect;
        } rows[] = {
                { KT_ROLE_BROKER | KT_ROLE_CONTROLLER, 0, false, 0, KT_QUORUM_FIRST_VOTER },
                { KT_ROLE_BROKER | KT_ROLE_CONTROLLER, 1, false, 0, KT_QUORUM_JOIN },
                { KT_ROLE_CONTROLLER, 0, false, 0, KT_QUORUM_FIRST_VOTER },
                { KT_ROLE_CONTROLLER, 0, true, 0, KT_QUORUM_STATIC },
                { KT_ROLE_CONTROLLER, 2, true, 0, KT_QUORUM_STATIC },
                { KT_ROLE_BROKER, 0, false, 0, KT_QUORUM_NONE },
                { KT_ROLE_BROKER, 0, true, 0, KT_QUORUM_NONE },
                { KT_ROLE_BROKER | KT_ROLE_CONTROLLER, 0, false, 1, KT_QUORUM_NONE },
                { 0, 0, false, 0, KT_QUORUM_NONE },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;

                vt_init(&vt);
                vt_mount(&vt, TWO_MOUNTS, two_volumes);
                vt.spec.kafka.roles = rows[i].roles;
                vt.identity.ordinal = rows[i].ordinal;
                vt_choose(&vt);
                vt.judge.has_static_voters = rows[i].has_static_voters;
                if (kt_judge_quorum(&vt.judge, &vt.layout.items[rows[i].log_dir]) != rows[i].expect)
                        fail_msg("row %zu", i);
                vt_done(&vt);
        }
}

static void test_judge_needs_reach__rows(void **state)
{
        static const struct {
                mode_t mode;
                uid_t uid;
                gid_t gid;
                bool expect;
                const char *why;
        } rows[] = {
                { 0755, 0, 0, false, "everybody may pass" },   { 0750, 0, 0, true, "nobody else may pass" },
                { 0750, 0, 7, false, "the group may pass" },   { 0700, 7, 0, false, "the owner may pass" },
                { 0055, 7, 0, true, "but the owner may not" }, { 0701, 0, 7, true, "but the group may not" },
        };

        (void)state; /* each row has a tree of its own */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct volume_tree vt;

                vt_init(&vt);
                vt_choose(&vt);
                vt.spec.storage.uid = 7;
                vt.spec.storage.gid = 7;
                vt.volumes.items[0].st = (struct stat){ .st_mode = S_IFDIR | rows[i].mode,
                                                        .st_uid = rows[i].uid,
                                                        .st_gid = rows[i].gid };
                if (kt_judge_needs_reach(&vt.judge, &vt.layout.items[0]) != rows[i].expect)
                        fail_msg("%s", rows[i].why);
                vt_done(&vt);
        }
}

static void test_judge_limits__rows(void **state)
{
        static const struct {
                struct kt_limits_judge in;
                const char *ids[2];
                enum kt_level level;
                const char *why;
        } rows[] = {
                { { 100, 100, 200, 200, true, 0 }, { NULL }, KT_LEVEL_NOTE, "just enough" },
                { { 100, UINT64_MAX, 200, UINT64_MAX, true, 0 }, { NULL }, KT_LEVEL_NOTE, "unlimited" },
                { { 101, 100, 200, 200, true, 0 }, { "nofile" }, KT_LEVEL_ERROR, "one descriptor short" },
                { { 100, 100, 201, 200, true, 0 }, { "max-map-count" }, KT_LEVEL_ERROR, "one map area short" },
                { { 101, 100, 201, 200, false, 0 }, { "max-map-count", "nofile" }, KT_LEVEL_WARNING, "only warned of" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                size_t count = 0;

                kt_judge_limits(&rows[i].in, &findings);
                for (; count < KT_COUNT(rows[i].ids) && rows[i].ids[count]; count++)
                        if (count >= findings.count || strcmp(findings.items[count].id, rows[i].ids[count]) != 0 ||
                            findings.items[count].level != rows[i].level)
                                fail_msg("%s", rows[i].why);
                assert_int_equal(findings.count, count);
        }
}

static void test_judge_limits__the_next_step_can_be_pasted(void **state)
{
        const struct kt_limits_judge in = { .need_maps = 262144, .have_maps = 65530 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };

        (void)state; /* no tree needed */
        kt_judge_limits(&in, &findings);
        assert_non_null(strstr(findings.items[0].next, "sysctl -w vm.max_map_count=262144;"));
        assert_non_null(strstr(findings.items[0].message, "65,530"));
}

static void test_judge_limits__says_what_was_waited_for(void **state)
{
        const struct kt_limits_judge in = { .need_descriptors = 5000, .have_descriptors = 4096, .waited_s = 30 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };

        (void)state; /* no tree needed */
        kt_judge_limits(&in, &findings);
        assert_non_null(strstr(findings.items[0].message, "needs 5,000, and 30 s of waiting"));
        assert_non_null(strstr(findings.items[0].next, "kubectl get nodetunings"));
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_dir__each_rule_alone),
        cmocka_unit_test(test_judge_dir__a_folder_instead_of_meta_is_never_formatted),
        cmocka_unit_test(test_judge_dir__what_cannot_be_opened_is_never_formatted),
        cmocka_unit_test(test_judge_dir__metadata_on_the_wrong_volume),
        cmocka_unit_test(test_judge_dir__swapped_claims_say_with_whom),
        cmocka_unit_test(test_judge_all__rows),
        cmocka_unit_test(test_judge_quorum__rows),
        cmocka_unit_test(test_judge_needs_reach__rows),
        cmocka_unit_test(test_judge_limits__rows),
        cmocka_unit_test(test_judge_limits__the_next_step_can_be_pasted),
        cmocka_unit_test(test_judge_limits__says_what_was_waited_for),
};

int main(void)
{
        return TEST_MAIN(tests);
}
