/* SPDX-License-Identifier: Apache-2.0 */
/* The part of libcurl that daemonset/kube.c sends and receives with, over the simulated server instead of sockets. What
 * libcurl does with texts (addresses, lists of headers, names of errors) stays libcurl's own. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/auto.h"
#include "lib/text/num.h"
#include "lib/text/str.h"
#include "tests/fleet/clock.h"
#include "tests/fleet/nodes.h"
#include "tests/fleet/server.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

struct transfer {
        struct multi *multi; /* NULL: not added */
        struct transfer *next;
        struct exchange *exchange; /* NULL: over, or not begun */
        char *url;
        char *method;
        const char *body;
        void *private;
        long timeout_ms;
        size_t (*take_header)(char *data, size_t one, size_t len, void *context);
        void *header_context;
        size_t (*take_body)(char *data, size_t one, size_t len, void *context);
        void *body_context;
        unsigned slot;
        long status;
        long retry_after_s;
        bool is_announced; /* the headers were handed on */
        struct kt_str in;
        bool is_ended;
        bool is_told; /* its end */
        CURLcode result;
        CURLMsg message;
        bool is_timed; /* the clock will call on_timeout */
        bool is_clean; /* libcurl's caller has let it go */
};

struct multi {
        curl_multi_timer_callback set_timer;
        void *timer_context;
        struct transfer *first;
};

/* ---- From the server ---- */

/* There is something for the next curl_multi_socket_action. */
static void announce(struct transfer *transfer, bool is_news)
{
        struct multi *multi = transfer->multi;

        if (multi->set_timer)
                (void)multi->set_timer((CURLM *)multi, 0, multi->timer_context); /* kube.c's never fails */
        nodes_wake(transfer->slot, is_news);
}

static void receive(void *context, long status, long retry_after_s, const char *data, size_t len)
{
        struct transfer *transfer = context;

        transfer->status = status;
        transfer->retry_after_s = retry_after_s;
        kt_str_add_bytes(&transfer->in, data, len);
        announce(transfer, len == 0 || !strstr(data, "BOOKMARK"));
}

static void finish(struct transfer *transfer, CURLcode result)
{
        transfer->exchange = NULL;
        transfer->is_ended = true;
        transfer->result = result;
        announce(transfer, true);
}

static void end(void *context, bool is_whole)
{
        struct transfer *transfer = context;

        finish(transfer, is_whole ? CURLE_OK : transfer->status == 0 ? CURLE_COULDNT_CONNECT : CURLE_RECV_ERROR);
}

static const struct server_client client = { .receive = receive, .end = end };

/* ---- One transfer ---- */

CURL *curl_easy_init(void)
{
        return (CURL *)calloc(1, sizeof(struct transfer));
}

void curl_easy_cleanup(CURL *easy)
{
        struct transfer *transfer = (struct transfer *)easy;

        if (!transfer)
                return;
        free(transfer->url);
        free(transfer->method);
        kt_str_done(&transfer->in);
        transfer->is_clean = true;
        if (!transfer->is_timed)
                free(transfer);
}

/* What is not here is about sockets and TLS. */
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
        struct transfer *transfer = (struct transfer *)easy;
        va_list args;

        va_start(args, option);
        if (option == CURLOPT_URL)
                transfer->url = strdup(va_arg(args, const char *));
        else if (option == CURLOPT_CUSTOMREQUEST)
                transfer->method = strdup(va_arg(args, const char *));
        else if (option == CURLOPT_POSTFIELDS)
                transfer->body = va_arg(args, const char *);
        else if (option == CURLOPT_TIMEOUT_MS)
                transfer->timeout_ms = va_arg(args, long);
        else if (option == CURLOPT_PRIVATE)
                transfer->private = va_arg(args, void *);
        else if (option == CURLOPT_HEADERFUNCTION)
                transfer->take_header = va_arg(args, size_t(*)(char *, size_t, size_t, void *));
        else if (option == CURLOPT_HEADERDATA)
                transfer->header_context = va_arg(args, void *);
        else if (option == CURLOPT_WRITEFUNCTION)
                transfer->take_body = va_arg(args, size_t(*)(char *, size_t, size_t, void *));
        else if (option == CURLOPT_WRITEDATA)
                transfer->body_context = va_arg(args, void *);
        va_end(args);
        return CURLE_OK;
}

CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
        struct transfer *transfer = (struct transfer *)easy;
        CURLcode r = CURLE_OK;
        va_list args;

        va_start(args, info);
        if (info == CURLINFO_RESPONSE_CODE)
                *va_arg(args, long *) = transfer->status;
        else if (info == CURLINFO_PRIVATE)
                *va_arg(args, char **) = transfer->private;
        else if (info == CURLINFO_RETRY_AFTER)
                *va_arg(args, curl_off_t *) = transfer->retry_after_s;
        else
                r = CURLE_UNKNOWN_OPTION;
        va_end(args);
        return r;
}

/* ---- Many ---- */

CURLM *curl_multi_init(void)
{
        return (CURLM *)calloc(1, sizeof(struct multi));
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
        free(multi);
        return CURLM_OK;
}

CURLMcode curl_multi_setopt(CURLM *handle, CURLMoption option, ...)
{
        struct multi *multi = (struct multi *)handle;
        va_list args;

        va_start(args, option);
        if (option == CURLMOPT_TIMERFUNCTION)
                multi->set_timer = va_arg(args, curl_multi_timer_callback);
        else if (option == CURLMOPT_TIMERDATA)
                multi->timer_context = va_arg(args, void *);
        va_end(args);
        return CURLM_OK;
}

CURLMcode curl_multi_assign(CURLM *multi, curl_socket_t fd, void *known)
{
        (void)multi;
        (void)fd;
        (void)known;
        return CURLM_BAD_SOCKET; /* there is none */
}

/* curl_easy_cleanup leaves the memory to the clock, which may still name it. */
static void on_timeout(void *context, uint64_t value)
{
        struct transfer *transfer = context;

        (void)value;
        transfer->is_timed = false;
        if (transfer->is_clean) {
                free(transfer);
                return;
        }
        if (!transfer->exchange)
                return;
        server_forget(transfer->exchange);
        finish(transfer, CURLE_OPERATION_TIMEDOUT);
}

CURLMcode curl_multi_add_handle(CURLM *handle, CURL *easy)
{
        struct transfer *transfer = (struct transfer *)easy;
        const char *port = strrchr(transfer->url, ':') + 1; /* "http://127.0.0.1:SLOT/..." */
        size_t len = strcspn(port, "/");
        KT_AUTO_FREE char *digits = strndup(port, len);
        uint64_t slot = 0;

        if (!digits || kt_num_parse_u64(digits, &slot) < 0)
                return CURLM_BAD_EASY_HANDLE;
        transfer->multi = (struct multi *)handle;
        transfer->next = transfer->multi->first;
        transfer->multi->first = transfer;
        transfer->slot = (unsigned)slot - 1; /* no port is 0 */
        transfer->exchange =
                server_send(transfer->slot, transfer->method, port + len, transfer->body, &client, transfer);
        transfer->is_timed = true;
        clock_at(clock_now() + transfer->timeout_ms, on_timeout, transfer, 0);
        return transfer->exchange ? CURLM_OK : CURLM_OUT_OF_MEMORY;
}

CURLMcode curl_multi_remove_handle(CURLM *handle, CURL *easy)
{
        struct transfer *transfer = (struct transfer *)easy;
        struct transfer **link = &((struct multi *)handle)->first;

        if (transfer->exchange)
                server_forget(transfer->exchange);
        transfer->exchange = NULL;
        while (*link && *link != transfer)
                link = &(*link)->next;
        if (*link)
                *link = transfer->next;
        return CURLM_OK;
}

/* The callbacks may say that it is enough. */
static void hand_on(struct transfer *transfer)
{
        struct kt_str in = transfer->in;
        char line[] = "\r\n";
        bool is_enough = false;

        transfer->in = (struct kt_str){ 0 };
        if (transfer->status != 0 && !transfer->is_announced) {
                transfer->is_announced = true;
                is_enough = transfer->take_header(line, 1, 2, transfer->header_context) != 2;
        }
        if (!is_enough && in.len > 0)
                is_enough = transfer->take_body(in.data, 1, in.len, transfer->body_context) != in.len;
        kt_str_done(&in);
        if (!is_enough || transfer->is_ended)
                return;
        server_forget(transfer->exchange);
        finish(transfer, CURLE_WRITE_ERROR);
}

CURLMcode curl_multi_socket_action(CURLM *handle, curl_socket_t fd, int what, int *ret_running)
{
        struct multi *multi = (struct multi *)handle;

        (void)fd;
        (void)what;
        *ret_running = 0;
        for (struct transfer *transfer = multi->first; transfer; transfer = transfer->next)
                if (transfer->in.len > 0 || (transfer->status != 0 && !transfer->is_announced))
                        hand_on(transfer);
        return CURLM_OK;
}

CURLMsg *curl_multi_info_read(CURLM *handle, int *ret_left)
{
        *ret_left = 0;
        for (struct transfer *transfer = ((struct multi *)handle)->first; transfer; transfer = transfer->next) {
                if (!transfer->is_ended || transfer->is_told || transfer->in.len > 0)
                        continue;
                transfer->is_told = true;
                transfer->message = (CURLMsg){ .msg = CURLMSG_DONE, .easy_handle = (CURL *)transfer };
                transfer->message.data.result = transfer->result;
                return &transfer->message;
        }
        return NULL;
}
