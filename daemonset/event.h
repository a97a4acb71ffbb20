/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, until the API server has it as an Event: a bounded list of plain data. */
#ifndef KT_DAEMONSET_EVENT_H
#define KT_DAEMONSET_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemonset/hash.h"
#include "lib/base/attr.h"

enum {
        KT_EVENTS_MAX = 64,          /* that wait; while the API server is away the oldest are given up */
        KT_EVENT_MESSAGE_MAX = 1024, /* what the API server takes (validation of core/v1 Event) */
        KT_EVENT_REASON_MAX = 32,
        KT_EVENT_SAME_S = 10 * 60, /* the same happening within that time is one Event */
};

struct kt_event {
        bool is_warning;
        bool is_logged;
        char reason[KT_EVENT_REASON_MAX];
        char hash[KT_HASH_MAX]; /* names it: the same content at the same time has the same, also after a restart */
        char *message;
        int64_t wall_s;
};

/* Zero-initialise; release with kt_events_done. */
struct kt_events {
        struct kt_event *items; /* oldest first */
        size_t count;
        size_t cap;
        uint64_t lost;
};

/* Adds one, unless one of that name waits already. What it is about goes into the name, with reason, message and the
 * time, which counts in steps of KT_EVENT_SAME_S. Out of memory it is lost, and counted. */
void kt_events_add(struct kt_events *events, bool is_warning, const char *reason, const char *about, int64_t wall_s,
                   const char *format, ...) KT_PRINTF(6, 7);

/* As above for what became so at that very second, which is known across restarts: it is part of the name as it is. */
void kt_events_add_change(struct kt_events *events, bool is_warning, const char *reason, const char *about,
                          int64_t since_wall_s, const char *message);

/* The one with that hash, or NULL. */
struct kt_event *kt_events_find(struct kt_events *events, const char *hash);
void kt_events_remove(struct kt_events *events, const char *hash);
void kt_events_done(struct kt_events *events);

#endif
