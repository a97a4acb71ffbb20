/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the Kubernetes API on libcurl's multi interface.
 *
 * What comes in is the API server's, once TLS has verified it against the cluster's authority: bounded, parsed
 * strictly, never followed elsewhere. What goes out carries our token: to that one address only, past no proxy, over
 * https, and over plain http to the own machine alone. No callback of ours is called while libcurl would forbid us to
 * start or end transfers; what callbacks ask for is done by the next round of kt_kube_step. */
#include "daemonset/kube.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "daemonset/credential.h"
#include "lib/base/auto.h"
#include "lib/text/num.h"

enum {
        URL_MAX = 4096,
        STATUS_TEXT_MAX = 1 << 16, /* of the body of an answer that is no success: a Status */
        READY_MAX = 16,            /* sockets that one round looks at; more come with the next */
        UNACKED_MS = 30000, /* data that nobody acknowledges breaks the connection, or requests pile up behind it */
        KEEP_IDLE_S = 30,   /* a watch is silent for a minute; middle boxes forget connections */
        CONNECTIONS_KEPT = 4,
};

#define ACCOUNT_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount/"

/* ---- Requests in flight ---- */

struct call {
        struct kt_kube *kube;
        uint64_t id;
        struct kt_kube_request request; /* its texts are owned */
        char *url;
        CURL *easy; /* NULL: not sent yet */
        struct curl_slist *headers;
        struct kt_str body;
        int64_t due_ms; /* when it is sent; -1: not decided */
        int64_t sent_ms;
        bool is_dead;       /* cancelled, or over */
        bool is_open;       /* a stream that was told to be */
        bool is_second_try; /* after a 401 */
        int ended;          /* what data said, when it ended the stream */
        struct kt_err e;    /* what it said with it; or that the answer is too large */
        char why[CURL_ERROR_SIZE];
};

struct kt_kube {
        CURLM *multi;
        int epoll_fd;
        char *url;
        char *agent;
        struct kt_credential token; /* path NULL: none is sent */
        struct kt_credential ca;    /* path NULL: plain http */
        int64_t connect_timeout_ms;
        int64_t request_timeout_ms;
        size_t answer_max;
        int64_t now_ms;
        int64_t curl_due_ms; /* -1: never */
        bool must_reload;
        uint64_t last_id;
        struct call *calls[KT_KUBE_REQUESTS_MAX];
        struct kt_kube_stats stats;
};

static const struct {
        const char *name;
        const char *method;
        const char *content_type;
} verbs[] = {
        [KT_KUBE_GET] = { "get", "GET", NULL },
        [KT_KUBE_APPLY] = { "apply", "PATCH", "Content-Type: application/apply-patch+yaml" },
        [KT_KUBE_MERGE] = { "patch", "PATCH", "Content-Type: application/merge-patch+json" },
        [KT_KUBE_CREATE] = { "create", "POST", "Content-Type: application/json" },
        [KT_KUBE_DELETE] = { "delete", "DELETE", NULL },
};

/* Forgets what a try has left: the next one begins anew. */
static void unsend(struct call *call)
{
        if (call->easy) {
                (void)curl_multi_remove_handle(call->kube->multi,
                                               call->easy); /* fails only for a handle that is not in it */
                curl_easy_cleanup(call->easy);
        }
        curl_slist_free_all(call->headers);
        call->easy = NULL;
        call->headers = NULL;
        kt_str_done(&call->body);
        call->ended = 0;
        call->e = (struct kt_err){ 0 };
        call->why[0] = '\0';
}

static void call_free(struct call *call)
{
        unsend(call);
        free((char *)call->request.path);
        free((char *)call->request.body);
        free(call->url);
        free(call);
}

/* ---- Texts ---- */

void kt_kube_escape(struct kt_str *out, const char *text)
{
        static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

        for (; *text; text++) {
                if (strchr(unreserved, *text))
                        kt_str_add_char(out, *text);
                else
                        kt_str_addf(out, "%%%02X", (unsigned char)*text);
        }
}

int kt_kube_errno(long status, const char *reason)
{
        static const struct {
                long status;
                const char *reason; /* NULL: any */
                int code;
        } rows[] = {
                { 400, NULL, -EINVAL },
                { 401, NULL, -EACCES },
                { 403, NULL, -EPERM },
                { 404, NULL, -ENOENT },
                { 409, "AlreadyExists", -EEXIST },
                { 409, NULL, -EBUSY },
                { 410, NULL, -ESTALE },
                { 413, NULL, -EFBIG },
                { 422, NULL, -EINVAL },
                { 429, NULL, -EAGAIN },
        };

        if (status >= 200 && status < 300)
                return 0;
        if (status >= 500)
                return -EAGAIN;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (rows[i].status == status && (!rows[i].reason || strcmp(rows[i].reason, reason) == 0))
                        return rows[i].code;
        return -EPROTO;
}

/* Whether path and query hold only what may stand there as it is, and no way up (RFC 3986, 3.3 and 3.4). */
static bool is_path(const char *path)
{
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@%/";

        return path[0] == '/' && path[strspn(path, allowed)] == '\0' && !strstr(path, "//") && !strstr(path, "/.");
}

static bool is_query(const char *query)
{
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$'()*+,;:@%/?&=";

        return query[strspn(query, allowed)] == '\0';
}

/* ---- The address ---- */

static bool is_loopback(const char *host)
{
        struct in_addr four;

        if (inet_pton(AF_INET, host, &four) == 1)
                return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
        return strcmp(host, "[::1]") == 0;
}

/* Takes the parts out of url and judges them. */
static int check_url(const char *url, bool *ret_https, struct kt_err *e)
{
        static const CURLUPart never[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT };
        CURLU *parts = curl_url();
        char *scheme = NULL;
        char *host = NULL;
        char *path = NULL;
        bool ok = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                  curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0 &&
                  url[strlen(url) - 1] != '/';

        for (size_t i = 0; ok && i < KT_COUNT(never); i++) {
                char *part = NULL;

                ok = curl_url_get(parts, never[i], &part, 0) != CURLUE_OK;
                curl_free(part);
        }
        *ret_https = ok && strcmp(scheme, "https") == 0;
        ok = ok && (*ret_https || (strcmp(scheme, "http") == 0 && is_loopback(host)));
        curl_free(path);
        curl_free(host);
        curl_free(scheme);
        curl_url_cleanup(parts);
        if (!ok)
                return kt_err_set(e, -EINVAL,
                                  "the address of the API server is '%s'; it has to be https://HOST:PORT, or http to a "
                                  "loopback address",
                                  url);
        return 0;
}

/* An address in the environment of every container (Kubernetes documentation, Accessing the API from a Pod). */
static char *cluster_url(void)
{
        const char *host = getenv("KUBERNETES_SERVICE_HOST");
        const char *port = getenv("KUBERNETES_SERVICE_PORT");
        bool is_six = host && strchr(host, ':');

        if (!host || host[0] == '\0' || !port || port[0] == '\0')
                return NULL;
        return kt_str_make("https://%s%s%s:%s", is_six ? "[" : "", host, is_six ? "]" : "", port);
}

static int set_address(struct kt_kube *kube, const struct kt_kube_config *config, struct kt_err *e)
{
        bool is_https = false;
        int r;

        kube->url = config->url ? strdup(config->url) : cluster_url();
        if (!kube->url && !config->url)
                return kt_err_set(e, -EINVAL,
                                  "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod");
        if (!kube->url)
                return kt_err_set(e, -ENOMEM, "keep the address of the API server");

        r = check_url(kube->url, &is_https, e);
        if (r < 0)
                return r;

        if (is_https)
                kube->ca.path = strdup(config->ca_file ? config->ca_file : ACCOUNT_FOLDER "ca.crt");
        if (!config->token_file || config->token_file[0])
                kube->token.path = strdup(config->token_file ? config->token_file : ACCOUNT_FOLDER "token");
        kube->agent = strdup(config->agent ? config->agent : "kafka-tunerd");
        if ((is_https && !kube->ca.path) || !kube->agent ||
            (!kube->token.path && (!config->token_file || config->token_file[0])))
                return kt_err_set(e, -ENOMEM, "keep the names of the credentials");
        return 0;
}

/* ---- What libcurl asks of a loop ---- */

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
        struct kt_kube *kube = context;
        struct epoll_event event = { .data.fd = fd };
        (void)easy;

        if (what == CURL_POLL_REMOVE) {
                (void)epoll_ctl(kube->epoll_fd, EPOLL_CTL_DEL, fd, NULL); /* closing it has the same effect */
                return 0;
        }
        event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
        if (epoll_ctl(kube->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
                return -1;
        return curl_multi_assign(kube->multi, fd, kube) == CURLM_OK ? 0 : -1;
}

static int set_timer(CURLM *multi, long timeout_ms, void *context)
{
        struct kt_kube *kube = context;
        (void)multi;

        kube->curl_due_ms = timeout_ms < 0 ? -1 : kube->now_ms + timeout_ms;
        return 0;
}

/* Without it a dead peer costs every request its whole time, since they all share one connection. */
static int prepare_socket(void *context, curl_socket_t fd, curlsocktype purpose)
{
        unsigned unacked_ms = UNACKED_MS;
        (void)context;
        (void)purpose;

        return setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof(unacked_ms)) == 0 ? CURL_SOCKOPT_OK
                                                                                                   : CURL_SOCKOPT_ERROR;
}

int kt_kube_new(const struct kt_kube_config *config, struct kt_kube **ret, struct kt_err *e)
{
        struct kt_kube *kube = calloc(1, sizeof(*kube));
        int r;

        if (!kube || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
                free(kube);
                return kt_err_set(e, -ENOMEM, "start the client of the API server");
        }
        kube->connect_timeout_ms = config->connect_timeout_ms > 0 ? config->connect_timeout_ms : 10000;
        kube->request_timeout_ms = config->request_timeout_ms > 0 ? config->request_timeout_ms : 30000;
        kube->answer_max = config->answer_max > 0 ? config->answer_max : KT_KUBE_ANSWER_MAX;
        kube->curl_due_ms = -1;
        kube->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        kube->multi = curl_multi_init();
        r = kube->epoll_fd < 0 ? kt_err_set(e, -errno, "make an epoll descriptor")
            : !kube->multi     ? kt_err_set(e, -ENOMEM, "start the client of the API server")
                               : set_address(kube, config, e);
        if (r == 0 && (curl_multi_setopt(kube->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
                       curl_multi_setopt(kube->multi, CURLMOPT_SOCKETDATA, kube) != CURLM_OK ||
                       curl_multi_setopt(kube->multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK ||
                       curl_multi_setopt(kube->multi, CURLMOPT_TIMERDATA, kube) != CURLM_OK ||
                       curl_multi_setopt(kube->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT) != CURLM_OK))
                r = kt_err_set(e, -ENOTSUP, "this libcurl has no multi interface");
        if (r < 0) {
                kt_kube_free(kube);
                return r;
        }
        *ret = kube;
        return 0;
}

void kt_kube_free(struct kt_kube *kube)
{
        if (!kube)
                return;
        for (size_t i = 0; i < KT_COUNT(kube->calls); i++)
                if (kube->calls[i])
                        call_free(kube->calls[i]);
        if (kube->multi)
                (void)curl_multi_cleanup(kube->multi); /* its handles are gone, so that nothing is left to fail */
        (void)kt_close(kube->epoll_fd);                /* nothing was written to it */
        kt_credential_done(&kube->token);
        kt_credential_done(&kube->ca);
        free(kube->url);
        free(kube->agent);
        free(kube);
        curl_global_cleanup();
}

int kt_kube_fd(const struct kt_kube *kube)
{
        return kube->epoll_fd;
}

void kt_kube_get_stats(const struct kt_kube *kube, struct kt_kube_stats *ret)
{
        *ret = kube->stats;
}

/* ---- Starting ---- */

static char *build_url(const struct kt_kube *kube, const struct kt_kube_request *request)
{
        KT_AUTO_STR struct kt_str url = { 0 };
        char mark = '?';

        kt_str_addf(&url, "%s%s", kube->url, request->path);
        if (request->query && request->query[0]) {
                kt_str_addf(&url, "%c%s", mark, request->query);
                mark = '&';
        }
        if (request->manager) {
                kt_str_addf(&url, "%cfieldManager=", mark);
                kt_kube_escape(&url, request->manager);
                mark = '&';
        }
        if (request->verb == KT_KUBE_APPLY && request->force)
                kt_str_addf(&url, "%cforce=true", mark);
        return kt_str_take(&url);
}

static int check_request(const struct kt_kube_request *request, struct kt_err *e)
{
        bool wants_body = verbs[request->verb].content_type;

        if (!request->path || !is_path(request->path) || (request->query && !is_query(request->query)))
                return kt_err_set(e, -EINVAL, "'%.200s' is no path of the API", request->path ? request->path : "");
        if (!request->done || wants_body != !!request->body || (request->verb == KT_KUBE_APPLY && !request->manager))
                return kt_err_set(e, -EINVAL, "%s %s: the request is not complete", verbs[request->verb].name,
                                  request->path);
        return 0;
}

static struct call **find_place(struct kt_kube *kube)
{
        for (size_t i = 0; i < KT_COUNT(kube->calls); i++)
                if (!kube->calls[i])
                        return &kube->calls[i];
        return NULL;
}

int kt_kube_start(struct kt_kube *kube, const struct kt_kube_request *request, uint64_t *ret_id, struct kt_err *e)
{
        struct call **place = find_place(kube);
        struct call *call;
        int r = check_request(request, e);

        if (r < 0)
                return r;
        if (!place)
                return kt_err_set(e, -EBUSY, "%s %s: %d requests are under way", verbs[request->verb].name,
                                  request->path, (int)KT_KUBE_REQUESTS_MAX);

        call = calloc(1, sizeof(*call));
        if (!call)
                return kt_err_set(e, -ENOMEM, "%s %s", verbs[request->verb].name, request->path);
        *call = (struct call){ .kube = kube, .id = kube->last_id + 1, .request = *request, .due_ms = -1 };
        call->request.path = strdup(request->path);
        call->request.body = request->body ? strdup(request->body) : NULL;
        call->url = build_url(kube, request);
        if (!call->request.path || !call->url || (request->body && !call->request.body))
                r = kt_err_set(e, -ENOMEM, "%s %s", verbs[request->verb].name, request->path);
        else if (strlen(call->url) > URL_MAX)
                r = kt_err_set(e, -EINVAL, "%s %s: the address is longer than %d bytes", verbs[request->verb].name,
                               request->path, (int)URL_MAX);
        if (r < 0) {
                call_free(call);
                return r;
        }
        /* Texts that went into the address. */
        call->request.query = NULL;
        call->request.manager = NULL;

        *place = call;
        *ret_id = ++kube->last_id;
        return 0;
}

void kt_kube_cancel(struct kt_kube *kube, uint64_t id)
{
        for (size_t i = 0; i < KT_COUNT(kube->calls); i++)
                if (kube->calls[i] && kube->calls[i]->id == id)
                        kube->calls[i]->is_dead = true;
}

/* ---- Receiving; called by libcurl ---- */

static long status_of(const struct call *call)
{
        long status = 0;

        if (call->easy && curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
                return 0;
        return status;
}

static bool is_success(const struct call *call)
{
        return kt_kube_errno(status_of(call), "") == 0;
}

/* Hands bytes of a stream on. False: the transfer ends. */
static bool stream(struct call *call, const char *data, size_t len)
{
        if (call->is_dead)
                return false;
        call->ended = call->request.data(call->request.context, data, len, &call->e);
        return call->ended == 0 && !call->is_dead;
}

static size_t take_header(char *data, size_t one, size_t len, void *context)
{
        struct call *call = context;
        (void)one;

        /* The empty line behind the headers. */
        if (!call->request.data || call->is_open || len != 2 || data[0] != '\r' || !is_success(call))
                return len;
        call->is_open = true;
        return stream(call, "", 0) ? len : 0;
}

static size_t take_body(char *data, size_t one, size_t len, void *context)
{
        struct call *call = context;
        size_t max = is_success(call) ? call->kube->answer_max : STATUS_TEXT_MAX;
        (void)one;

        call->kube->stats.bytes += len;
        if (call->request.data && is_success(call))
                return stream(call, data, len) ? len : 0;
        if (len > max - call->body.len) {
                call->ended = kt_err_set(&call->e, -EFBIG, "the answer is larger than %zu bytes", max);
                return 0;
        }
        kt_str_add_bytes(&call->body, data, len);
        if (kt_str_error(&call->body) < 0) {
                call->ended = kt_err_set(&call->e, -ENOMEM, "keep the answer");
                return 0;
        }
        return len;
}

/* ---- Sending ---- */

static int reload(struct kt_kube *kube, struct kt_err *e)
{
        struct kt_credential *files[] = { &kube->token, &kube->ca };
        int r = 0;

        for (size_t i = 0; i < KT_COUNT(files) && r == 0; i++) {
                bool was_read = files[i]->is_read;
                bool changed = false;

                if (files[i]->path)
                        r = kt_credential_refresh(files[i], kube->must_reload, &changed, e);
                kube->stats.reloads += changed && was_read;
        }
        kube->must_reload = kube->must_reload && r < 0;
        if (r == 0 && kube->token.path && !kt_credential_is_token(kt_str_get(&kube->token.text), kube->token.text.len))
                r = kt_err_set(e, -EBADMSG, "%s holds no token", kube->token.path);
        return r;
}

static int add_headers(struct call *call)
{
        KT_AUTO_STR struct kt_str token = { 0 };
        const char *lines[] = { "Accept: application/json", "Expect:", verbs[call->request.verb].content_type, NULL };

        if (call->kube->token.path) {
                kt_str_addf(&token, "Authorization: Bearer %s", kt_str_get(&call->kube->token.text));
                lines[3] = kt_str_get(&token);
        }
        for (size_t i = 0; i < KT_COUNT(lines); i++) {
                struct curl_slist *more = lines[i] ? curl_slist_append(call->headers, lines[i]) : call->headers;

                if (!more || kt_str_error(&token) < 0)
                        return -ENOMEM;
                call->headers = more;
        }
        return 0;
}

#define SET(option, value) (r = r != CURLE_OK ? r : curl_easy_setopt(easy, option, value))

/* Where it may go, and how. */
static CURLcode set_transport(CURL *easy, const struct kt_kube *kube)
{
        CURLcode r = CURLE_OK;

        SET(CURLOPT_PROTOCOLS_STR, kube->ca.path ? "https" : "http");
        SET(CURLOPT_FOLLOWLOCATION, 0L);
        SET(CURLOPT_PROXY, "");
        SET(CURLOPT_PATH_AS_IS, 1L);
        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_USERAGENT, kube->agent);
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)kube->connect_timeout_ms);
        SET(CURLOPT_TCP_KEEPALIVE, 1L);
        SET(CURLOPT_TCP_KEEPIDLE, (long)KEEP_IDLE_S);
        SET(CURLOPT_TCP_KEEPINTVL, (long)KEEP_IDLE_S / 3);
        SET(CURLOPT_SOCKOPTFUNCTION, prepare_socket);
        /* One connection for all of a node's requests and watches, where the server can. */
        SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
        SET(CURLOPT_PIPEWAIT, 1L);
        if (kube->ca.path) {
                struct curl_blob ca = { .data = kube->ca.text.data, .len = kube->ca.text.len, .flags = CURL_BLOB_COPY };

                SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
                SET(CURLOPT_SSL_VERIFYPEER, 1L);
                SET(CURLOPT_SSL_VERIFYHOST, 2L);
                SET(CURLOPT_CAINFO_BLOB, &ca);
                /* Else the machine's own authorities would do as well: Debian's libcurl is built with a folder of
                 * them. */
                SET(CURLOPT_CAINFO, NULL);
                SET(CURLOPT_CAPATH, NULL);
        }
        return r;
}

static CURLcode set_request(CURL *easy, struct call *call)
{
        const struct kt_kube_request *request = &call->request;
        CURLcode r = CURLE_OK;

        SET(CURLOPT_URL, call->url);
        SET(CURLOPT_CUSTOMREQUEST, verbs[request->verb].method);
        if (request->body) {
                SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
                SET(CURLOPT_POSTFIELDS, request->body);
        }
        SET(CURLOPT_HTTPHEADER, call->headers);
        SET(CURLOPT_TIMEOUT_MS, (long)(request->timeout_ms > 0 ? request->timeout_ms : call->kube->request_timeout_ms));
        SET(CURLOPT_ERRORBUFFER, call->why);
        SET(CURLOPT_PRIVATE, call);
        SET(CURLOPT_HEADERFUNCTION, take_header);
        SET(CURLOPT_HEADERDATA, call);
        SET(CURLOPT_WRITEFUNCTION, take_body);
        SET(CURLOPT_WRITEDATA, call);
        return r;
}

#undef SET

static int send_call(struct call *call, struct kt_err *e)
{
        int r = reload(call->kube, e);

        if (r < 0)
                return r;
        call->easy = curl_easy_init();
        if (!call->easy || add_headers(call) < 0 || set_transport(call->easy, call->kube) != CURLE_OK ||
            set_request(call->easy, call) != CURLE_OK)
                return kt_err_set(e, -ENOMEM, "prepare the request");

        call->kube->stats.requests++;
        call->sent_ms = call->kube->now_ms;
        if (curl_multi_add_handle(call->kube->multi, call->easy) != CURLM_OK)
                return kt_err_set(e, -ENOMEM, "send the request");
        return 0;
}

/* ---- The end of a request ---- */

/* The -errno of a transfer that came to nothing. */
static int transfer_errno(CURLcode result)
{
        static const struct {
                CURLcode result;
                int code;
        } rows[] = {
                { CURLE_COULDNT_RESOLVE_HOST, -EHOSTUNREACH },
                { CURLE_COULDNT_CONNECT, -ECONNREFUSED },
                { CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT },
                { CURLE_PEER_FAILED_VERIFICATION, -EKEYREJECTED },
                { CURLE_SSL_CONNECT_ERROR, -EKEYREJECTED },
                { CURLE_SSL_CACERT_BADFILE, -EKEYREJECTED },
                { CURLE_RECV_ERROR, -ECONNRESET },
                { CURLE_SEND_ERROR, -ECONNRESET },
                { CURLE_GOT_NOTHING, -ECONNRESET },
                { CURLE_PARTIAL_FILE, -ECONNRESET },
                { CURLE_HTTP2, -ECONNRESET },
                { CURLE_HTTP2_STREAM, -ECONNRESET },
                { CURLE_OUT_OF_MEMORY, -ENOMEM },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (rows[i].result == result)
                        return rows[i].code;
        return -EIO;
}

static int64_t retry_after_ms(const struct call *call)
{
        curl_off_t seconds = 0;

        if (curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds < 0 || seconds > 3600)
                return 0;
        return (int64_t)seconds * 1000;
}

/* Reason and message of a metav1.Status, printable; either may be missing. */
static void read_status(struct kt_kube_answer *answer, struct kt_str *ret_message)
{
        const char *text = NULL;

        if (!answer->object)
                return;
        if (kt_json_get_text(answer->object, "reason", &text) == 0) {
                size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

                if (text[len] == '\0' && len < sizeof(answer->reason))
                        memcpy(answer->reason, text, len + 1);
        }
        if (kt_json_get_text(answer->object, "message", &text) == 0)
                kt_str_add_printable(ret_message, text);
}

/* Judges an answer that came in whole. */
static void read_answer(struct call *call, struct kt_kube_answer *answer, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str message = { 0 };
        int r = 0;

        if (!(call->request.data && is_success(call)))
                r = kt_json_parse_foreign("answer", kt_str_get(&call->body), call->body.len, &answer->object,
                                          is_success(call) ? e : NULL);
        if (is_success(call)) {
                answer->code = r;
                return;
        }

        read_status(answer, &message);
        answer->code = kt_kube_errno(answer->status, answer->reason);
        answer->retry_after_ms = retry_after_ms(call);
        (void)kt_err_set(e, answer->code, "HTTP %ld%s%s%s%s", answer->status,
                         answer->reason[0] ? " " : "", /* code says it */
                         answer->reason, message.len > 0 ? ": " : "", kt_str_get(&message));
}

/* Tells the caller, once, and ends the call. Takes the answer's object. */
static void tell(struct call *call, struct kt_kube_answer *answer, struct kt_err *e)
{
        answer->elapsed_ms = call->easy ? call->kube->now_ms - call->sent_ms : 0;
        if (answer->code < 0) {
                call->kube->stats.failures++;
                (void)kt_err_wrap(e, answer->code, "%s %s", verbs[call->request.verb].name,
                                  call->url); /* code says it */
                answer->error = e;
        }
        call->is_dead = true;
        call->request.done(call->request.context, answer);
        kt_json_free(answer->object);
}

static void finish(struct call *call, CURLcode result)
{
        struct kt_kube_answer answer = { .status = status_of(call) };
        struct kt_err e = { 0 };

        if (call->is_dead)
                return;
        if (answer.status > 0)
                call->kube->stats.answered_ms = call->kube->now_ms;

        /* Tokens are replaced before they expire, yet after a long sleep ours may be older than the file. */
        if (answer.status == 401 && !call->is_second_try && call->kube->token.path) {
                call->kube->stats.failures++;
                call->kube->must_reload = true;
                call->is_second_try = true;
                unsend(call);
                return;
        }

        if (call->ended != 0) {
                answer.code = call->ended < 0 ? call->ended : 0;
                e = call->e;
        } else if (result == CURLE_OK)
                read_answer(call, &answer, &e);
        else
                answer.code = kt_err_set(&e, transfer_errno(result), "%s",
                                         call->why[0] ? call->why : curl_easy_strerror(result));
        tell(call, &answer, &e);
}

/* ---- The loop's side ---- */

static void send_due(struct kt_kube *kube)
{
        for (size_t i = 0; i < KT_COUNT(kube->calls); i++) {
                struct call *call = kube->calls[i];
                struct kt_kube_answer answer = { 0 };
                struct kt_err e = { 0 };

                if (!call || call->is_dead || call->easy)
                        continue;
                if (call->due_ms < 0)
                        call->due_ms = kube->now_ms + call->request.delay_ms;
                if (call->due_ms > kube->now_ms)
                        continue;
                answer.code = send_call(call, &e);
                if (answer.code < 0)
                        tell(call, &answer, &e);
        }
}

static void collect(struct kt_kube *kube)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(kube->multi, &left))) {
                CURLcode result = message->data.result;
                char *private = NULL;

                /* The message is gone with its handle. */
                if (message->msg == CURLMSG_DONE &&
                    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private) == CURLE_OK && private)
                        finish((struct call *)(void *)private, result);
        }
}

static void sweep(struct kt_kube *kube)
{
        for (size_t i = 0; i < KT_COUNT(kube->calls); i++) {
                if (!kube->calls[i] || !kube->calls[i]->is_dead)
                        continue;
                call_free(kube->calls[i]);
                kube->calls[i] = NULL;
        }
}

static int drive(struct kt_kube *kube)
{
        struct epoll_event ready[READY_MAX];
        CURLMcode r = CURLM_OK;
        int running;
        int n = epoll_wait(kube->epoll_fd, ready, READY_MAX, 0);

        for (int i = 0; i < n && r == CURLM_OK; i++) {
                unsigned events = ready[i].events;
                int what = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                           (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (events & EPOLLERR ? CURL_CSELECT_ERR : 0);

                r = curl_multi_socket_action(kube->multi, ready[i].data.fd, what, &running);
        }
        if (r == CURLM_OK && kube->curl_due_ms >= 0 && kube->curl_due_ms <= kube->now_ms) {
                kube->curl_due_ms = -1;
                r = curl_multi_socket_action(kube->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        return r == CURLM_OK ? 0 : r == CURLM_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}

int kt_kube_step(struct kt_kube *kube, int64_t now_ms, struct kt_err *e)
{
        int r;

        kube->now_ms = now_ms;
        sweep(kube);
        send_due(kube);
        r = drive(kube);
        collect(kube);
        sweep(kube);
        return r < 0 ? kt_err_set(e, r, "drive the connections to %s", kube->url) : 0;
}

int64_t kt_kube_wait_ms(const struct kt_kube *kube, int64_t now_ms)
{
        int64_t due_ms = kube->curl_due_ms;

        for (size_t i = 0; i < KT_COUNT(kube->calls); i++) {
                const struct call *call = kube->calls[i];

                if (!call || (call->easy && !call->is_dead))
                        continue;
                if (call->is_dead || call->due_ms < 0)
                        return 0;
                if (due_ms < 0 || call->due_ms < due_ms)
                        due_ms = call->due_ms;
        }
        return due_ms < 0 ? -1 : due_ms > now_ms ? due_ms - now_ms : 0;
}
