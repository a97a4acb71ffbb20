/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.yaml: the one file that all programs read, checked and typed. docs/kafka.yaml.md is its reference. */
#ifndef KT_APP_SPEC_H
#define KT_APP_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/finding.h"

/* A key and a value with the place of the key. A list in the file is one value, joined by commas. */
struct kt_spec_pair {
        char *key;
        char *value;
        unsigned line;
        unsigned column;
};

struct kt_spec_pairs {
        struct kt_spec_pair *items;
        size_t count;
        size_t cap;
};

struct kt_spec_texts {
        char **items;
        size_t count;
        size_t cap;
};

enum kt_spec_role {
        KT_ROLE_BROKER = 1 << 0,
        KT_ROLE_CONTROLLER = 1 << 1, /* no role at all: ZooKeeper mode */
};

enum kt_spec_format { KT_FORMAT_FIRST_BOOT, KT_FORMAT_NEVER };
enum kt_spec_shortfall { KT_SHORTFALL_REFUSE, KT_SHORTFALL_WARN };
enum kt_spec_policy { KT_POLICY_APPLY, KT_POLICY_CHECK, KT_POLICY_IGNORE };

struct kt_spec_tunable {
        char *id;
        enum kt_spec_policy policy;
        char *want; /* NULL: the row's own */
        unsigned line;
        unsigned column;
};

/* A value that is not in the file has its default (in brackets). Texts are owned by the spec. */
struct kt_spec {
        char *file; /* as given, for messages */
        struct {
                char *version;         /* required: "4.3", "3.9", "0.10.2", or a patch release */
                unsigned roles;        /* enum kt_spec_role, or-ed; 0: ZooKeeper mode */
                char *cluster_id;      /* [NULL] */
                uint32_t node_id_base; /* [0] node id = base + ordinal of the pod */
                uint32_t controllers;  /* [1] pods of the set, from ordinal 0, that the dynamic quorum starts with */
                char *service;         /* [NULL] headless Service that gives the pod its host name */
                char *namespace;       /* [NULL: environment POD_NAMESPACE] */
                uint64_t heap_bytes;   /* [0: from the memory limit] */
                struct kt_spec_pairs properties;
                struct kt_spec_texts allow; /* prefixes of property names that the schema need not know */
        } kafka;
        struct {
                uid_t uid;                    /* [1000] */
                gid_t gid;                    /* [1000] */
                struct kt_spec_texts volumes; /* absolute, normalised, distinct; required by kafka-initc prepare only */
                enum kt_spec_format format;   /* [first-boot] */
                bool ephemeral; /* [false: "refuse"] "allow": no mount of a persistent filesystem is only warned of */
                uint64_t sustained_rate_bytes; /* [0: not measured] per second, all volumes of one broker together */
        } storage;
        struct {
                bool is_given;                 /* there is a workload in the file; else it is only our guess */
                uint64_t partitions;           /* [1000] replicas that live on one broker */
                uint64_t partition_size_bytes; /* [1Gi] */
                uint64_t connections;          /* [1000] */
                uint64_t write_rate_bytes;     /* [10M] per second */
                int64_t buffer_time_ms;        /* [30s] */
                uint64_t classpath_jars;       /* [150] every jar on the class path is an open file */
        } workload;
        struct {
                enum kt_spec_shortfall on_shortfall; /* [refuse] what exec does when a limit is below the need */
                int64_t wait_for_agent_ms;           /* [0] how long exec waits for somebody to raise it before that */
        } limits;
        struct {
                char *profile; /* ["kafka"] */
                struct kt_spec_tunable *tunables;
                size_t tunable_count;
                size_t tunable_cap;
        } tuning;
};

/* Reads text (the file's name is for messages). Every problem is added to findings, with source "file:line:column", and
 * nothing is guessed: unknown keys (with a suggestion), wrong types, values out of range, duplicates. Returns 0 when it
 * added no error, -EINVAL when it added at least one (e stays as it was), or another -errno (e says why). *ret can be
 * released in any case and holds what could be read. */
KT_MUST_CHECK int kt_spec_parse(const char *file, const char *text, size_t len, struct kt_spec *ret,
                                struct kt_findings *findings, struct kt_err *e);

/* The same for the file at path (the running machine's, never the sysroot's); "-" is no path and a finding. */
KT_MUST_CHECK int kt_spec_load(const char *path, struct kt_spec *ret, struct kt_findings *findings, struct kt_err *e);
void kt_spec_done(struct kt_spec *spec);

/* All defaults, no file: for programs that can work without one. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_spec_default(struct kt_spec *ret);

struct kt_yaml;
struct kt_spec_reader; /* spec.c only */

/* One row of the reference: every key of the file, for the parser, the documentation and tests. */
struct kt_spec_key {
        const char *path;   /* "storage.owner" */
        const char *type;   /* "size", "list of paths", ... */
        const char *preset; /* its default as written in the file; NULL: none */
        bool is_required;
        const char *help; /* one line, lower case, no full stop */

        /* How spec.c reads it: checks node and stores its value at offset of struct kt_spec. 0 or -ENOMEM. */
        int (*read)(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key);
        size_t offset;
        uint64_t min; /* of a number or size, both included */
        uint64_t max;
        const char *const *choices; /* NULL-terminated */
};

extern const struct kt_spec_key kt_spec_keys[];
extern const size_t kt_spec_key_count;

#endif
