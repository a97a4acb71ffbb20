/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics as Prometheus reads them, and the server against clients of every kind. */
#include "daemonset/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

/* ---- Rows ---- */

static const struct kt_metric rows[] = {
        { "k8skafka_a", KT_METRIC_GAUGE, { "x", "y" }, "One." },
        { "k8skafka_b_total", KT_METRIC_COUNTER, { NULL }, "Two." },
        { 0 },
};

#define LOST(n)                                                                                            \
        "# HELP k8skafka_metric_series_lost_total Series that are not shown because there are too many.\n" \
        "# TYPE k8skafka_metric_series_lost_total counter\n"                                               \
        "k8skafka_metric_series_lost_total " n "\n"

static void test_render__families_and_series(void **state)
{
        struct kt_metrics *metrics = kt_metrics_new(rows);
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_metrics_add(metrics, 1, NULL, 1);
        kt_metrics_set(metrics, 0, (const char *[]){ "q", "r" }, 0.5);
        kt_metrics_set(metrics, 0, (const char *[]){ "q", "s" }, 7);
        kt_metrics_add(metrics, 1, NULL, 2);
        kt_metrics_set(metrics, 0, (const char *[]){ "q", "r" }, -3);
        kt_metrics_render(metrics, &out);
        assert_string_equal(kt_str_get(&out), "# HELP k8skafka_a One.\n"
                                              "# TYPE k8skafka_a gauge\n"
                                              "k8skafka_a{x=\"q\",y=\"r\"} -3\n"
                                              "k8skafka_a{x=\"q\",y=\"s\"} 7\n"
                                              "# HELP k8skafka_b_total Two.\n"
                                              "# TYPE k8skafka_b_total counter\n"
                                              "k8skafka_b_total 3\n" LOST("0"));
        kt_metrics_free(metrics);
}

static void test_render__escapes_labels(void **state)
{
        static const struct {
                const char *value;
                const char *expect;
        } cases[] = {
                { "a\"b", "a\\\"b" },       { "a\\b", "a\\\\b" },         { "a\nb", "a\\nb" },
                { "\xc3\xa4", "\xc3\xa4" }, { "a\xff", "a\xef\xbf\xbd" }, { "", "" },
                { "\xc3", "\xef\xbf\xbd" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(cases); i++) {
                struct kt_metrics *metrics = kt_metrics_new(rows);
                KT_AUTO_STR struct kt_str out = { 0 };
                KT_AUTO_FREE char *expect = kt_str_make("k8skafka_a{x=\"%s\",y=\"\"} 1\n", cases[i].expect);

                kt_metrics_set(metrics, 0, (const char *[]){ cases[i].value, "" }, 1);
                kt_metrics_render(metrics, &out);
                if (!strstr(kt_str_get(&out), expect))
                        fail_msg("no '%s' in '%s'", expect, kt_str_get(&out));
                kt_metrics_free(metrics);
        }
}

static void test_render__numbers(void **state)
{
        static const struct {
                double value;
                const char *expect;
        } cases[] = {
                { 0, " 0\n" },
                { -0.25, " -0.25\n" },
                { 1e14, " 100000000000000\n" },
                { NAN, " NaN\n" },
                { INFINITY, " +Inf\n" },
                { -INFINITY, " -Inf\n" },
                { 0.1, " 0.10000000000000001\n" },
                { 1e300, " 1.0000000000000001e+300\n" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(cases); i++) {
                struct kt_metrics *metrics = kt_metrics_new(rows);
                KT_AUTO_STR struct kt_str out = { 0 };

                kt_metrics_set(metrics, 1, NULL, cases[i].value);
                kt_metrics_render(metrics, &out);
                if (!strstr(kt_str_get(&out), cases[i].expect))
                        fail_msg("no '%s' in '%s'", cases[i].expect, kt_str_get(&out));
                kt_metrics_free(metrics);
        }
}

static void test_set__limits_series(void **state)
{
        struct kt_metrics *metrics = kt_metrics_new(rows);
        KT_AUTO_STR struct kt_str out = { 0 };
        char name[16];
        (void)state;

        for (int i = 0; i < KT_METRIC_SERIES_MAX + 5; i++) {
                snprintf(name, sizeof(name), "%d", i);
                kt_metrics_set(metrics, 0, (const char *[]){ name, "" }, 1);
        }
        kt_metrics_set(metrics, 0, (const char *[]){ "7", "" }, 2);
        kt_metrics_render(metrics, &out);
        assert_non_null(strstr(kt_str_get(&out), LOST("5")));
        assert_non_null(strstr(kt_str_get(&out), "{x=\"7\",y=\"\"} 2\n"));
        assert_non_null(strstr(kt_str_get(&out), "{x=\"2047\",y=\"\"} 1\n"));
        assert_null(strstr(kt_str_get(&out), "{x=\"2048\""));

        kt_metrics_forget(metrics, 0, NULL, 0);
        kt_metrics_set(metrics, 1, NULL, 9);
        kt_str_clear(&out);
        kt_metrics_render(metrics, &out);
        assert_non_null(strstr(kt_str_get(&out), "k8skafka_b_total 9\n"));
        kt_metrics_free(metrics);
}

static void test_set__cuts_long_values(void **state)
{
        struct kt_metrics *metrics = kt_metrics_new(rows);
        KT_AUTO_STR struct kt_str out = { 0 };
        char name[KT_METRIC_VALUE_MAX + 10];
        (void)state;

        memset(name, 'x', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        kt_metrics_set(metrics, 0, (const char *[]){ name, "" }, 1);
        kt_metrics_set(metrics, 0, (const char *[]){ name, "" }, 2); /* is the same one */
        kt_metrics_render(metrics, &out);
        assert_non_null(strstr(kt_str_get(&out), "} 2\n"));
        assert_null(strstr(kt_str_get(&out), "} 1\n"));
        kt_metrics_free(metrics);
}

static void test_forget__by_first_labels(void **state)
{
        struct kt_metrics *metrics = kt_metrics_new(rows);
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_metrics_set(metrics, 0, (const char *[]){ "a", "1" }, 1);
        kt_metrics_set(metrics, 0, (const char *[]){ "b", "1" }, 2);
        kt_metrics_set(metrics, 0, (const char *[]){ "a", "2" }, 3);
        kt_metrics_set(metrics, 1, NULL, 4);
        kt_metrics_forget(metrics, 0, (const char *[]){ "a" }, 1);
        kt_metrics_render(metrics, &out);
        assert_null(strstr(kt_str_get(&out), "x=\"a\""));
        assert_non_null(strstr(kt_str_get(&out), "x=\"b\""));
        assert_non_null(strstr(kt_str_get(&out), "k8skafka_b_total 4\n"));
        kt_metrics_free(metrics);
}

/* ---- Our own rows ---- */

static void fill(struct kt_metrics *metrics)
{
        for (unsigned id = 0; id < KT_METRIC_COUNT_; id++)
                kt_metrics_set(metrics, id, (const char *[]){ "a\"\\\nb", "c", "d" }, 0.5 + id);
}

static bool ends_with(const char *text, const char *end)
{
        return strlen(text) > strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void test_rows__keep_the_rules(void **state)
{
        size_t count = 0;
        (void)state;

        for (const struct kt_metric *row = kt_metric_rows; row->name; row++, count++) {
                assert_int_equal(strncmp(row->name, "k8skafka_", 9), 0);
                assert_int_equal(ends_with(row->name, "_total"), row->type == KT_METRIC_COUNTER);
                assert_true(ends_with(row->help, "."));
                assert_null(strstr(row->name, "milli"));
                assert_null(strpbrk(row->help, "\\\n"));
                for (const struct kt_metric *other = kt_metric_rows; other < row; other++)
                        assert_string_not_equal(other->name, row->name);
        }
        assert_int_equal(count, KT_METRIC_COUNT_);
}

/* Prometheus' own opinion, where its tool is installed. */
static void test_rows__promtool_has_nothing_to_say(void **state)
{
        struct kt_metrics *metrics = kt_metrics_new(kt_metric_rows);
        KT_AUTO_STR struct kt_str out = { 0 };
        char said[4096] = "";
        int in[2];
        int back[2];
        int status = 0;
        size_t len = 0;
        pid_t pid;
        (void)state;

        fill(metrics);
        kt_metrics_render(metrics, &out);
        kt_metrics_free(metrics);
        assert_int_equal(pipe(in), 0);
        assert_int_equal(pipe(back), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                dup2(in[0], 0);
                dup2(back[1], 1);
                dup2(back[1], 2);
                close(in[1]);
                execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
                _exit(127);
        }
        close(in[0]);
        close(back[1]);
        assert_true(out.len < 60000); /* less than a pipe holds: nobody waits for anybody */
        assert_int_equal(write(in[1], out.data, out.len), (ssize_t)out.len);
        close(in[1]);
        for (ssize_t n; (n = read(back[0], said + len, sizeof(said) - 1 - len)) > 0; len += (size_t)n)
                ;
        close(back[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
                print_message("promtool is not installed (prometheus)\n");
                skip();
        }
        if (status != 0 || len > 0)
                fail_msg("promtool: %s\n%s", said, kt_str_get(&out));
}

/* ---- The server ---- */

struct fixture {
        struct kt_metrics_server *server;
        int64_t now_ms;
        bool is_ready;
        unsigned rendered;
};

static void render(void *context, struct kt_str *out)
{
        ((struct fixture *)context)->rendered++;
        kt_str_add(out, "k8skafka_a 1\n");
}

static bool healthy(void *context, struct kt_str *out)
{
        (void)context;
        (void)out;
        return true;
}

static bool ready(void *context, struct kt_str *out)
{
        struct fixture *fixture = context;

        kt_str_add(out, fixture->is_ready ? "ready\n" : "not yet\n");
        return fixture->is_ready;
}

static void start(struct fixture *fixture)
{
        struct kt_metrics_source source = { render, healthy, ready, fixture };

        *fixture = (struct fixture){ .now_ms = 1000 };
        assert_int_equal(kt_metrics_server_new("127.0.0.1:0", &source, &fixture->server, NULL), 0);
        assert_int_not_equal(kt_metrics_server_port(fixture->server), 0);
}

static int dial(const struct fixture *fixture)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(kt_metrics_server_port(fixture->server)),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

/* Lets the server work for as long as it has something to do. */
static void serve(struct fixture *fixture)
{
        struct pollfd poller = { .fd = kt_metrics_server_fd(fixture->server), .events = POLLIN };

        for (int i = 0; i < 100; i++) {
                assert_int_equal(kt_metrics_server_step(fixture->server, fixture->now_ms, NULL), 0);
                if (poll(&poller, 1, 1) == 0 && kt_metrics_server_wait_ms(fixture->server, fixture->now_ms) != 0)
                        return;
        }
        fail_msg("the server has always something to do");
}

/* What came back and whether the connection was closed. */
static bool take(int fd, struct kt_str *out)
{
        char buf[4096];
        ssize_t n;

        while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
                kt_str_add_bytes(out, buf, (size_t)n);
        return n == 0 || errno == ECONNRESET;
}

static void test_server__answers(void **state)
{
        static const struct {
                const char *request;
                const char *expect;
                const char *expect_too;
        } cases[] = {
                { "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nk8skafka_a 1\n" },
                { "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "Content-Type: text/plain; version=0.0.4", "" },
                { "GET /metrics?x=y HTTP/1.0\r\n\r\n", " 200 OK\r\n", "k8skafka_a 1\n" },
                { "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "Content-Length: 13\r\n", "\r\n\r\n" },
                { "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", " 200 OK\r\n", "Content-Length: 0\r\n" },
                { "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", " 503 ", "\r\n\r\nnot yet\n" },
                { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", " 404 ", "there are /metrics" },
                { "GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n", " 404 ", "" },
                { "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", " 404 ", "" },
                { "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", " 405 ", "Allow: GET, HEAD\r\n" },
                { "DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n", " 405 ", "" },
                { "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", " 200 OK\r\n",
                  "k8skafka_a 1\n" },
                { "potato\r\n\r\n", "", "" },
        };
        struct fixture fixture;
        (void)state;

        start(&fixture);
        for (size_t i = 0; i < KT_COUNT(cases); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };
                KT_AUTO_FD int fd = dial(&fixture);
                bool closed;

                assert_int_equal(send(fd, cases[i].request, strlen(cases[i].request), 0),
                                 (ssize_t)strlen(cases[i].request));
                serve(&fixture);
                closed = take(fd, &out);
                if (!closed || !strstr(kt_str_get(&out), cases[i].expect) ||
                    !strstr(kt_str_get(&out), cases[i].expect_too))
                        fail_msg("%s: closed %d\n%s", cases[i].request, closed, kt_str_get(&out));
        }
        kt_metrics_server_free(fixture.server);
}

static void test_server__becomes_ready(void **state)
{
        struct fixture fixture;
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        start(&fixture);
        fixture.is_ready = true;
        {
                KT_AUTO_FD int fd = dial(&fixture);

                assert_int_equal(send(fd, "GET /readyz HTTP/1.0\r\n\r\n", 24, 0), 24);
                serve(&fixture);
                assert_true(take(fd, &out));
        }
        assert_non_null(strstr(kt_str_get(&out), " 200 OK\r\n"));
        kt_metrics_server_free(fixture.server);
}

static void test_server__limits_a_request(void **state)
{
        size_t len = 4 * KT_METRICS_MEMORY;
        KT_AUTO_FREE char *header = malloc(len);
        KT_AUTO_STR struct kt_str out = { 0 };
        struct fixture fixture;
        (void)state;

        start(&fixture);
        {
                KT_AUTO_FD int fd = dial(&fixture);

                assert_non_null(header);
                memset(header, 'x', len);
                assert_int_equal(send(fd, "GET /metrics HTTP/1.1\r\nX: ", 26, 0), 26);
                assert_int_equal(send(fd, header, len, 0), (ssize_t)len);
                serve(&fixture);
                assert_true(take(fd, &out));
        }
        assert_null(strstr(kt_str_get(&out), " 200 "));
        assert_int_equal(fixture.rendered, 0);
        kt_metrics_server_free(fixture.server);
}

static void test_server__cuts_slow_ones(void **state)
{
        struct fixture fixture;
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        start(&fixture);
        {
                KT_AUTO_FD int fd = dial(&fixture);

                assert_int_equal(send(fd, "GET /me", 7, 0), 7);
                serve(&fixture);
                assert_false(take(fd, &out));
                assert_in_range(kt_metrics_server_wait_ms(fixture.server, fixture.now_ms), 0, KT_METRICS_IDLE_S * 1000);

                fixture.now_ms += KT_METRICS_LIFE_MS; /* a byte now and then does not help */
                assert_int_equal(send(fd, "t", 1, 0), 1);
                serve(&fixture);
                assert_true(take(fd, &out));
        }
        kt_metrics_server_free(fixture.server);
}

static void test_server__limits_connections(void **state)
{
        struct fixture fixture;
        int fds[KT_METRICS_PER_ADDRESS_MAX];
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        start(&fixture);
        for (size_t i = 0; i < KT_COUNT(fds); i++)
                fds[i] = dial(&fixture);
        serve(&fixture);
        {
                KT_AUTO_FD int fd = dial(&fixture);

                serve(&fixture);
                assert_true(take(fd, &out)); /* one too many of this address */
        }
        for (size_t i = 0; i < KT_COUNT(fds); i++) {
                assert_false(take(fds[i], &out));
                kt_close(fds[i]);
        }
        serve(&fixture);
        {
                KT_AUTO_FD int fd = dial(&fixture);

                assert_int_equal(send(fd, "GET /healthz HTTP/1.0\r\n\r\n", 25, 0), 25);
                serve(&fixture);
                assert_true(take(fd, &out));
        }
        assert_non_null(strstr(kt_str_get(&out), " 200 OK\r\n"));
        kt_metrics_server_free(fixture.server);
}

static void test_server__clients_that_vanish(void **state)
{
        struct fixture fixture;
        (void)state;

        start(&fixture);
        for (int i = 0; i < 100; i++) {
                KT_AUTO_FD int fd = dial(&fixture);
                struct linger hard = { .l_onoff = 1 };

                assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
                assert_int_equal(send(fd, "GET /metrics HTTP/1.0\r\n\r\n", 25, 0), 25);
                if (i % 2)
                        serve(&fixture);
        }
        serve(&fixture);
        kt_metrics_server_free(fixture.server);
}

static void test_server_new__addresses(void **state)
{
        static const struct {
                const char *address;
                int code;
        } cases[] = {
                { "127.0.0.1:0", 0 },
                { "potato", -EINVAL },
                { "127.0.0.1", -EINVAL },
                { "127.0.0.1:", -EINVAL },
                { "127.0.0.1:65536", -EINVAL },
                { "::1:80", -EINVAL },
                { "localhost:0", -EINVAL },
                { "[::1:0", -EINVAL },
                { "", -EINVAL },
                { "[]:0", -EINVAL },
                { "192.0.2.1:0", -EADDRNOTAVAIL },
                { ":0", 0 },
        };
        struct kt_metrics_source source = { render, healthy, ready, NULL };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(cases); i++) {
                struct kt_metrics_server *server = NULL;
                struct kt_err e = { 0 };
                int r = kt_metrics_server_new(cases[i].address, &source, &server, &e);

                if (r != cases[i].code)
                        fail_msg("%s: %d %s", cases[i].address, r, e.text);
                assert_int_equal(!server, r != 0);
                kt_metrics_server_free(server);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_render__families_and_series),
                cmocka_unit_test(test_render__escapes_labels),
                cmocka_unit_test(test_render__numbers),
                cmocka_unit_test(test_set__limits_series),
                cmocka_unit_test(test_set__cuts_long_values),
                cmocka_unit_test(test_forget__by_first_labels),
                cmocka_unit_test(test_rows__keep_the_rules),
                cmocka_unit_test(test_rows__promtool_has_nothing_to_say),
                cmocka_unit_test(test_server__answers),
                cmocka_unit_test(test_server__becomes_ready),
                cmocka_unit_test(test_server__limits_a_request),
                cmocka_unit_test(test_server__cuts_slow_ones),
                cmocka_unit_test(test_server__limits_connections),
                cmocka_unit_test(test_server__clients_that_vanish),
                cmocka_unit_test(test_server_new__addresses),
        };

        return TEST_MAIN(tests);
}
