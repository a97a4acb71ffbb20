/* SPDX-License-Identifier: Apache-2.0 */
/* What is really on a volume. Only reads; judge.h says what it means. */
#ifndef KT_INITC_FACTS_H
#define KT_INITC_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "initc/entry.h"
#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/meta.h"
#include "lib/kafka/need.h"
#include "lib/kafka/version.h"
#include "lib/os/mounts.h"
#include "lib/os/root.h"

enum {
        KT_SEEN_NAMES_MAX = 5, /* examples for messages; all are counted */
};

/* Names of one kind: how many, and the first few for the message. */
struct kt_seen {
        uint64_t count;
        char *names[KT_SEEN_NAMES_MAX];
};

/* One directory that is, or looks like, a log dir. */
struct kt_log_dir {
        char *name; /* below the mount: "kafka-log0"; "." is the mount itself */
        bool exists;
        int error;     /* why it cannot be opened although it is there (a link, a file); it counts as formatted then */
        bool has_meta; /* meta.properties is there */
        bool is_meta_readable;
        struct kt_meta meta;
        int meta_errno;                   /* -errno of opening it; 0: it could be read, but not understood */
        char meta_error[KT_ERR_TEXT_MAX]; /* why it is not readable */
        bool has_metadata_log;            /* __cluster_metadata-0 */
        bool has_metadata_records;        /* more in it than the checkpoint that formatting puts there: it was used */
        bool was_walked;                  /* the counts below are known */
        uint64_t entries;                 /* everything below it, and itself */
        struct kt_seen by_entry[KT_ENTRY_COUNT_];
        int unreadable_error;       /* -errno of the first UNREADABLE one */
        struct kt_seen foreign;     /* directories that no broker made: it dies of them */
        uint64_t other_files;       /* at the top, but for partitions and what a format that was cut short leaves */
        struct kt_need_found found; /* segments and friends */
};

struct kt_volume {
        const char *path; /* of the spec, borrowed */
        int fd;           /* -1: cannot be opened, see error */
        int error;
        struct stat st;
        bool is_mount_point;
        char *fstype;
        char *source;
        bool is_read_only;
        uint64_t total_bytes;
        uint64_t free_bytes;         /* for an ordinary user */
        uint64_t free_files;         /* UINT64_MAX: the filesystem does not count them */
        bool has_lost_found;         /* at the mount itself */
        struct kt_log_dir *log_dirs; /* candidates: every kafka-log<number>, every directory with a meta.properties */
        size_t log_dir_count;
        size_t log_dir_cap;
};

struct kt_volumes {
        struct kt_volume *items; /* in the spec's order */
        size_t count;
};

/* Looks at every path (of the given root) without walking the log dirs. What cannot be read is a fact too; an error
 * means that nothing can be said at all (no mountinfo, no memory). Release with kt_volumes_done. */
KT_MUST_CHECK int kt_facts_read(const struct kt_root *root, char *const *paths, size_t count, struct kt_volumes *ret,
                                struct kt_err *e);
void kt_volumes_done(struct kt_volumes *volumes);

/* The candidate of that name, or NULL. */
struct kt_log_dir *kt_volume_log_dir(const struct kt_volume *volume, const char *name);
/* The same; one that is no candidate yet is looked at and added, also when it does not exist. NULL: no memory. */
struct kt_log_dir *kt_volume_add_log_dir(struct kt_volume *volume, const char *name);

/* Walks one log dir once: owners and modes, foreign directories, segments. A missing one, and one of a volume that
 * cannot be read, is walked at once. */
KT_MUST_CHECK int kt_facts_walk(const struct kt_volume *volume, struct kt_log_dir *dir,
                                const struct kt_kafka_version *version, const struct kt_owner *owner, struct kt_err *e);

/* Opens the log dir itself, beneath the volume; -errno. */
KT_MUST_CHECK int kt_volume_open_log_dir(const struct kt_volume *volume, const struct kt_log_dir *dir);

/* How many entries are not in order: to be given away. */
uint64_t kt_log_dir_fixable(const struct kt_log_dir *dir);

#endif
