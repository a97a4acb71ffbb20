/* SPDX-License-Identifier: Apache-2.0 */
/* A node in a temporary folder: a mountinfo, volumes, a spec and a pod, for the tests of facts, layout and judge. */
#ifndef KT_TESTS_UNIT_INITC_VOLUME_TREE_H
#define KT_TESTS_UNIT_INITC_VOLUME_TREE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "initc/judge.h"
#include "initc/layout.h"
#include "tests/unit/support.h"

#define VT_CLUSTER "MkU3OEVBNTcwNTJENDM2Qg"

/* The usual node: one volume at /data, a filesystem of its own. */
#define VT_ROOT_MOUNT "1 0 8:1 / / rw - overlay overlay rw\n"
#define VT_DATA_MOUNT "2 1 8:16 / /data rw - xfs /dev/sdb rw\n"

enum { VT_PATHS_MAX = 4 };

struct volume_tree {
        struct test_tree *tree;
        struct kt_root root;
        struct kt_spec spec;
        struct kt_identity identity;
        const struct kt_kafka_version *version;
        char *paths[VT_PATHS_MAX];
        size_t path_count;
        struct kt_properties properties;
        struct kt_volumes volumes;
        struct kt_layout layout;
        struct kt_judge judge;
        struct kt_findings findings;
};

/* kafka-0 of a KRaft cluster of Kafka 4.3 with the volume /data, which is empty. Everything belongs to who runs the
 * test. */
static inline void vt_init(struct volume_tree *vt)
{
        void *state = NULL;
        struct kt_err e = { 0 };

        *vt = (struct volume_tree){ .root.fd = -1 };
        assert_int_equal(test_tree_setup(&state), 0);
        vt->tree = state;
        assert_int_equal(kt_root_open(vt->tree->path, &vt->root, &e), 0);
        assert_int_equal(kt_spec_default(&vt->spec), 0);
        vt->spec.kafka.roles = KT_ROLE_BROKER | KT_ROLE_CONTROLLER;
        vt->spec.kafka.controllers = 1;
        vt->spec.kafka.cluster_id = strdup(VT_CLUSTER);
        vt->spec.storage.uid = geteuid();
        vt->spec.storage.gid = getegid();
        vt->identity = (struct kt_identity){ .pod = "kafka-0", .set = "kafka" };
        vt->version = kt_kafka_version_find("4.3");
        vt->paths[vt->path_count++] = strdup("/data");
        test_write(vt->tree, "proc/self/mountinfo", VT_ROOT_MOUNT VT_DATA_MOUNT);
        test_mkdir(vt->tree, "data");
}

static inline void vt_forget(struct volume_tree *vt)
{
        kt_findings_done(&vt->findings);
        kt_layout_done(&vt->layout);
        kt_volumes_done(&vt->volumes);
}

static inline void vt_done(struct volume_tree *vt)
{
        void *state = vt->tree;

        vt_forget(vt);
        kt_properties_done(&vt->properties);
        kt_spec_done(&vt->spec);
        kt_root_done(&vt->root);
        for (size_t i = 0; i < vt->path_count; i++)
                free(vt->paths[i]);
        assert_int_equal(test_tree_teardown(&state), 0);
}

/* Replaces what is mounted, and the volumes by paths (NULL-terminated), which are made. */
static inline void vt_mount(struct volume_tree *vt, const char *mountinfo, const char *const *paths)
{
        test_write(vt->tree, "proc/self/mountinfo", mountinfo);
        for (size_t i = 0; i < vt->path_count; i++)
                free(vt->paths[i]);
        for (vt->path_count = 0; paths[vt->path_count]; vt->path_count++) {
                vt->paths[vt->path_count] = strdup(paths[vt->path_count]);
                (void)mkdirat(vt->tree->fd, paths[vt->path_count] + 1, 0755); /* it may be there already */
        }
}

/* A meta.properties of KRaft; directory_id may be NULL. */
static inline void vt_meta(struct volume_tree *vt, const char *dir, int node_id, const char *cluster_id,
                           const char *directory_id)
{
        char path[128];
        char text[512];

        (void)snprintf(path, sizeof(path), "%s/meta.properties", dir);
        (void)snprintf(text, sizeof(text), "version=1\nnode.id=%d\ncluster.id=%s\n%s%s\n", node_id, cluster_id,
                       directory_id ? "directory.id=" : "", directory_id ? directory_id : "");
        test_write(vt->tree, path, text);
}

/* A log dir as it is after formatting and a first start. */
static inline void vt_used(struct volume_tree *vt, const char *dir, int node_id)
{
        char path[128];

        vt_meta(vt, dir, node_id, VT_CLUSTER, NULL);
        (void)snprintf(path, sizeof(path), "%s/__cluster_metadata-0/00000000000000000000.log", dir);
        test_write(vt->tree, path, "x");
}

/* Reads the facts. What a filesystem of this machine would say about room is replaced: half of 2 TiB is free. */
static inline void vt_read(struct volume_tree *vt)
{
        struct kt_err e = { 0 };

        assert_int_equal(kt_facts_read(&vt->root, vt->paths, vt->path_count, &vt->volumes, &e), 0);
        for (size_t i = 0; i < vt->volumes.count; i++) {
                struct kt_volume *volume = &vt->volumes.items[i];

                if (volume->fd < 0)
                        continue;
                volume->total_bytes = UINT64_C(2) << 40;
                volume->free_bytes = UINT64_C(1) << 40;
                volume->free_files = 1000000;
        }
}

/* The facts, then the log dirs, then the walk through each; the judge may do everything. */
static inline void vt_choose(struct volume_tree *vt)
{
        const struct kt_owner owner = { .uid = vt->spec.storage.uid, .gid = vt->spec.storage.gid };
        struct kt_err e = { 0 };

        vt_read(vt);
        assert_int_equal(kt_layout_choose(&vt->volumes, &vt->identity, &vt->properties, &vt->layout, &vt->findings, &e),
                         0);
        for (size_t i = 0; i < vt->layout.count; i++)
                assert_int_equal(kt_facts_walk(vt->layout.items[i].volume, kt_layout_log_dir(&vt->layout.items[i]),
                                               vt->version, &owner, &e),
                                 0);
        vt->judge = (struct kt_judge){ .spec = &vt->spec,
                                       .version = vt->version,
                                       .identity = &vt->identity,
                                       .layout = &vt->layout,
                                       .can_give = true,
                                       .can_enter = true,
                                       .uid = vt->spec.storage.uid,
                                       .gid = vt->spec.storage.gid };
}

static inline bool vt_has(const struct kt_findings *findings, const char *id)
{
        for (size_t i = 0; i < findings->count; i++)
                if (strcmp(findings->items[i].id, id) == 0)
                        return true;
        return false;
}

/* The test fails unless there is at least one finding of that id, and none of another; "" wants none at all. */
static inline void vt_expect_only(const struct kt_findings *findings, const char *id, const char *why)
{
        if (id[0] && !vt_has(findings, id))
                fail_msg("%s: no finding '%s'", why, id);
        for (size_t i = 0; i < findings->count; i++)
                if (strcmp(findings->items[i].id, id) != 0)
                        fail_msg("%s: unexpected '%s': %s", why, findings->items[i].id, findings->items[i].message);
}

#endif
