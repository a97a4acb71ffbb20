/* SPDX-License-Identifier: Apache-2.0 */
/* Anything sent to the metrics port: the server answers or hangs up, shows nothing to what is no GET or HEAD, and has
 * no connection left. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemonset/metrics.h"
#include "lib/base/auto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "k8skafka_secret 1\n"

static void show(void *context, struct kt_str *out)
{
        (void)context;
        kt_str_add(out, SECRET);
}

static bool yes(void *context, struct kt_str *out)
{
        (void)context;
        kt_str_add(out, "yes\n");
        return true;
}

static struct kt_metrics_server *start(void)
{
        static const struct kt_metrics_source source = { show, yes, yes, NULL };
        struct kt_metrics_server *server = NULL;

        if (sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL) < 0 ||
            kt_metrics_server_new("127.0.0.1:0", &source, &server, NULL) < 0)
                abort();
        return server;
}

/* A connection that sends the bytes and then no more. */
static int dial(const struct kt_metrics_server *server, const uint8_t *data, size_t size)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(kt_metrics_server_port(server)),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct linger hard = { .l_onoff = 1 }; /* thousands a second must not use up the ports */
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)) < 0 ||
            connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || send(fd, data, size, MSG_NOSIGNAL) < 0 ||
            shutdown(fd, SHUT_WR) < 0)
                abort();
        return fd;
}

/* Lets the server work until the connection has ended. */
static void take(struct kt_metrics_server *server, int fd, struct kt_str *out)
{
        static int64_t now_ms;
        char buf[4096];

        for (;;) {
                ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

                if (n > 0)
                        kt_str_add_bytes(out, buf, (size_t)n);
                else if (n == 0 || errno != EAGAIN)
                        return;
                if (kt_metrics_server_step(server, now_ms++, NULL) < 0)
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct kt_metrics_server *server;
        KT_AUTO_STR struct kt_str out = { 0 };
        KT_AUTO_FD int fd = -1;

        if (!server)
                server = start();
        fd = dial(server, data, size);
        take(server, fd, &out);
        if (out.len > 0 && strstr(out.data, SECRET) && !memmem(data, size, "GET", 3))
                abort();
        return 0;
}
