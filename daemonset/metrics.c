/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as rows, and the server that shows them.
 *
 * Anybody who reaches the port may send anything to the server: it reads a request line and headers of a few kilobytes,
 * looks at method and path, and closes. Number, memory, silence and life of connections are limited; some are kept for
 * loopback, so that strangers cannot make the kubelet believe that we are dead. Labels hold names from outside. */
#include "daemonset/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/array.h"
#include "lib/base/auto.h"
#include "lib/text/num.h"
#include "lib/text/utf8.h"

#define GAUGE   KT_METRIC_GAUGE
#define COUNTER KT_METRIC_COUNTER

const struct kt_metric kt_metric_rows[] = {
        [KT_METRIC_BUILD_INFO] = { "k8skafka_build_info",
                                   GAUGE,
                                   { "version", "profile" },
                                   "Always 1; the version of the agent and the hash of its profile." },
        [KT_METRIC_READY] = { "k8skafka_node_ready",
                              GAUGE,
                              { NULL },
                              "1 when everything required was read back, else 0." },
        [KT_METRIC_ROW_STATE] = { "k8skafka_row_state",
                                  GAUGE,
                                  { "id", "object", "state" },
                                  "Always 1; the state that a tunable is in now." },
        [KT_METRIC_ROW_HAVE] = { "k8skafka_row_have",
                                 GAUGE,
                                 { "id", "object" },
                                 "The value of a tunable that is a number, in the tunable's own unit." },
        [KT_METRIC_ROW_WANT] = { "k8skafka_row_want",
                                 GAUGE,
                                 { "id", "object" },
                                 "The wanted value of a tunable that is a number, in the tunable's own unit." },
        [KT_METRIC_DRIFT] = { "k8skafka_drifts_total",
                              COUNTER,
                              { "id" },
                              "Times that a value was found changed after it had been right." },
        [KT_METRIC_RESTORES] = { "k8skafka_restores_total", COUNTER, { "id" }, "Times that a value was put back." },
        [KT_METRIC_CONFLICTS] = { "k8skafka_conflicts",
                                  GAUGE,
                                  { NULL },
                                  "Tunables that are left alone because something else keeps changing them." },
        [KT_METRIC_RECONCILES] = { "k8skafka_reconciles_total", COUNTER, { NULL }, "Rounds over all tunables." },
        [KT_METRIC_RECONCILE_SECONDS] = { "k8skafka_reconcile_busy_seconds_total",
                                          COUNTER,
                                          { NULL },
                                          "Seconds spent in rounds over all tunables." },
        [KT_METRIC_RECONCILE_TIME] = { "k8skafka_reconcile_timestamp_seconds",
                                       GAUGE,
                                       { NULL },
                                       "When the last round ended, in seconds since 1970." },
        [KT_METRIC_BROKERS] = { "k8skafka_brokers", GAUGE, { NULL }, "Broker containers that run on this node." },
        [KT_METRIC_BROKER_FILES] = { "k8skafka_broker_open_files_limit",
                                     GAUGE,
                                     { "namespace", "pod" },
                                     "Hard limit of open files of a broker container." },
        [KT_METRIC_BROKER_FILES_WANTED] = { "k8skafka_broker_open_files_wanted",
                                            GAUGE,
                                            { "namespace", "pod" },
                                            "Hard limit of open files that kafka.yaml asks for." },
        [KT_METRIC_LIMITS_RAISED] = { "k8skafka_limits_raised_total",
                                      COUNTER,
                                      { "id" },
                                      "Limits of broker processes that were raised." },
        [KT_METRIC_LIMIT_FAILURES] = { "k8skafka_limit_failures_total",
                                       COUNTER,
                                       { "id" },
                                       "Limits of broker processes that could not be raised." },
        [KT_METRIC_VOLUMES] = { "k8skafka_volumes",
                                GAUGE,
                                { NULL },
                                "Volumes of brokers that are mounted on this node." },
        [KT_METRIC_DISK_WRITE] = { "k8skafka_disk_write_bytes_per_second",
                                   GAUGE,
                                   { "volume" },
                                   "Bytes a second that the volume was proven to sustain." },
        [KT_METRIC_DISK_TIME] = { "k8skafka_disk_measured_timestamp_seconds",
                                  GAUGE,
                                  { "volume" },
                                  "When the volume was measured, in seconds since 1970." },
        [KT_METRIC_API_REQUESTS] = { "k8skafka_api_requests_total",
                                     COUNTER,
                                     { NULL },
                                     "Requests sent to the API server, openings of watches included." },
        [KT_METRIC_API_FAILURES] = { "k8skafka_api_failures_total",
                                     COUNTER,
                                     { NULL },
                                     "Requests that had no answer, or one that is no success." },
        [KT_METRIC_API_EVENTS] = { "k8skafka_api_watch_events_total",
                                   COUNTER,
                                   { NULL },
                                   "Events received on watches, bookmarks included." },
        [KT_METRIC_API_BYTES] = { "k8skafka_api_received_bytes_total",
                                  COUNTER,
                                  { NULL },
                                  "Bytes of bodies received from the API server." },
        [KT_METRIC_API_ANSWER_TIME] = { "k8skafka_api_answer_timestamp_seconds",
                                        GAUGE,
                                        { NULL },
                                        "When the API server answered last, in seconds since 1970." },
        [KT_METRIC_COUNT_] = { 0 },
};

static const struct kt_metric lost_row = {
        "k8skafka_metric_series_lost_total", COUNTER, { NULL }, "Series that are not shown because there are too many."
};

/* ---- Values ---- */

struct series {
        unsigned id;
        char *labels[KT_METRIC_LABELS_MAX];
        double value;
};

struct kt_metrics {
        const struct kt_metric *rows;
        size_t row_count;
        struct series *series;
        size_t count;
        size_t cap;
        double lost;
};

struct kt_metrics *kt_metrics_new(const struct kt_metric *rows)
{
        struct kt_metrics *metrics = calloc(1, sizeof(*metrics));

        if (!metrics)
                return NULL;
        metrics->rows = rows;
        while (rows[metrics->row_count].name)
                metrics->row_count++;
        return metrics;
}

static void series_done(struct series *series)
{
        for (size_t i = 0; i < KT_METRIC_LABELS_MAX; i++)
                free(series->labels[i]);
}

void kt_metrics_free(struct kt_metrics *metrics)
{
        if (!metrics)
                return;
        for (size_t i = 0; i < metrics->count; i++)
                series_done(&metrics->series[i]);
        free(metrics->series);
        free(metrics);
}

static bool has_labels(const struct series *series, const char *const *labels, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (strncmp(series->labels[i], labels[i], KT_METRIC_VALUE_MAX) != 0)
                        return false;
        return true;
}

static size_t label_count(const struct kt_metric *row)
{
        size_t count = 0;

        while (row->labels[count])
                count++;
        return count;
}

static struct series *find(struct kt_metrics *metrics, unsigned id, const char *const *labels)
{
        for (size_t i = 0; i < metrics->count; i++)
                if (metrics->series[i].id == id &&
                    has_labels(&metrics->series[i], labels, label_count(&metrics->rows[id])))
                        return &metrics->series[i];
        return NULL;
}

/* A new series of value 0; NULL when there is no room. */
static struct series *add_series(struct kt_metrics *metrics, unsigned id, const char *const *labels)
{
        struct series fresh = { .id = id };

        if (metrics->count >= KT_METRIC_SERIES_MAX ||
            kt_array_reserve(&metrics->series, &metrics->cap, metrics->count + 1, sizeof(fresh)) < 0)
                return NULL;
        for (size_t i = 0; i < label_count(&metrics->rows[id]); i++) {
                fresh.labels[i] = strndup(labels[i], KT_METRIC_VALUE_MAX);
                if (!fresh.labels[i]) {
                        series_done(&fresh);
                        return NULL;
                }
        }
        metrics->series[metrics->count] = fresh;
        return &metrics->series[metrics->count++];
}

static struct series *get(struct kt_metrics *metrics, unsigned id, const char *const *labels)
{
        struct series *series = find(metrics, id, labels);

        if (!series)
                series = add_series(metrics, id, labels);
        if (!series)
                metrics->lost++;
        return series;
}

void kt_metrics_set(struct kt_metrics *metrics, unsigned id, const char *const *labels, double value)
{
        struct series *series = get(metrics, id, labels);

        if (series)
                series->value = value;
}

void kt_metrics_add(struct kt_metrics *metrics, unsigned id, const char *const *labels, double value)
{
        struct series *series = get(metrics, id, labels);

        if (series)
                series->value += value;
}

void kt_metrics_forget(struct kt_metrics *metrics, unsigned id, const char *const *labels, size_t count)
{
        size_t kept = 0;

        for (size_t i = 0; i < metrics->count; i++) {
                if (metrics->series[i].id == id && has_labels(&metrics->series[i], labels, count))
                        series_done(&metrics->series[i]);
                else
                        metrics->series[kept++] = metrics->series[i];
        }
        metrics->count = kept;
}

/* ---- Text (Prometheus documentation, Exposition formats, 0.0.4) ---- */

static void add_label_value(struct kt_str *out, const char *value)
{
        size_t len = strlen(value);

        for (size_t i = 0; i < len;) {
                uint32_t code = 0;
                size_t n = kt_utf8_decode(value + i, len - i, &code);

                if (n == 0)
                        kt_str_add(out, KT_UTF8_REPLACEMENT);
                else if (value[i] == '\n')
                        kt_str_add(out, "\\n");
                else if (value[i] == '"' || value[i] == '\\')
                        kt_str_addf(out, "\\%c", value[i]);
                else
                        kt_str_add_bytes(out, value + i, n);
                i += n == 0 ? 1 : n;
        }
}

static void add_number(struct kt_str *out, double value)
{
        if (isnan(value))
                kt_str_add(out, "NaN");
        else if (isinf(value))
                kt_str_add(out, value > 0 ? "+Inf" : "-Inf");
        else if (fabs(value) < 1e15 && value == floor(value))
                kt_str_addf(out, "%.0f", value);
        else
                kt_str_addf(out, "%.17g", value);
}

static void add_head(struct kt_str *out, const struct kt_metric *row)
{
        kt_str_addf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                    row->type == KT_METRIC_COUNTER ? "counter" : "gauge");
}

static void add_sample(struct kt_str *out, const struct kt_metric *row, const struct series *series)
{
        kt_str_add(out, row->name);
        for (size_t i = 0; row->labels[i]; i++) {
                kt_str_addf(out, "%c%s=\"", i == 0 ? '{' : ',', row->labels[i]);
                add_label_value(out, series->labels[i]);
                kt_str_add_char(out, '"');
        }
        kt_str_add(out, row->labels[0] ? "} " : " ");
        add_number(out, series->value);
        kt_str_add_char(out, '\n');
}

void kt_metrics_render(const struct kt_metrics *metrics, struct kt_str *out)
{
        for (unsigned id = 0; id < metrics->row_count; id++) {
                bool has_head = false;

                for (size_t i = 0; i < metrics->count; i++) {
                        if (metrics->series[i].id != id)
                                continue;
                        if (!has_head)
                                add_head(out, &metrics->rows[id]);
                        has_head = true;
                        add_sample(out, &metrics->rows[id], &metrics->series[i]);
                }
        }
        add_head(out, &lost_row);
        add_sample(out, &lost_row, &(struct series){ .value = metrics->lost });
}

/* ---- The server ---- */

struct kt_metrics_server {
        struct MHD_Daemon *daemon;
        struct kt_metrics_source source;
        int fd;
        uint16_t port;
        int64_t now_ms;
        struct {
                int fd; /* the connection's, which libmicrohttpd owns */
                int64_t until_ms;
                bool is_used;
                bool is_cut;
        } open[KT_METRICS_CONNECTIONS_MAX];
};

struct page {
        const char *path;
        const char *type;
        bool (*render)(struct kt_metrics_server *server, struct kt_str *out); /* false: 503 */
};

static bool render_metrics(struct kt_metrics_server *server, struct kt_str *out)
{
        server->source.metrics(server->source.context, out);
        return true;
}

static bool render_health(struct kt_metrics_server *server, struct kt_str *out)
{
        return server->source.healthy(server->source.context, out);
}

static bool render_ready(struct kt_metrics_server *server, struct kt_str *out)
{
        return server->source.ready(server->source.context, out);
}

#define PLAIN "text/plain; charset=utf-8"

static const struct page pages[] = {
        { "/metrics", "text/plain; version=0.0.4; charset=utf-8", render_metrics },
        { "/healthz", PLAIN, render_health },
        { "/readyz", PLAIN, render_ready },
};

static const struct page *find_page(const char *path)
{
        for (size_t i = 0; i < KT_COUNT(pages); i++)
                if (strcmp(pages[i].path, path) == 0)
                        return &pages[i];
        return NULL;
}

/* Queues an answer that ends the connection. Takes what out holds. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, struct kt_str *out)
{
        size_t len = out->len;
        char *text = kt_str_take(out);
        struct MHD_Response *response = text ? MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE) : NULL;
        enum MHD_Result r;

        if (!response) {
                free(text);
                return MHD_NO;
        }
        r = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        if (r == MHD_YES)
                r = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
        if (r == MHD_YES && status == MHD_HTTP_METHOD_NOT_ALLOWED)
                r = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
        if (r == MHD_YES)
                r = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return r;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *data, size_t *len, void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_metrics_server *server = context;
        const struct page *page = find_page(path);
        bool ok;
        (void)version;
        (void)data;

        if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
                kt_str_add(&out, "GET and HEAD only\n");
                return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, PLAIN, &out);
        }
        /* A body that nobody asked for is read away: libmicrohttpd calls again until it is gone. */
        if (!*state || *len > 0) {
                *state = server;
                *len = 0;
                return MHD_YES;
        }
        if (!page) {
                kt_str_add(&out, "there are /metrics, /healthz and /readyz\n");
                return reply(connection, MHD_HTTP_NOT_FOUND, PLAIN, &out);
        }
        ok = page->render(server, &out);
        return reply(connection, ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, page->type, &out);
}

static bool is_local(const struct sockaddr *address)
{
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;

        if (address->sa_family == AF_INET)
                return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        return address->sa_family == AF_INET6 &&
               (IN6_IS_ADDR_LOOPBACK(&six->sin6_addr) ||
                (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && six->sin6_addr.s6_addr[12] == IN_LOOPBACKNET));
}

static enum MHD_Result admit(void *context, const struct sockaddr *address, socklen_t len)
{
        const struct kt_metrics_server *server = context;
        size_t used = 0;
        (void)len;

        for (size_t i = 0; i < KT_COUNT(server->open); i++)
                used += server->open[i].is_used;
        return used < KT_METRICS_CONNECTIONS_MAX - KT_METRICS_RESERVED || is_local(address) ? MHD_YES : MHD_NO;
}

static void note_connection(void *context, struct MHD_Connection *connection, void **state,
                            enum MHD_ConnectionNotificationCode code)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        struct kt_metrics_server *server = context;
        (void)state;

        for (size_t i = 0; info && i < KT_COUNT(server->open); i++) {
                if (code == MHD_CONNECTION_NOTIFY_CLOSED && server->open[i].is_used &&
                    server->open[i].fd == info->connect_fd) {
                        server->open[i].is_used = false;
                        return;
                }
                if (code == MHD_CONNECTION_NOTIFY_STARTED && !server->open[i].is_used) {
                        server->open[i].fd = info->connect_fd;
                        server->open[i].until_ms = server->now_ms + KT_METRICS_LIFE_MS;
                        server->open[i].is_used = true;
                        server->open[i].is_cut = false;
                        return;
                }
        }
}

/* Connections that took too long read as ended by the other side: libmicrohttpd itself only limits their silence. */
static void cut_old(struct kt_metrics_server *server)
{
        for (size_t i = 0; i < KT_COUNT(server->open); i++) {
                if (!server->open[i].is_used || server->open[i].is_cut || server->open[i].until_ms > server->now_ms)
                        continue;
                server->open[i].is_cut = true;
                (void)shutdown(server->open[i].fd, SHUT_RDWR); /* fails where the other side was faster */
        }
}

/* ---- Its address ---- */

union address {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
};

/* "1.2.3.4:80", "[::1]:80", ":80" */
static int parse_address(const char *text, union address *ret, struct kt_err *e)
{
        const char *colon = strrchr(text, ':');
        char host[INET6_ADDRSTRLEN + 2] = "";
        size_t len = colon ? (size_t)(colon - text) : sizeof(host);
        uint64_t port = 0;

        *ret = (union address){ .six = { .sin6_family = AF_INET6, .sin6_addr = in6addr_any } };
        if (len >= sizeof(host) || kt_num_parse_u64_in(colon + 1, 0, UINT16_MAX, &port) < 0)
                return kt_err_set(e, -EINVAL, "'%s' is no ADDRESS:PORT", text);
        memcpy(host, text, len);

        if (len == 0) {
                ret->six.sin6_port = htons((uint16_t)port);
                return 0;
        }
        if (host[0] == '[' && host[len - 1] == ']') {
                host[len - 1] = '\0';
                ret->six.sin6_port = htons((uint16_t)port);
                if (inet_pton(AF_INET6, host + 1, &ret->six.sin6_addr) == 1)
                        return 0;
        }
        *ret = (union address){ .four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) } };
        if (inet_pton(AF_INET, host, &ret->four.sin_addr) != 1)
                return kt_err_set(e, -EINVAL, "'%s' is no ADDRESS:PORT", text);
        return 0;
}

/* A listening socket, or -errno. "All addresses" means those of both families, by one socket, and on a machine without
 * IPv6 those of the other. */
static int listen_on(union address *address)
{
        KT_AUTO_FD int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        socklen_t len = address->any.sa_family == AF_INET ? sizeof(address->four) : sizeof(address->six);
        int on = 1;
        int off = 0;

        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            (address->any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
            bind(fd, &address->any, len) < 0 || listen(fd, KT_METRICS_CONNECTIONS_MAX) < 0 ||
            getsockname(fd, &address->any, &len) < 0)
                return -errno;
        return kt_take_fd(&fd);
}

static int open_socket(const char *text, uint16_t *ret_port, struct kt_err *e)
{
        union address address;
        int fd;
        int r = parse_address(text, &address, e);

        if (r < 0)
                return r;
        fd = listen_on(&address);
        if (fd == -EAFNOSUPPORT && text[0] == ':') {
                address = (union address){ .four = { .sin_family = AF_INET, .sin_port = address.six.sin6_port } };
                fd = listen_on(&address);
        }
        if (fd < 0)
                return kt_err_set(e, fd, "listen on %s", text);
        *ret_port = ntohs(address.any.sa_family == AF_INET ? address.four.sin_port : address.six.sin6_port);
        return fd;
}

int kt_metrics_server_new(const char *address, const struct kt_metrics_source *source, struct kt_metrics_server **ret,
                          struct kt_err *e)
{
        struct kt_metrics_server *server = calloc(1, sizeof(*server));
        const union MHD_DaemonInfo *info;
        int fd;

        if (!server)
                return kt_err_set(e, -ENOMEM, "serve metrics");
        server->source = *source;
        fd = open_socket(address, &server->port, e);
        if (fd < 0) {
                free(server);
                return fd;
        }
        server->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, admit, server, answer, server, MHD_OPTION_LISTEN_SOCKET, fd,
                                          MHD_OPTION_CONNECTION_LIMIT, (unsigned)KT_METRICS_CONNECTIONS_MAX,
                                          MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)KT_METRICS_PER_ADDRESS_MAX,
                                          MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)KT_METRICS_IDLE_S,
                                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)KT_METRICS_MEMORY,
                                          MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_END);
        if (!server->daemon) { /* which has closed fd */
                free(server);
                return kt_err_set(e, -ENOMEM, "serve metrics on %s", address);
        }
        info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info || info->epoll_fd < 0) {
                kt_metrics_server_free(server);
                return kt_err_set(e, -ENOTSUP, "this libmicrohttpd has no epoll");
        }
        server->fd = info->epoll_fd;
        *ret = server;
        return 0;
}

void kt_metrics_server_free(struct kt_metrics_server *server)
{
        if (!server)
                return;
        MHD_stop_daemon(server->daemon);
        free(server);
}

uint16_t kt_metrics_server_port(const struct kt_metrics_server *server)
{
        return server->port;
}

int kt_metrics_server_fd(const struct kt_metrics_server *server)
{
        return server->fd;
}

int64_t kt_metrics_server_wait_ms(const struct kt_metrics_server *server, int64_t now_ms)
{
        MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
        int64_t wait_ms = MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES ? (int64_t)timeout_ms : -1;

        for (size_t i = 0; i < KT_COUNT(server->open); i++) {
                int64_t left_ms = server->open[i].until_ms > now_ms ? server->open[i].until_ms - now_ms : 0;

                if (server->open[i].is_used && !server->open[i].is_cut && (wait_ms < 0 || left_ms < wait_ms))
                        wait_ms = left_ms;
        }
        return wait_ms;
}

int kt_metrics_server_step(struct kt_metrics_server *server, int64_t now_ms, struct kt_err *e)
{
        server->now_ms = now_ms;
        cut_old(server);
        return MHD_run(server->daemon) == MHD_YES ? 0 : kt_err_set(e, -EIO, "serve metrics");
}
