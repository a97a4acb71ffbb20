/* SPDX-License-Identifier: Apache-2.0 */
/* An API server on loopback that answers by script, in the same loop as the client: no thread, no clock. */
#ifndef KT_TESTS_UNIT_DAEMONSET_FAKE_API_H
#define KT_TESTS_UNIT_DAEMONSET_FAKE_API_H

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemonset/kube.h"
#include "lib/base/auto.h"
#include "tests/unit/support.h"

enum { FAKE_CONNECTIONS = 8, FAKE_TURNS = 4000 };

/* One answer. Rows end with an empty one; when they are used up, connections are refused. */
struct fake_answer {
        const char *expect;  /* part of the request, or NULL */
        int status;          /* 0: closes without a word */
        const char *headers; /* each with its line end, or NULL */
        const char *body;
        bool is_stream; /* no length: it ends with the connection, which stays open when stays is set */
        bool stays;
        bool is_short; /* says a longer length than it has */
};

struct fake_api {
        int fd;
        char url[64];
        const struct fake_answer *answers;
        size_t asked; /* requests so far */
        struct {
                int fd;
                struct kt_str in;
        } connections[FAKE_CONNECTIONS];
        struct kt_str log; /* all requests */
        int64_t now_ms;
};

KT_UNUSED static void fake_start(struct fake_api *api, const struct fake_answer *answers)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof(address);

        *api = (struct fake_api){ .answers = answers, .now_ms = 1000 };
        for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
                api->connections[i].fd = -1;
        api->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_true(api->fd >= 0);
        assert_int_equal(bind(api->fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(api->fd, FAKE_CONNECTIONS), 0);
        assert_int_equal(getsockname(api->fd, (struct sockaddr *)&address, &len), 0);
        snprintf(api->url, sizeof(api->url), "http://127.0.0.1:%u", ntohs(address.sin_port));
}

KT_UNUSED static void fake_hang_up(struct fake_api *api, size_t i)
{
        api->connections[i].fd = kt_close(api->connections[i].fd);
        kt_str_done(&api->connections[i].in);
}

KT_UNUSED static void fake_stop(struct fake_api *api)
{
        for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
                fake_hang_up(api, i);
        api->fd = kt_close(api->fd);
        kt_str_done(&api->log);
}

KT_UNUSED static void fake_send(int fd, const char *text, size_t len)
{
        while (len > 0) {
                ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

                if (n <= 0)
                        return; /* the client has gone away, as some tests want it */
                text += n;
                len -= (size_t)n;
        }
}

KT_UNUSED static void fake_answer(struct fake_api *api, size_t i)
{
        const struct fake_answer *answer = &api->answers[api->asked++];
        const char *request = kt_str_get(&api->connections[i].in);
        KT_AUTO_STR struct kt_str out = { 0 };

        kt_str_addf(&api->log, "%s\n", request);
        if (answer->expect && !strstr(request, answer->expect))
                fail_msg("no '%s' in request %zu:\n%s", answer->expect, api->asked, request);
        if (answer->status == 0) {
                fake_hang_up(api, i);
                return;
        }
        kt_str_addf(&out, "HTTP/1.1 %d X\r\n%s", answer->status, answer->headers ? answer->headers : "");
        if (!answer->is_stream)
                kt_str_addf(&out, "Content-Length: %zu\r\n", strlen(answer->body) + answer->is_short);
        kt_str_addf(&out, "\r\n%s", answer->body);
        fake_send(api->connections[i].fd, out.data, out.len);
        kt_str_clear(&api->connections[i].in);
        if ((answer->is_stream && !answer->stays) || answer->is_short)
                fake_hang_up(api, i);
}

/* True when a request is there with all of its body. */
KT_UNUSED static bool fake_is_whole(const char *request)
{
        const char *end = strstr(request, "\r\n\r\n");
        const char *length = strcasestr(request, "content-length: ");
        size_t want = 0;

        if (!end)
                return false;
        for (length += 16; length > (char *)16 && *length >= '0' && *length <= '9'; length++)
                want = want * 10 + (size_t)(*length - '0');
        return strlen(end + 4) >= want;
}

KT_UNUSED static void fake_read(struct fake_api *api, size_t i)
{
        char buf[65536];
        ssize_t n = recv(api->connections[i].fd, buf, sizeof(buf), MSG_DONTWAIT);

        if (n <= 0) {
                fake_hang_up(api, i);
                return;
        }
        kt_str_add_bytes(&api->connections[i].in, buf, (size_t)n);
        if (fake_is_whole(kt_str_get(&api->connections[i].in)))
                fake_answer(api, i);
}

KT_UNUSED static void fake_accept(struct fake_api *api)
{
        int fd = accept4(api->fd, NULL, NULL, SOCK_CLOEXEC);

        for (size_t i = 0; i < FAKE_CONNECTIONS && fd >= 0; i++) {
                if (api->connections[i].fd >= 0)
                        continue;
                api->connections[i].fd = fd;
                return;
        }
        kt_close(fd);
}

/* One turn of both sides. Where nothing happens, time jumps to what the client waits for. */
KT_UNUSED static void fake_turn(struct fake_api *api, struct kt_kube *kube)
{
        struct pollfd fds[FAKE_CONNECTIONS + 2] = { { .fd = kt_kube_fd(kube), .events = POLLIN },
                                                    { .fd = api->fd, .events = POLLIN } };
        int64_t wait_ms = kt_kube_wait_ms(kube, api->now_ms);

        for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
                fds[i + 2] = (struct pollfd){ .fd = api->connections[i].fd, .events = POLLIN };
        if (poll(fds, KT_COUNT(fds), wait_ms == 0 ? 0 : 2) == 0 && wait_ms > 0)
                api->now_ms += wait_ms;
        if (fds[1].revents)
                fake_accept(api);
        for (size_t i = 0; i < FAKE_CONNECTIONS; i++)
                if (fds[i + 2].revents && api->connections[i].fd >= 0)
                        fake_read(api, i);
        if (api->fd >= 0 && api->answers[api->asked].expect == NULL && api->answers[api->asked].status == 0 &&
            !api->answers[api->asked].body)
                api->fd = kt_close(api->fd);
        assert_int_equal(kt_kube_step(kube, api->now_ms, NULL), 0);
}

/* Turns until *done is at least want. */
KT_UNUSED static void fake_run(struct fake_api *api, struct kt_kube *kube, const unsigned *done, unsigned want)
{
        for (int i = 0; i < FAKE_TURNS && *done < want; i++)
                fake_turn(api, kube);
        if (*done < want)
                fail_msg("%u of %u; asked so far:\n%s", *done, want, kt_str_get(&api->log));
}

#endif
