/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent knows of its node. Plain data: reconcile, volumes, brokers and bench fill it, publish and metrics read
 * it, and nothing in it says how anybody is told. Times are milliseconds of CLOCK_MONOTONIC unless named wall. */
#ifndef KT_DAEMONSET_STATE_H
#define KT_DAEMONSET_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemonset/condition.h"
#include "daemonset/drift.h"
#include "daemonset/event.h"
#include "daemonset/hash.h"
#include "daemonset/pods.h"
#include "lib/base/attr.h"
#include "tuner/tuner.h"

enum {
        KT_NODE_NAME_MAX = 254, /* a DNS subdomain and its NUL (apimachinery, DNS1123SubdomainMaxLength) */
        KT_NODE_ROWS_MAX = 4096,
        KT_NODE_VOLUMES_MAX = 256,
        KT_NODE_BROKERS_MAX = 256,
};

/* One object of one row. Texts are owned; have, next and rival may be NULL. */
struct kt_node_row {
        char *key; /* as kt_tuner_key says: by it a row keeps its history */
        char *id;
        char *object;
        char *have;
        char *want;       /* as people read it */
        char *want_value; /* as it is compared */
        char *reason;
        char *next;
        char *rival; /* who is known to set it otherwise */
        enum kt_state state;
        bool is_required;
        bool is_seen;                /* in the round that goes on */
        enum kt_drift_action action; /* of the round that goes on */
        struct kt_drift drift;
        /* Since the agent started, with what objects of the same id had that have left. */
        uint64_t drifted;  /* times it was found changed after it had been right */
        uint64_t restored; /* times it was put back */
};

/* A volume of a broker's pod, as it is mounted on the node. Texts are owned. */
struct kt_node_volume {
        char *path;
        char *pod_uid;
        char *name; /* of the PersistentVolume */
        char *filesystem;
        char *device;  /* NULL: on no disk that is known */
        char *problem; /* why its disks are not tuned; NULL: they are */
};

enum kt_broker_state {
        KT_BROKER_WAITING, /* no process of it is known yet */
        KT_BROKER_ENOUGH,  /* its limits are as wanted */
        KT_BROKER_RAISED,  /* by us, and read back */
        KT_BROKER_SHORT,   /* they are not, and kafka.yaml has them only looked at */
        KT_BROKER_DENIED,
        KT_BROKER_FAILED,
        KT_BROKER_STATE_COUNT_
};

/* A pod of a broker on this node. */
struct kt_node_broker {
        struct kt_pod pod;
        bool is_seen;           /* in the list that comes in */
        bool is_changed;        /* its limits have to be looked at now */
        unsigned misses;        /* times in a row that it was looked at in vain */
        int64_t next_ms;        /* when to look again */
        uint64_t nofile;        /* least hard limit of its processes; 0: not known */
        uint64_t nofile_wanted; /* 0: not known, or nothing is */
        enum kt_broker_state state;
        char *reason; /* owned; NULL: nothing to say */
};

/* What a disk was measured to take. Texts are owned. */
struct kt_disk {
        char *path;
        char *identity; /* disk, filesystem, size, kernel: with another of them the result is worth nothing */
        char *hardware; /* what such disks have in common; results of one kind are compared */
        double write;   /* bytes a second that it sustains */
        double low;     /* of its confidence interval */
        double high;
        double proven_seconds;
        bool is_proven;
        bool is_outlier; /* much slower than its like on other nodes */
        int64_t wall_s;
};

struct kt_node_state {
        char node[KT_NODE_NAME_MAX];
        char boot_id[64];
        char kernel[72];
        char profile[64];
        char profile_hash[KT_HASH_MAX];
        struct kt_node_row *rows;
        size_t row_count;
        size_t row_cap;
        struct kt_node_volume *volumes;
        size_t volume_count;
        size_t volume_cap;
        struct kt_node_broker *brokers;
        size_t broker_count;
        size_t broker_cap;
        char uevent_disk[64]; /* the disk that the kernel said something of last: "vdb" */
        int64_t uevent_ms;    /* and when */
        struct kt_disk *disks;
        size_t disk_count;
        size_t disk_cap;
        char *config_problem; /* why kafka.yaml cannot be used; NULL: it can. The profile before it stays in force */
        bool is_judged;       /* all rows were read at least once */
        uint64_t rounds;
        uint64_t raised; /* limits of processes */
        uint64_t raise_failures;
        struct kt_conditions conditions;
        struct kt_events events;
};

const char *kt_broker_state_name(enum kt_broker_state state);

/* Replaces *slot by a copy of text (NULL: by nothing) when it is another one, and sets *changed then. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_node_set_text(char **slot, const char *text, bool *changed);

/* The row of that key, or NULL. */
struct kt_node_row *kt_node_find_row(struct kt_node_state *state, const char *key);
/* The first row of that id, or NULL. */
const struct kt_node_row *kt_node_row_of(const struct kt_node_state *state, const char *id);
struct kt_node_broker *kt_node_find_broker(struct kt_node_state *state, const char *pod_uid);

/* How many rows are in that state. */
size_t kt_node_count(const struct kt_node_state *state, enum kt_state row_state);

/* Kubernetes lets a Node have that name: RFC 1123 subdomain, lower case, KT_NODE_NAME_MAX with its NUL. */
bool kt_node_is_name(const char *text);

/* Everything required was read back and holds, or is unknown to this kernel; *ret_first (may be NULL) is the first row
 * that keeps it from being so, or NULL. */
bool kt_node_is_ready(const struct kt_node_state *state, const struct kt_node_row **ret_first);

void kt_node_row_done(struct kt_node_row *row);
void kt_node_volume_done(struct kt_node_volume *volume);
void kt_node_clear_volumes(struct kt_node_state *state);
void kt_disk_done(struct kt_disk *disk);
void kt_node_state_done(struct kt_node_state *state);

#endif
