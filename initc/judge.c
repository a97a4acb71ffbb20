/* SPDX-License-Identifier: Apache-2.0 */
/* What the facts mean, one rule a function, all of them in one table. */
#include "initc/judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/text/num.h"
#include "lib/text/str.h"

enum {
        ROOM_TO_FORMAT = 64 << 20, /* bytes: the first segments and indexes of the metadata log and a few partitions */
        ROOM_WARN_PERCENT = 10,
        FILES_WARN = 1000,
};

struct context {
        const struct kt_judge *in;
        const struct kt_layout_dir *item;
        const struct kt_volume *volume;
        const struct kt_log_dir *dir;
        struct kt_findings *findings;
};

static void add(const struct context *c, enum kt_level level, const char *id, const char *next, const char *format, ...)
        KT_PRINTF(5, 6);

static void add(const struct context *c, enum kt_level level, const char *id, const char *next, const char *format, ...)
{
        const struct kt_finding head = { .level = level, .id = id, .source = c->item->path, .next = next };
        va_list args;

        va_start(args, format);
        kt_findings_vadd(c->findings, &head, format, args);
        va_end(args);
}

/* "lost+found", or "a, b, c and 12 more" */
static const char *list_seen(const struct kt_seen *seen, struct kt_str *out)
{
        uint64_t shown = 0;

        for (size_t i = 0; i < KT_SEEN_NAMES_MAX && i < seen->count; i++, shown++)
                kt_str_addf(out, "%s%s", i ? ", " : "", seen->names[i] ? seen->names[i] : "?");
        if (seen->count > shown)
                kt_str_addf(out, " and %llu more", (unsigned long long)(seen->count - shown));
        return kt_str_get(out);
}

/* ---- the volume ---- */

static bool is_denied(int error)
{
        return error == -EACCES || error == -EPERM;
}

static void check_open(const struct context *c, const char *id)
{
        struct kt_err e = { .code = c->volume->error, .text = "the volume cannot be opened" };
        bool is_missing = e.code == -ENOENT || e.code == -ENOTDIR;
        char text[KT_ERR_TEXT_MAX];

        if (c->volume->fd < 0 && !is_denied(c->volume->error))
                add(c, KT_LEVEL_ERROR, id,
                    is_missing ? "add the volumeMount to the init container, or correct storage.volumes"
                               : "look on the node for I/O errors of its disk (dmesg)",
                    "%s", kt_err_text(&e, text, sizeof(text)));
}

/* What is no home for a broker's data, and what only needs a word. By the names that mountinfo uses. */
static const struct filesystem_row {
        const char *fstype;
        bool is_ephemeral;
        const char *words;
} filesystem_rows[] = {
        { "overlay", true, "is the container's own layer" },
        { "tmpfs", true, "is memory" },
        { "ramfs", true, "is memory" },
        { "nfs", false, "is NFS: file locks and deleted files that are still open behave differently" },
        { "nfs4", false, "is NFS: file locks and deleted files that are still open behave differently" },
        { "vfat", false, "has no owners: UID 1000 cannot own its files" },
};

static enum kt_level ephemeral_level(const struct context *c)
{
        return c->in->spec->storage.ephemeral ? KT_LEVEL_WARNING : KT_LEVEL_ERROR;
}

#define EPHEMERAL_NEXT "mount the volume claim at that path; for a trial without one: storage.ephemeral: allow"

static void check_mount(const struct context *c, const char *id)
{
        if (c->volume->fd >= 0 && !c->volume->is_mount_point)
                add(c, ephemeral_level(c), id, EPHEMERAL_NEXT,
                    "%s is no mount point: the data would not outlive the pod", c->volume->path);
}

static void check_filesystem(const struct context *c, const char *id)
{
        for (size_t i = 0; i < KT_COUNT(filesystem_rows); i++) {
                const struct filesystem_row *row = &filesystem_rows[i];

                if (c->volume->fd < 0 || !c->volume->fstype || strcmp(c->volume->fstype, row->fstype) != 0)
                        continue;
                if (row->is_ephemeral)
                        add(c, ephemeral_level(c), id, EPHEMERAL_NEXT, "%s %s: the data would not outlive the %s",
                            c->volume->path, row->words, c->volume->is_mount_point ? "pod" : "container");
                else
                        add(c, KT_LEVEL_WARNING, id, "use a block volume with XFS or ext4", "%s %s", c->volume->path,
                            row->words);
        }
}

static void check_read_only(const struct context *c, const char *id)
{
        if (c->volume->fd >= 0 && c->volume->is_read_only)
                add(c, KT_LEVEL_ERROR, id,
                    "look for readOnly in the pod, and on the node for I/O errors (dmesg): a filesystem turns read-only "
                    "after one. Once it is writable, delete the pod: its own mount stays as it began",
                    "%s is mounted read-only", c->volume->path);
}

static void check_room(const struct context *c, const char *id)
{
        const struct kt_volume *volume = c->volume;
        char free_text[KT_NUM_TEXT_MAX];
        char total_text[KT_NUM_TEXT_MAX];
        uint64_t planned;

        if (volume->fd < 0 || volume->total_bytes == 0)
                return;

        kt_num_format_binary(volume->free_bytes, free_text);
        kt_num_format_binary(volume->total_bytes, total_text);
        if (volume->free_bytes < ROOM_TO_FORMAT && !c->dir->has_meta)
                add(c, KT_LEVEL_ERROR, id, "make room, or give the claim more storage",
                    "%s has %s free, too little for a first start", volume->path, free_text);
        else if (volume->free_bytes < volume->total_bytes / 100 * ROOM_WARN_PERCENT)
                add(c, KT_LEVEL_WARNING, id,
                    "expand the claim or shorten retention, before the broker stops on a full disk",
                    "%s has only %s of %s free", volume->path, free_text, total_text);
        if (volume->free_files < FILES_WARN)
                add(c, KT_LEVEL_WARNING, id, "make the filesystem anew with more inodes",
                    "%s has room for %llu more files", volume->path, (unsigned long long)volume->free_files);

        if (c->in->spec->workload.is_given &&
            !__builtin_mul_overflow(c->in->spec->workload.partitions, c->in->spec->workload.partition_size_bytes,
                                    &planned) &&
            planned / c->in->layout->count > volume->total_bytes)
                add(c, KT_LEVEL_WARNING, "workload-size",
                    "correct workload in kafka.yaml, or give the claim more storage",
                    "%s has %s in all, the workload's partitions need %s", volume->path, total_text,
                    kt_num_format_binary(planned / c->in->layout->count, free_text));
}

/* ---- whose it is ---- */

static bool names_nobody(const struct kt_log_dir *dir)
{
        return dir->is_meta_readable && dir->meta.version == 0 && !dir->meta.has_node_id;
}

static void check_meta(const struct context *c, const char *id)
{
        if (names_nobody(c->dir))
                add(c, KT_LEVEL_ERROR, id,
                    "compare it with the other nodes' and restore it from a backup; do not format",
                    "meta.properties names no node: it is empty or was cut short");
        if (c->dir->has_meta && !c->dir->is_meta_readable && !is_denied(c->dir->meta_errno))
                add(c, KT_LEVEL_ERROR, id,
                    "compare it with the other nodes' and restore it from a backup; do not format",
                    "meta.properties is not readable: %s", c->dir->meta_error);
}

static void check_mode(const struct context *c, const char *id)
{
        bool is_kraft = c->in->spec->kafka.roles != 0;

        if (!c->dir->is_meta_readable || names_nobody(c->dir) || (c->dir->meta.version == 1) == is_kraft)
                return;
        if (is_kraft)
                add(c, KT_LEVEL_ERROR, id, "migrate with Kafka 3.9 (KIP-866), or leave kafka.roles out",
                    "the log dir was written in ZooKeeper mode (meta.properties: version=0), kafka.roles asks for KRaft");
        else
                add(c, KT_LEVEL_ERROR, id, "set kafka.roles: [broker, controller] as it was",
                    "the log dir was written in KRaft mode (meta.properties: version=1), without kafka.roles the broker runs "
                    "in ZooKeeper mode");
}

static void check_node(const struct context *c, const char *id)
{
        const struct kt_identity *me = c->in->identity;
        int32_t theirs = c->dir->meta.node_id;
        int64_t ordinal = (int64_t)theirs - (int64_t)c->in->spec->kafka.node_id_base;
        KT_AUTO_FREE char *next = NULL;

        if (!c->dir->is_meta_readable || !c->dir->meta.has_node_id || theirs == me->node_id)
                return;

        if (ordinal >= 0)
                next = kt_str_make("kubectl get pvc -o wide, and compare with %s-%lld", me->set, (long long)ordinal);
        add(c, KT_LEVEL_ERROR, id, next ? next : "correct kafka.nodeId.base, or give this pod its own claim",
            "%s belongs to node %d (meta.properties: %s=%d), this pod is node %d. The claims look swapped; nothing was "
            "changed",
            c->volume->path, theirs, c->dir->meta.version == 0 ? "broker.id" : "node.id", theirs, me->node_id);
}

static void check_cluster(const struct context *c, const char *id)
{
        const char *ours = c->in->spec->kafka.cluster_id;
        const char *theirs = c->dir->meta.cluster_id;

        if (!c->dir->is_meta_readable || !ours || theirs[0] == '\0' || strcmp(ours, theirs) == 0)
                return;
        add(c, KT_LEVEL_ERROR, id,
            "give this pod an empty claim, or set kafka.clusterId to the cluster the data is from",
            "%s belongs to cluster %s, this is cluster %s; nothing was changed", c->volume->path, theirs, ours);
}

static bool is_in_layout(const struct kt_layout *layout, const struct kt_volume *volume, size_t index)
{
        for (size_t i = 0; i < layout->count; i++)
                if (layout->items[i].volume == volume && layout->items[i].index == index)
                        return true;
        return false;
}

/* Another node's log dir beside ours: the volume itself may be the wrong one. */
static void check_neighbours(const struct context *c, const char *id)
{
        for (size_t i = 0; i < c->volume->log_dir_count; i++) {
                const struct kt_log_dir *other = &c->volume->log_dirs[i];

                if (is_in_layout(c->in->layout, c->volume, i) || !other->is_meta_readable || !other->meta.has_node_id)
                        continue;
                if (other->meta.node_id == c->in->identity->node_id) {
                        add(c, c->dir->has_meta ? KT_LEVEL_WARNING : KT_LEVEL_ERROR, "own-data-elsewhere",
                            "leave log.dirs as it was, or move the data there while the broker is stopped",
                            "%s holds this node's data in %s, which is not used", c->volume->path, other->name);
                        continue;
                }
                add(c, c->dir->has_meta ? KT_LEVEL_WARNING : KT_LEVEL_ERROR, id,
                    "compare the claims of the two nodes; move the folder away only when its data is not needed",
                    "%s also holds %s of node %d, this pod is node %d", c->volume->path, other->name,
                    other->meta.node_id, c->in->identity->node_id);
        }
}

/* ---- what is in it ---- */

static void check_unformatted_data(const struct context *c, const char *id)
{
        const struct kt_log_dir *dir = c->dir;

        if (!dir->exists || dir->has_meta)
                return;
        if (dir->found.partitions > 0 || dir->has_metadata_records)
                add(c, KT_LEVEL_ERROR, id, "restore meta.properties from a backup; formatting would orphan the data",
                    "the log dir holds %llu partitions%s but no meta.properties, so nothing says whose they are",
                    (unsigned long long)dir->found.partitions, dir->has_metadata_records ? " and a metadata log" : "");
        else if (c->in->spec->kafka.roles != 0 && dir->other_files > 0)
                add(c, KT_LEVEL_ERROR, id, "look at the files; remove them when they are not needed",
                    "the log dir is not formatted and not empty either: %llu files that formatting did not make",
                    (unsigned long long)dir->other_files);
}

static void check_foreign(const struct context *c, const char *id)
{
        KT_AUTO_STR struct kt_str names = { 0 };
        KT_AUTO_FREE char *next = NULL;

        if (c->dir->foreign.count == 0)
                return;
        next = strcmp(c->dir->name, ".") == 0 && c->volume->has_lost_found
                       ? kt_str_make(
                                 "remove it when it is empty (rmdir %s/lost+found), or leave log.dir(s) out: a folder below the "
                                 "mount is used then",
                                 c->volume->path)
                       : NULL;
        add(c, KT_LEVEL_ERROR, id, next ? next : "move it out of the log dir",
            "Kafka does not start beside folders that are no partitions: %s", list_seen(&c->dir->foreign, &names));
}

static void check_entries(const struct context *c, const char *id)
{
        for (size_t i = 0; i < KT_ENTRY_COUNT_; i++) {
                const struct kt_seen *seen = &c->dir->by_entry[i];
                enum kt_entry entry = (enum kt_entry)i;
                KT_AUTO_STR struct kt_str names = { 0 };

                if (entry == KT_ENTRY_RIGHT || entry == KT_ENTRY_FIXABLE || seen->count == 0)
                        continue;
                if (entry == KT_ENTRY_UNREADABLE && is_denied(c->dir->unreadable_error))
                        continue; /* a matter of privilege, not of the volume */
                if (kt_entry_is_blocking(entry))
                        add(c, KT_LEVEL_ERROR, id, "look at it as root; a broker makes no such thing",
                            "what is %s is not given away: %s", kt_entry_words(entry), list_seen(seen, &names));
                else
                        add(c, KT_LEVEL_WARNING, id, "look at it; a broker makes no such thing",
                            "%s was left alone: %s", kt_entry_words(entry), list_seen(seen, &names));
        }
}

/* The permission bits that count for that user; supplementary groups and ACLs are not looked at. */
static bool may(const struct stat *st, uid_t uid, gid_t gid, mode_t bits)
{
        unsigned shift = st->st_uid == uid ? 6 : st->st_gid == gid ? 3 : 0;

        return (st->st_mode >> shift & bits) == bits;
}

#define PRIVILEGE_NEXT                                                                                              \
        "run the init container once as uid 0 with the capabilities CHOWN, DAC_OVERRIDE and FOWNER; an fsGroup is " \
        "enough for new volumes only"

static void check_unopened(const struct context *c, const char *id)
{
        struct kt_err e = { .code = c->dir->error, .text = "the log dir is there but cannot be opened" };
        char text[KT_ERR_TEXT_MAX];

        if (c->dir->error < 0 && !is_denied(c->dir->error))
                add(c, KT_LEVEL_ERROR, id, "look at it as root: a log dir is a plain folder of the volume itself", "%s",
                    kt_err_text(&e, text, sizeof(text)));
}

static void check_entering(const struct context *c, const char *id)
{
        if (is_denied(c->volume->error) || is_denied(c->dir->error) || is_denied(c->dir->meta_errno) ||
            is_denied(c->dir->unreadable_error))
                add(c, KT_LEVEL_ERROR, id, PRIVILEGE_NEXT, "this container (uid %u%s) may not look into %s", c->in->uid,
                    c->in->can_enter ? "" : ", without DAC_OVERRIDE", c->item->path);
}

static void check_permission(const struct context *c, const char *id)
{
        bool makes_files = !c->dir->exists || kt_judge_needs_format(c->in, c->item);
        bool is_owner = c->in->uid == c->in->spec->storage.uid && c->in->gid == c->in->spec->storage.gid;
        uint64_t fixable = kt_log_dir_fixable(c->dir) + kt_judge_needs_reach(c->in, c->item);

        if (makes_files && !is_owner && !c->in->can_give)
                add(c, KT_LEVEL_ERROR, id, PRIVILEGE_NEXT,
                    "what this container (uid %u) makes would not belong to %u:%u", c->in->uid,
                    c->in->spec->storage.uid, c->in->spec->storage.gid);
        else if (fixable > 0 && !c->in->can_give)
                add(c, KT_LEVEL_ERROR, id, PRIVILEGE_NEXT,
                    "%llu %s not belong to %u:%u, and this container may not change owners",
                    (unsigned long long)fixable, fixable == 1 ? "entry does" : "entries do", c->in->spec->storage.uid,
                    c->in->spec->storage.gid);
        else if (!c->dir->exists && !c->in->can_enter && !may(&c->volume->st, c->in->uid, c->in->gid, 03))
                add(c, KT_LEVEL_ERROR, id, PRIVILEGE_NEXT,
                    "this container (uid %u) may not make a folder in %s (%u:%u, %04o)", c->in->uid, c->volume->path,
                    c->volume->st.st_uid, c->volume->st.st_gid, c->volume->st.st_mode & 07777);
}

/* ---- KRaft ---- */

static bool is_metadata_dir(const struct context *c)
{
        return c->item == &c->in->layout->items[0];
}

static void check_format_allowed(const struct context *c, const char *id)
{
        if (kt_judge_needs_format(c->in, c->item) && c->in->spec->storage.format == KT_FORMAT_NEVER)
                add(c, KT_LEVEL_ERROR, id,
                    "find out where the data went; format only a node that is meant to be new "
                    "(storage.format: first-boot)",
                    "the log dir is not formatted, and storage.format is never");
}

/* Then the order of the volumes is what is wrong, and another rule says so. */
static bool is_metadata_elsewhere(const struct context *c)
{
        for (size_t i = 0; i < c->in->layout->count; i++)
                if (kt_layout_log_dir(&c->in->layout->items[i])->has_metadata_log)
                        return true;
        return false;
}

static void check_metadata_place(const struct context *c, const char *id)
{
        if (c->in->spec->kafka.roles == 0)
                return;
        if (c->dir->has_metadata_log && !is_metadata_dir(c))
                add(c, KT_LEVEL_ERROR, id, "put storage.volumes back into the order they had",
                    "__cluster_metadata-0 is here, but the metadata belongs into %s", c->in->layout->items[0].path);
        if (c->dir->has_meta && !c->dir->has_metadata_log && !is_metadata_elsewhere(c) &&
            kt_judge_quorum(c->in, c->item) == KT_QUORUM_FIRST_VOTER)
                add(c, KT_LEVEL_ERROR, id, "restore __cluster_metadata-0 from a backup; do not format",
                    "the log dir is formatted, but its metadata log is gone: the quorum would find no leader");
}

struct rule {
        const char *id;
        void (*check)(const struct context *c, const char *id);
};

static const struct rule rules[] = {
        { "not-a-mount", check_mount },
        { "filesystem", check_filesystem },
        { "read-only", check_read_only },
        { "room", check_room },
        { "meta-unreadable", check_meta },
        { "wrong-mode", check_mode },
        { "wrong-node", check_node },
        { "wrong-cluster", check_cluster },
        { "other-node", check_neighbours },
        { "data-without-meta", check_unformatted_data },
        { "foreign-folder", check_foreign },
        { "entry", check_entries },
        { "format-never", check_format_allowed },
        { "metadata-log", check_metadata_place },
        { KT_JUDGE_NOT_PERMITTED, check_permission },
};

/* Where nothing can be seen, only why is said. */
static const struct rule blind_rules[] = {
        { "volume-missing", check_open },
        { "log-dir-unopened", check_unopened },
        { KT_JUDGE_NOT_PERMITTED, check_entering },
};

bool kt_judge_needs_format(const struct kt_judge *in, const struct kt_layout_dir *item)
{
        return in->spec->kafka.roles != 0 && !kt_layout_log_dir(item)->has_meta;
}

enum kt_quorum kt_judge_quorum(const struct kt_judge *in, const struct kt_layout_dir *item)
{
        if (item != &in->layout->items[0] || !(in->spec->kafka.roles & KT_ROLE_CONTROLLER))
                return KT_QUORUM_NONE;
        if (in->has_static_voters)
                return KT_QUORUM_STATIC;
        return in->identity->ordinal < in->spec->kafka.controllers ? KT_QUORUM_FIRST_VOTER : KT_QUORUM_JOIN;
}

bool kt_judge_needs_reach(const struct kt_judge *in, const struct kt_layout_dir *item)
{
        const struct stat *st = &item->volume->st;
        mode_t needed = 0001;

        if (item->volume->fd < 0 || strcmp(kt_layout_log_dir(item)->name, ".") == 0)
                return false; /* the log dir itself is put right as a whole */
        if (st->st_uid == in->spec->storage.uid)
                needed = 0100;
        else if (st->st_gid == in->spec->storage.gid)
                needed = 0010;
        return (st->st_mode & needed) == 0;
}

static bool is_visible(const struct context *c)
{
        return c->volume->fd >= 0 && c->dir->error == 0 && !is_denied(c->dir->meta_errno);
}

bool kt_judge_has_work(const struct kt_judge *in, const struct kt_layout_dir *item)
{
        const struct kt_log_dir *dir = kt_layout_log_dir(item);

        return !dir->exists || kt_log_dir_fixable(dir) > 0 || kt_judge_needs_format(in, item) ||
               kt_judge_needs_reach(in, item);
}

enum kt_verdict kt_judge_dir(const struct kt_judge *in, const struct kt_layout_dir *item, struct kt_findings *findings)
{
        const struct kt_log_dir *dir = kt_layout_log_dir(item);
        const struct context context = {
                .in = in, .item = item, .volume = item->volume, .dir = dir, .findings = findings
        };
        size_t errors = kt_findings_count(findings, KT_LEVEL_ERROR);

        for (size_t i = 0; i < KT_COUNT(blind_rules); i++)
                blind_rules[i].check(&context, blind_rules[i].id);
        for (size_t i = 0; is_visible(&context) && i < KT_COUNT(rules); i++)
                rules[i].check(&context, rules[i].id);

        if (kt_findings_count(findings, KT_LEVEL_ERROR) > errors)
                return KT_VERDICT_REFUSED;
        return kt_judge_has_work(in, item) ? KT_VERDICT_FIXABLE : KT_VERDICT_OK;
}

static void check_pair(const struct kt_judge *in, size_t a, size_t b, struct kt_findings *findings)
{
        const struct kt_meta *left = &kt_layout_log_dir(&in->layout->items[a])->meta;
        const struct kt_meta *right = &kt_layout_log_dir(&in->layout->items[b])->meta;

        if (left->has_directory_id && right->has_directory_id &&
            kt_uuid_equal(&left->directory_id, &right->directory_id))
                kt_findings_add(
                        findings,
                        &(struct kt_finding){ .level = KT_LEVEL_ERROR,
                                              .id = "directory-id-twice",
                                              .source = in->layout->items[b].path,
                                              .next = "one of the volumes is a copy of the other: find the right one" },
                        "has the same directory.id as %s", in->layout->items[a].path);
}

void kt_judge_all(const struct kt_judge *in, struct kt_findings *findings)
{
        const struct kt_layout *layout = in->layout;
        bool has_any_meta = false;

        for (size_t b = 0; b < layout->count; b++) {
                has_any_meta = has_any_meta || kt_layout_log_dir(&layout->items[b])->has_meta;
                for (size_t a = 0; a < b; a++)
                        check_pair(in, a, b, findings);
        }
        if (layout->count > 0 && has_any_meta && kt_judge_needs_format(in, &layout->items[0]))
                kt_findings_add(
                        findings,
                        &(struct kt_finding){ .level = KT_LEVEL_ERROR,
                                              .id = "metadata-volume-lost",
                                              .source = layout->items[0].path,
                                              .next = "find the volume that held the metadata; do not format" },
                        "is not formatted, but another log dir of this node is: the metadata volume is missing");
}

void kt_judge_limits(const struct kt_limits_judge *in, struct kt_findings *findings)
{
        const struct {
                const char *id;
                const char *name;
                uint64_t have;
                uint64_t need;
                const char *next;
        } limits[] = {
                { "max-map-count", "vm.max_map_count", in->have_maps, in->need_maps,
                  "on the node: sysctl -w vm.max_map_count=%s; or correct workload in kafka.yaml" },
                { "nofile", "the hard limit of open files", in->have_descriptors, in->need_descriptors,
                  "give the container runtime LimitNOFILE=%s or more, or correct workload in kafka.yaml" },
        };

        for (size_t i = 0; i < KT_COUNT(limits); i++) {
                KT_AUTO_STR struct kt_str next = { 0 };
                KT_AUTO_STR struct kt_str after = { 0 };
                char plain[KT_NUM_TEXT_MAX];
                char have[KT_NUM_TEXT_MAX];
                char need[KT_NUM_TEXT_MAX];
                const char *hole = strstr(limits[i].next, "%s");

                if (limits[i].have >= limits[i].need)
                        continue;
                (void)snprintf(plain, sizeof(plain), "%llu", (unsigned long long)limits[i].need); /* always fits */
                kt_str_add_bytes(&next, limits[i].next, (size_t)(hole - limits[i].next));
                kt_str_addf(&next, "%s%s%s", plain, hole + 2,
                            in->waited_s > 0 ? "; kubectl get nodetunings shows why the agent did not" : "");
                if (in->waited_s > 0)
                        kt_str_addf(
                                &after,
                                ", and %llu s of waiting for the agent of this node (kafka-tunerd) did not change that",
                                (unsigned long long)in->waited_s);
                kt_findings_add(findings,
                                &(struct kt_finding){ .level = in->refuse ? KT_LEVEL_ERROR : KT_LEVEL_WARNING,
                                                      .id = limits[i].id,
                                                      .key = limits[i].name,
                                                      .value = kt_num_format_count(limits[i].have, have),
                                                      .next = kt_str_get(&next) },
                                "%s is %s, this broker needs %s%s", limits[i].name, have,
                                kt_num_format_count(limits[i].need, need), kt_str_get(&after));
        }
}

const char *kt_verdict_name(enum kt_verdict verdict)
{
        static const char *const names[] = {
                [KT_VERDICT_OK] = "ok", [KT_VERDICT_FIXABLE] = "fixable", [KT_VERDICT_REFUSED] = "refused"
        };

        return names[verdict];
}
