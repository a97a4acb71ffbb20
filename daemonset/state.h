/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent knows of its node. Plain data: reconcile, volumes and brokers fill it, publish and metrics read it, and
 * nothing in it says how anybody is told. Times are milliseconds of CLOCK_MONOTONIC unless they are called wall. */
#ifndef KT_DAEMONSET_STATE_H
#define KT_DAEMONSET_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemonset/condition.h"
#include "daemonset/drift.h"
#include "daemonset/hash.h"
#include "lib/base/attr.h"
#include "tuner/tuner.h"

enum {
        KT_NODE_NAME_MAX = 254,  /* a DNS subdomain and its NUL (apimachinery, DNS1123SubdomainMaxLength) */
        KT_NODE_UID_MAX = 64,    /* a UUID of 36 characters */
        KT_NODE_ROWS_MAX = 4096, /* 13 rows about disks, 256 disks */
        KT_NODE_VOLUMES_MAX = 256,
        KT_NODE_BROKERS_MAX = 256,
};

/* One object of one row. Texts are owned; have, next and rival may be NULL. */
struct kt_node_row {
        char *key; /* as kt_tuner_key says: by it a row keeps its history */
        char *id;
        char *object;
        char *have;
        char *want;
        char *reason;
        char *next;
        char *rival; /* who is known to set it otherwise */
        enum kt_state state;
        bool is_required;
        bool is_seen; /* by the round that goes on */
        struct kt_drift drift;
        uint64_t restored; /* times it was put back since the agent started */
};

/* A volume of a broker's pod, as it is mounted on the node. */
struct kt_node_volume {
        char *path;
        char *pod_uid;
        char *name;   /* of the PersistentVolume */
        char *device; /* NULL: on no disk */
        char *filesystem;
        char *problem; /* why its disks are not tuned; NULL: they are */
};

enum kt_broker_state {
        KT_BROKER_WAITING, /* no process of it is known yet */
        KT_BROKER_ENOUGH,  /* its limits are as wanted */
        KT_BROKER_RAISED,  /* by us, and read back */
        KT_BROKER_DENIED,
        KT_BROKER_FAILED,
        KT_BROKER_STATE_COUNT_
};

/* A container of a broker's pod, and the process in it whose limits its children inherit. */
struct kt_node_broker {
        char *pod_uid;
        char *pod_namespace;
        char *pod_name;
        char *container_id;
        uint64_t pid;
        uint64_t nofile; /* hard limit, as last read; 0: not known */
        uint64_t want_nofile;
        enum kt_broker_state state;
        char *reason; /* NULL: nothing to say */
};

struct kt_node_state {
        char node[KT_NODE_NAME_MAX];
        char node_uid[KT_NODE_UID_MAX]; /* "" until the API said it */
        char boot_id[KT_NODE_UID_MAX];
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
        char *config_problem; /* why kafka.yaml cannot be used; NULL: it can. The profile before it stays in force */
        bool is_judged;       /* all rows were read at least once */
        uint64_t rounds;
        uint64_t written;
        struct kt_conditions conditions;
};

const char *kt_broker_state_name(enum kt_broker_state state);

/* The row of that key, or NULL. */
struct kt_node_row *kt_node_find_row(struct kt_node_state *state, const char *key);

/* How many rows are in that state. */
size_t kt_node_count(const struct kt_node_state *state, enum kt_state row_state);

/* Everything required was read back and holds; ret_first (may be NULL) is the first row that does not, or NULL. */
bool kt_node_is_ready(const struct kt_node_state *state, const struct kt_node_row **ret_first);

void kt_node_row_done(struct kt_node_row *row);
void kt_node_clear_volumes(struct kt_node_state *state);
void kt_node_broker_done(struct kt_node_broker *broker);
void kt_node_state_done(struct kt_node_state *state);

#endif
