/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus metrics as rows, and the small HTTP server that shows them; the only file behind it that knows
 * libmicrohttpd. */
#ifndef KT_DAEMONSET_METRICS_H
#define KT_DAEMONSET_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

/* ---- Rows ---- */

enum {
        KT_METRIC_LABELS_MAX = 3,
        KT_METRIC_SERIES_MAX = 2048, /* of all metrics together: labels come from outside */
        KT_METRIC_VALUE_MAX = 256,   /* bytes of a label's value; longer ones are cut */
};

enum kt_metric_type { KT_METRIC_GAUGE, KT_METRIC_COUNTER };

/* One family. Rows end with an empty one. */
struct kt_metric {
        const char *name; /* k8skafka_..., base unit as suffix, a counter ends in _total */
        enum kt_metric_type type;
        const char *labels[KT_METRIC_LABELS_MAX + 1]; /* NULL-terminated */
        const char *help;                             /* one sentence, unit named */
};

/* The agent's own, in the order of the enum. */
enum kt_metric_id {
        KT_METRIC_BUILD_INFO,
        KT_METRIC_READY,
        KT_METRIC_ROW_STATE,
        KT_METRIC_ROW_HAVE,
        KT_METRIC_ROW_WANT,
        KT_METRIC_DRIFT,
        KT_METRIC_RESTORES,
        KT_METRIC_CONFLICTS,
        KT_METRIC_RECONCILES,
        KT_METRIC_RECONCILE_SECONDS,
        KT_METRIC_RECONCILE_TIME,
        KT_METRIC_BROKERS,
        KT_METRIC_BROKER_FILES,
        KT_METRIC_BROKER_FILES_WANTED,
        KT_METRIC_LIMITS_RAISED,
        KT_METRIC_LIMIT_FAILURES,
        KT_METRIC_VOLUMES,
        KT_METRIC_DISK_WRITE,
        KT_METRIC_DISK_TIME,
        KT_METRIC_API_REQUESTS,
        KT_METRIC_API_FAILURES,
        KT_METRIC_API_EVENTS,
        KT_METRIC_API_BYTES,
        KT_METRIC_API_ANSWER_TIME,
        KT_METRIC_COUNT_,
};
extern const struct kt_metric kt_metric_rows[];

struct kt_metrics; /* the values of one table of rows */

/* rows: kt_metric_rows, or a test's own; borrowed. NULL when memory ran out. */
KT_MUST_CHECK struct kt_metrics *kt_metrics_new(const struct kt_metric *rows);
void kt_metrics_free(struct kt_metrics *metrics);

/* Sets or adds to the series of row id with these values of its labels: as many as the row has labels, NULL where it
 * has none. Any bytes may be in a value. A series that finds no room is counted (k8skafka_metric_series_lost_total) and
 * nothing else. */
void kt_metrics_set(struct kt_metrics *metrics, unsigned id, const char *const *labels, double value);
void kt_metrics_add(struct kt_metrics *metrics, unsigned id, const char *const *labels, double value);
/* Forgets the series of a row whose first count labels have these values (0: all): what they are about has left, or is
 * told anew. */
void kt_metrics_forget(struct kt_metrics *metrics, unsigned id, const char *const *labels, size_t count);

/* Appends the text format (Prometheus exposition format 0.0.4), families in the order of their rows, series in the
 * order of their first appearance; a family without a series is left out. */
void kt_metrics_render(const struct kt_metrics *metrics, struct kt_str *out);

/* ---- The server ---- */

enum {
        KT_METRICS_CONNECTIONS_MAX = 16,
        KT_METRICS_RESERVED = 4, /* of them for loopback: the kubelet asks there whether we live */
        KT_METRICS_PER_ADDRESS_MAX = 8,
        KT_METRICS_IDLE_S = 5,       /* of a connection on which nothing happens */
        KT_METRICS_LIFE_MS = 15000,  /* of a connection: whoever sends a byte a second gets no further */
        KT_METRICS_MEMORY = 8 << 10, /* of one connection: request line and headers have to fit */
};

struct kt_metrics_server;

/* Who answers. Called from kt_metrics_server_step. */
struct kt_metrics_source {
        /* Appends /metrics. */
        void (*metrics)(void *context, struct kt_str *out);
        /* Whether the loop is alive, and whether the node is ready; appends one line that says why (not). */
        bool (*healthy)(void *context, struct kt_str *out);
        bool (*ready)(void *context, struct kt_str *out);
        void *context;
};

/* Serves GET and HEAD of /metrics, /healthz and /readyz (200, or 503 when the answer is no) at "ADDRESS:PORT",
 * "[::1]:PORT" or ":PORT" (all addresses). No thread: the caller's loop calls step. Port 0 takes a free one. */
KT_MUST_CHECK int kt_metrics_server_new(const char *address, const struct kt_metrics_source *source,
                                        struct kt_metrics_server **ret, struct kt_err *e);
void kt_metrics_server_free(struct kt_metrics_server *server);
uint16_t kt_metrics_server_port(const struct kt_metrics_server *server);
/* For poll(2): readable when step has something to do. Borrowed. */
int kt_metrics_server_fd(const struct kt_metrics_server *server);
/* Milliseconds until step wants to be called anyway, -1 never. */
int64_t kt_metrics_server_wait_ms(const struct kt_metrics_server *server, int64_t now_ms);
/* Answers whatever is due; never blocks. now_ms: CLOCK_MONOTONIC. */
KT_MUST_CHECK int kt_metrics_server_step(struct kt_metrics_server *server, int64_t now_ms, struct kt_err *e);

#endif
