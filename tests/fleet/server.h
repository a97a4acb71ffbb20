/* SPDX-License-Identifier: Apache-2.0 */
/* A kube-apiserver as far as the agents meet it: lists, watches, patches, versions, latency, and its bad days. One
 * server stands for all replicas: what it bears alone, three bear better. */
#ifndef KT_TESTS_FLEET_SERVER_H
#define KT_TESTS_FLEET_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- What it counts ---- */

enum server_kind {
        SERVER_LIST,
        SERVER_WATCH,
        SERVER_NODE,   /* patches of the Node: label and taint */
        SERVER_TUNING, /* the NodeTuning itself */
        SERVER_STATUS, /* of the NodeTuning */
        SERVER_EVENT,
        SERVER_OTHER, /* nothing that the agents should ask */
        SERVER_KIND_COUNT
};

struct server_stats {
        uint64_t kinds[SERVER_KIND_COUNT];
        uint64_t expired;     /* watches whose time was up: each is opened again */
        uint64_t connections; /* that were opened: TLS handshakes */
        uint64_t told;        /* events of watches, without bookmarks */
        uint64_t bookmarks;
        uint64_t too_many;   /* answers 429 */
        uint64_t gone;       /* answers 410 to watches */
        uint64_t conflicts;  /* answers 409, of which: */
        uint64_t duplicates; /* an Event that was there already */
        uint64_t created;    /* Events */
        uint64_t refused;    /* connections while it was away */
};
struct server_stats server_stats(void);

/* Requests that arrived in that second, and how many of them opened a watch. */
uint32_t server_second(int64_t second);
uint32_t server_second_watches(int64_t second);

/* ---- Its side of a request ---- */

struct exchange;

/* What the client's side has to have: called for parts of an answer, and at its end. status 0: there is no answer. Must
 * not end exchanges. */
struct server_client {
        void (*receive)(void *context, long status, long retry_after_s, const char *data, size_t len);
        /* is_whole: it ended as HTTP wants it; else the connection broke, or was refused when there was no answer. */
        void (*end)(void *context, bool is_whole);
};

/* Sends a request of that node's agent. Texts are borrowed for the call; target is path and query. */
struct exchange *server_send(unsigned slot, const char *method, const char *target, const char *body,
                             const struct server_client *client, void *context);
/* The client does not want to hear of it any more. */
void server_forget(struct exchange *exchange);
/* The agent of that node has ended, and its connection with it. */
void server_hang_up(unsigned slot);

/* ---- What happens in the cluster; each node has a slot ---- */

void server_start(unsigned slots);
void server_stop(void);

/* A Node of that name joins, with the startup taint, or leaves, with its NodeTuning and its pod. */
void server_add_node(unsigned slot, const char *name);
void server_remove_node(unsigned slot);
/* The kubelet reports, as each five minutes when nothing has changed. */
void server_touch_node(unsigned slot);
/* A pod of a broker comes to that node, in the place of the one before; number 0: there is none any more. */
void server_set_pod(unsigned slot, uint64_t number);
uint64_t server_pod(unsigned slot);

/* From now on connections are refused, and what is open ends: in good order, as a server that is asked to end does, or
 * not. */
void server_fail(bool in_good_order);
/* It is back, and its watch cache knows nothing of before. */
void server_return(void);

/* What it holds: the Node's label, "" without; whether the startup taint is there; the digest of the status, "". */
const char *server_label(unsigned slot);
bool server_is_tainted(unsigned slot);
bool server_has_status(unsigned slot);

#endif
