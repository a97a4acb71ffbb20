/* SPDX-License-Identifier: Apache-2.0 */
/* `kafka-initc probe`: whether the broker answers, asked in its own protocol and without a JVM.
 *
 * A connection alone proves nothing: the kernel accepts for a process that is stopped. Ready is a broker that
 * answers ApiVersions within the deadline and has descriptors left; alive is also one whose port is still closed,
 * for a broker that recovers its logs opens it last and must not be killed for that. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "initc/args.h"
#include "initc/handoff.h"
#include "initc/steps.h"
#include "lib/app/exit.h"
#include "lib/base/auto.h"
#include "lib/kafka/listener.h"
#include "lib/kafka/properties.h"
#include "lib/kafka/wire.h"
#include "lib/os/fs.h"
#include "lib/os/limits.h"
#include "lib/os/root.h"

enum {
        DEADLINE_MS = 900, /* below the kubelet's default of one second */
        CORRELATION_ID = 1,
        DESCRIPTORS_LEFT = 16, /* a broker without any still answers, but loses every topic it is given */
};

enum kt_answer {
        KT_ANSWER_YES,
        KT_ANSWER_CLOSED, /* nobody listens */
        KT_ANSWER_NONE,   /* somebody listens and does not answer, or not like Kafka */
};

static int64_t now_ms(void)
{
        struct timespec now;

        if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
                return 0;
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until fd is ready for events; -ETIMEDOUT at the deadline. */
static int wait_for(int fd, short events, int64_t deadline)
{
        struct pollfd poll_fd = { .fd = fd, .events = events };

        for (;;) {
                int64_t left = deadline - now_ms();
                int r = left > 0 ? poll(&poll_fd, 1, (int)left) : 0;

                if (r > 0)
                        return 0;
                if (r == 0)
                        return -ETIMEDOUT;
                if (errno != EINTR)
                        return -errno;
        }
}

/* Without a signal when the other side is gone. */
static int send_whole(int fd, const uint8_t *bytes, size_t len)
{
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n < 0)
                return -errno;
        return (size_t)n == len ? 0 : -EAGAIN; /* any socket's buffer has room for it */
}

static int read_exactly(int fd, uint8_t *out, size_t len, int64_t deadline)
{
        while (len > 0) {
                int r = wait_for(fd, POLLIN, deadline);
                ssize_t n;

                if (r < 0)
                        return r;
                n = read(fd, out, len);
                if (n == 0)
                        return -ECONNRESET;
                if (n < 0 && errno != EINTR && errno != EAGAIN)
                        return -errno;
                out += n > 0 ? n : 0;
                len -= n > 0 ? (size_t)n : 0;
        }
        return 0;
}

/* Numeric only: a static program has no resolver, and a probe asks its own container. Returns the size, 0 for no
 * address. */
static socklen_t parse_address(const char *host, uint16_t port, struct sockaddr_storage *ret)
{
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

        if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4.sin_addr) == 1) {
                memcpy(ret, &v4, sizeof(v4));
                return sizeof(v4);
        }
        if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
                memcpy(ret, &v6, sizeof(v6));
                return sizeof(v6);
        }
        return 0;
}

static int connect_to(const struct sockaddr_storage *address, socklen_t len, int64_t deadline)
{
        KT_AUTO_FD int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        socklen_t size = sizeof(int);
        int error = 0;
        int r;

        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)address, len) < 0 && errno != EINPROGRESS)
                return -errno;
        r = wait_for(fd, POLLOUT, deadline);
        if (r < 0)
                return r;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                return -errno;
        return error ? -error : kt_take_fd(&fd);
}

static int ask(int fd, int64_t deadline, struct kt_err *e)
{
        static uint8_t response[KT_WIRE_RESPONSE_MAX];
        uint8_t request[KT_WIRE_REQUEST_MAX];
        size_t len = kt_wire_api_versions(CORRELATION_ID, request);
        int size;
        int r;

        r = send_whole(fd, request, len);
        if (r == 0)
                r = read_exactly(fd, response, 4, deadline);
        if (r < 0)
                return kt_err_set(e, r, "no answer within %d ms", DEADLINE_MS);

        size = kt_wire_response_size(response);
        if (size < 0)
                return kt_err_set(e, size, "what answers is no Kafka broker");
        r = read_exactly(fd, response, (size_t)size, deadline);
        if (r < 0)
                return kt_err_set(e, r, "half an answer within %d ms", DEADLINE_MS);
        return kt_wire_check_versions(response, (size_t)size, CORRELATION_ID, e);
}

static enum kt_answer probe_listener(const char *host, uint16_t port, struct kt_err *e)
{
        int64_t deadline = now_ms() + DEADLINE_MS;
        struct sockaddr_storage address = { 0 };
        socklen_t len = parse_address(host, port, &address);
        KT_AUTO_FD int fd = -1;

        if (len == 0) {
                (void)kt_err_set(e, -EINVAL, "%s is no numeric address", host); /* the answer says it */
                return KT_ANSWER_NONE;
        }
        fd = connect_to(&address, len, deadline);
        if (fd == -ECONNREFUSED) {
                (void)kt_err_set(e, fd, "connect to %s:%u", host, port); /* the answer says it */
                return KT_ANSWER_CLOSED;
        }
        if (fd < 0) {
                (void)kt_err_set(e, fd, "connect to %s:%u", host, port); /* the answer says it */
                return KT_ANSWER_NONE;
        }
        return ask(fd, deadline, e) == 0 ? KT_ANSWER_YES : KT_ANSWER_NONE;
}

/* ---- which listener ---- */

/* The first one that this container binds: of the flag, else of the hand-off's server.properties. */
static int find_listener(const struct kt_args *args, struct kt_listener *ret, struct kt_err *e)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        struct kt_listeners listeners = { .count = 0 };
        KT_AUTO_FREE char *given = args->listener ? kt_str_make("PROBE://%s", args->listener) : NULL;
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_FD int dir = -1;
        int r = 0;

        if (!args->listener) {
                dir = open(args->handoff, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = dir < 0 ? -errno : kt_fs_read(dir, KT_HANDOFF_PROPERTIES, KT_PROPERTIES_FILE_MAX, &text);
                if (r < 0)
                        return kt_err_set(e, r, "no --listener, and no %s/%s to find one in", args->handoff,
                                          KT_HANDOFF_PROPERTIES);
                r = kt_properties_parse(KT_HANDOFF_PROPERTIES, kt_str_get(&text), text.len, &list, NULL, NULL, e);
                if (r < 0)
                        return r;
        }
        r = kt_listeners_parse(given                                   ? given
                               : kt_properties_get(&list, "listeners") ? kt_properties_get(&list, "listeners")
                                                                       : "",
                               &listeners, e);
        if (r < 0)
                return r;
        if (listeners.count == 0)
                return kt_err_set(e, -EINVAL, "there is no listener to ask");

        *ret = listeners.items[0];
        if (kt_listener_is_wildcard(ret))
                (void)snprintf(ret->host, sizeof(ret->host), "127.0.0.1"); /* always fits */
        return 0;
}

/* ---- descriptors ---- */

static int count_one(void *context, const char *name)
{
        (void)name; /* only how many */
        ++*(uint64_t *)context;
        return 0;
}

/* The broker is process 1 of its container; where it is not, or cannot be looked at, nothing is said. */
static bool has_descriptors_left(uint64_t *ret_used, uint64_t *ret_hard)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO_STR struct kt_str limits = { 0 };
        struct kt_limit nofile;
        KT_AUTO_FD int dir = -1;

        *ret_used = 0;
        if (kt_root_open(NULL, &root, NULL) < 0 || kt_root_read_all(&root, "/proc/1/limits", 1 << 16, &limits) < 0 ||
            kt_limits_parse(kt_str_get(&limits), "Max open files", &nofile) < 0)
                return true;
        dir = kt_root_open_file(&root, "/proc/1/fd", O_RDONLY | O_DIRECTORY);
        if (dir < 0 || kt_fs_each(dir, count_one, ret_used) < 0)
                return true;

        *ret_hard = nofile.soft;
        return *ret_used + DESCRIPTORS_LEFT <= nofile.soft;
}

int kt_verb_probe(void *verb_args)
{
        const struct kt_args *args = verb_args;
        const char *what = args->operand_count > 0 ? args->operands[0] : "";
        bool is_ready = strcmp(what, "ready") == 0;
        struct kt_listener listener;
        struct kt_steps steps;
        struct kt_err e = { 0 };
        enum kt_answer answer;
        char why[KT_ERR_TEXT_MAX];
        uint64_t used;
        uint64_t hard;

        kt_steps_init(&steps, args);
        if ((!is_ready && strcmp(what, "live") != 0) || find_listener(args, &listener, &e) < 0) {
                kt_steps_say(&steps, "failed", "%s",
                             e.code ? kt_err_text(&e, why, sizeof(why)) : "probe wants one of: ready, live");
                return KT_EXIT_USAGE;
        }

        answer = probe_listener(listener.host, listener.port, &e);
        if (answer == KT_ANSWER_YES && is_ready && !has_descriptors_left(&used, &hard)) {
                kt_steps_say(&steps, "not ready", "%llu of %llu descriptors are open", (unsigned long long)used,
                             (unsigned long long)hard);
                return KT_EXIT_NOT_WANTED;
        }
        if (answer == KT_ANSWER_YES || (answer == KT_ANSWER_CLOSED && !is_ready)) {
                kt_steps_say(&steps, what, "%s:%u %s", listener.host, listener.port,
                             answer == KT_ANSWER_YES ? "answers" : "is not open yet");
                return KT_EXIT_OK;
        }
        kt_steps_say(&steps, is_ready ? "not ready" : "hung", "%s", kt_err_text(&e, why, sizeof(why)));
        return KT_EXIT_NOT_WANTED;
}
