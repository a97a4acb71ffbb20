/* SPDX-License-Identifier: Apache-2.0 */
/* A tunable is one row: where its value is, which values are fine, who says so, and what it may do to others. */
#ifndef KT_TUNER_ROW_H
#define KT_TUNER_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"
#include "tuner/inputs.h"

struct kt_device;

/* What a value looks like. */
enum kt_row_type {
        KT_ROW_NUMBER, /* one decimal number, or "unlimited" */
        KT_ROW_TUPLE,  /* several of them; the row's column is the one that counts */
        KT_ROW_CHOICE, /* words, the one in force in brackets: "always [madvise] never" */
        KT_ROW_TYPE_COUNT_
};

/* How the wanted value is compared with the present one. A value that is already better is never called drift. */
enum kt_row_rule {
        KT_RULE_EXACT,
        KT_RULE_AT_LEAST,
        KT_RULE_AT_MOST,
        KT_RULE_BETWEEN, /* "low high", both included */
        KT_RULE_ONE_OF,  /* words, the best one first; for KT_ROW_CHOICE only */
        KT_RULE_COUNT_
};

/* Who is affected when it changes. */
enum kt_row_scope {
        KT_SCOPE_NODE,
        KT_SCOPE_NETNS, /* a network namespace; a pod has its own and gets its values when it is made */
        KT_SCOPE_PROCESS,
        KT_SCOPE_DEVICE, /* a block device or the filesystem on it */
        KT_SCOPE_COUNT_
};

/* How the value is reached (facts.c). */
enum kt_row_backend {
        KT_BACKEND_SYSCTL, /* a file below /proc/sys */
        KT_BACKEND_SYSFS,  /* a file below /sys */
        KT_BACKEND_LIMIT,  /* the hard limit in a line of /proc/PID/limits */
        KT_BACKEND_QUEUE,  /* an attribute of a block device's queue (queue.c) */
        KT_BACKEND_MOUNT,  /* how a volume is mounted (mount.c) */
        KT_BACKEND_COUNT_
};

/* What shows within seconds what a row does to a broker (probe.c). For most nothing does: they bound something. */
enum kt_row_probe {
        KT_ROW_PROBE_NONE,
        KT_ROW_PROBE_COLD_READ,
        KT_ROW_PROBE_APPEND,
        KT_ROW_PROBE_READ_IN_FLUSH,
        KT_ROW_PROBE_COUNT_
};

enum { KT_ROW_ID_MAX = 64 }; /* an id and its NUL */

struct kt_row {
        const char *id;
        const char *path;         /* the file; "PID" and "DEVICE" in it stand for what is looked at */
        const char *line;         /* KT_BACKEND_LIMIT: "Max open files"; KT_BACKEND_MOUNT: one of mount.c's options */
        const char *limit;        /* KT_BACKEND_LIMIT: "nofile", as prlimit(1) calls it */
        const char *unit_setting; /* KT_BACKEND_LIMIT: "LimitNOFILE", as systemd.exec(5) calls it */
        enum kt_row_backend backend;
        enum kt_row_type type;
        unsigned column; /* KT_ROW_TUPLE: which number counts, from 1 */
        enum kt_row_rule rule;
        const char *want; /* fixed; NULL: derive says */
        /* The number that the workload asks for, and in a few words why. */
        uint64_t (*derive)(const struct kt_inputs *inputs, struct kt_str *why);
        /* The row whose value the kernel sets to 0 when this one is written, as vm.dirty_bytes does to vm.dirty_ratio:
         * an old value of 0 cannot be written back, the twin's can. NULL: none. */
        const char *twin;
        /* The row of the same object that the kernel resets when this one is written, as a scheduler does to
         * nr_requests: nobody asked for that, and it gets its value back (guard.c). NULL: none. */
        const char *disturbs;
        enum kt_row_scope scope;
        enum kt_row_probe probe; /* of apply --prove */
        /* KT_BACKEND_QUEUE: the devices that have it. */
        bool (*applies)(const struct kt_device *device);
        /* The value when the file is not there, as io_timeout of a driver that never gives up; NULL: unsupported. */
        const char *absent;
        bool is_check_only; /* looked at, never written */
        bool is_default;    /* in the profile "kafka"; all others only when kafka.yaml or --only names them */
        char grade;         /* A measured for Kafka, B follows from the code, C a vendor's default, D folklore */
        const char *source; /* who says so */
        const char *why;    /* what it does for a broker, one sentence */
        const char *risk;   /* what it may do to others, one sentence */
};

/* All rows of one folder's file. */
struct kt_row_set {
        const struct kt_row *rows;
        size_t count;
};

extern const struct kt_row_set kt_rows_vm;
extern const struct kt_row_set kt_rows_fs;
extern const struct kt_row_set kt_rows_net;
extern const struct kt_row_set kt_rows_limits;
extern const struct kt_row_set kt_rows_queue;

/* How many rows there are, and the i-th of them. */
size_t kt_row_count(void);
const struct kt_row *kt_row_at(size_t i);

/* The row with that id, or NULL; then *ret_near (may be NULL) is the nearest id, or NULL too. */
const struct kt_row *kt_row_find(const char *id, const char **ret_near);

/* Names as in JSON and in docs/tunables.md. */
const char *kt_row_type_name(enum kt_row_type type);
const char *kt_row_rule_name(enum kt_row_rule rule);
const char *kt_row_scope_name(enum kt_row_scope scope);

#endif
