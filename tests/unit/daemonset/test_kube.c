/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a server on loopback that answers as the API server does, and as it never should. */
#include "daemonset/kube.h"

#include "tests/unit/daemonset/fake_api.h"

/* What an answer was. */
struct seen {
        unsigned count;
        int code;
        long status;
        char reason[KT_KUBE_REASON_MAX];
        int64_t retry_after_ms;
        char text[KT_ERR_TEXT_MAX];
        char name[64];
        struct kt_kube *kube;
        uint64_t cancel; /* what the callback cancels */
        struct kt_str stream;
        int stop; /* what data says to its first bytes */
};

static void see(void *context, const struct kt_kube_answer *answer)
{
        struct seen *seen = context;
        const char *name = "";

        seen->count++;
        seen->code = answer->code;
        seen->status = answer->status;
        seen->retry_after_ms = answer->retry_after_ms;
        snprintf(seen->reason, sizeof(seen->reason), "%s", answer->reason);
        snprintf(seen->text, sizeof(seen->text), "%s", answer->error ? answer->error->text : "");
        if (answer->object && kt_json_get_text(answer->object, "name", &name) == 0)
                snprintf(seen->name, sizeof(seen->name), "%s", name);
        assert_int_equal(!answer->error, answer->code == 0);
        if (seen->cancel)
                kt_kube_cancel(seen->kube, seen->cancel);
}

static int see_stream(void *context, const char *data, size_t len, struct kt_err *e)
{
        struct seen *seen = context;

        if (len == 0) {
                kt_str_add(&seen->stream, "open ");
                return 0;
        }
        kt_str_add_bytes(&seen->stream, data, len);
        if (seen->cancel)
                kt_kube_cancel(seen->kube, seen->cancel);
        return seen->stop < 0 ? kt_err_set(e, seen->stop, "enough of it") : seen->stop;
}

/* A client of the server that answers by these rows. */
static struct kt_kube *connect_to(struct fake_api *api, const struct fake_answer *answers)
{
        struct kt_kube *kube = NULL;

        fake_start(api, answers);
        assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = api->url, .token_file = "" }, &kube, NULL), 0);
        return kube;
}

static void disconnect(struct fake_api *api, struct kt_kube *kube, struct seen *seen)
{
        kt_kube_free(kube);
        fake_stop(api);
        kt_str_done(&seen->stream);
}

static const struct kt_kube_request get = { .verb = KT_KUBE_GET, .path = "/api/v1/nodes/n1", .done = see };

static void test_new__judges_the_address(void **state)
{
        static const struct {
                const char *url;
                int code;
                const char *why;
        } rows[] = {
                { "https://10.96.0.1:443", 0, "a Service" },
                { "https://[fd00::1]:443", 0, "IPv6" },
                { "https://api.example.com", 0, "a name" },
                { "http://127.0.0.1:8080", 0, "http to ourselves" },
                { "http://127.9.9.9:8080", 0, "127/8" },
                { "http://[::1]:8080", 0, "http to ourselves, IPv6" },
                { "http://10.96.0.1:443", -EINVAL, "http to others would show them the token" },
                { "http://localhost:80", -EINVAL, "a name may mean anybody" },
                { "http://127.0.0.1.example.com", -EINVAL, "a name that looks like an address" },
                { "ftp://127.0.0.1", -EINVAL, "another protocol" },
                { "file:///etc/passwd", -EINVAL, "another protocol" },
                { "https://user@10.96.0.1", -EINVAL, "a user" },
                { "https://10.96.0.1/api", -EINVAL, "a path" },
                { "https://10.96.0.1/", -EINVAL, "a slash that would stand twice" },
                { "https://10.96.0.1?a=b", -EINVAL, "a query" },
                { "https://10.96.0.1#a", -EINVAL, "a fragment" },
                { "", -EINVAL, "nothing" },
                { "potato", -EINVAL, "no address" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_kube *kube = NULL;
                struct kt_err e = { 0 };

                if (kt_kube_new(&(struct kt_kube_config){ .url = rows[i].url }, &kube, &e) != rows[i].code)
                        fail_msg("%s (%s): %d %s", rows[i].url, rows[i].why, rows[i].code, e.text);
                kt_kube_free(kube);
        }
}

static void test_new__finds_the_cluster(void **state)
{
        static const struct {
                const char *host;
                const char *port;
                int code;
        } rows[] = {
                { "10.96.0.1", "443", 0 }, { "fd00::1", "443", 0 },        { "", "443", -EINVAL },
                { NULL, "443", -EINVAL },  { "10.96.0.1", NULL, -EINVAL }, { "a/b", "443", -EINVAL },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_kube *kube = NULL;

                unsetenv("KUBERNETES_SERVICE_HOST");
                unsetenv("KUBERNETES_SERVICE_PORT");
                if (rows[i].host)
                        assert_int_equal(setenv("KUBERNETES_SERVICE_HOST", rows[i].host, 1), 0);
                if (rows[i].port)
                        assert_int_equal(setenv("KUBERNETES_SERVICE_PORT", rows[i].port, 1), 0);
                assert_int_equal(kt_kube_new(&(struct kt_kube_config){ 0 }, &kube, NULL), rows[i].code);
                kt_kube_free(kube);
        }
}

static void test_start__refuses_what_is_no_request(void **state)
{
        static const struct kt_kube_request rows[] = {
                { .verb = KT_KUBE_GET, .done = see },
                { .verb = KT_KUBE_GET, .path = "api", .done = see },
                { .verb = KT_KUBE_GET, .path = "/api/../x", .done = see },
                { .verb = KT_KUBE_GET, .path = "/api//x", .done = see },
                { .verb = KT_KUBE_GET, .path = "/api?a=b", .done = see },
                { .verb = KT_KUBE_GET, .path = "/api#a", .done = see },
                { .verb = KT_KUBE_GET, .path = "/a b", .done = see },
                { .verb = KT_KUBE_GET, .path = "/a\r\nX: y", .done = see },
                { .verb = KT_KUBE_GET, .path = "/a", .query = "a=b c", .done = see },
                { .verb = KT_KUBE_GET, .path = "/a" },
                { .verb = KT_KUBE_GET, .path = "/a", .body = "{}", .done = see },
                { .verb = KT_KUBE_MERGE, .path = "/a", .done = see },
                { .verb = KT_KUBE_APPLY, .path = "/a", .body = "{}", .done = see },
        };
        struct fake_api api;
        struct kt_kube *kube = connect_to(&api, (const struct fake_answer[]){ { 0 } });
        uint64_t id = 0;
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_kube_start(kube, &rows[i], &id, NULL) != -EINVAL)
                        fail_msg("row %zu", i);
        assert_int_equal(id, 0);
        assert_int_equal(kt_kube_wait_ms(kube, 1000), -1);
        disconnect(&api, kube, &(struct seen){ 0 });
}

static void test_start__limits_how_many(void **state)
{
        struct fake_api api;
        struct kt_kube *kube = connect_to(&api, (const struct fake_answer[]){ { 0 } });
        struct seen seen = { 0 };
        struct kt_kube_request later = get;
        uint64_t id = 0;
        (void)state;

        later.delay_ms = 1000;
        later.context = &seen;
        for (int i = 0; i < KT_KUBE_REQUESTS_MAX; i++)
                assert_int_equal(kt_kube_start(kube, &later, &id, NULL), 0);
        assert_int_equal(kt_kube_start(kube, &later, &id, NULL), -EBUSY);
        kt_kube_cancel(kube, id);
        assert_int_equal(kt_kube_wait_ms(kube, 1000), 0);
        assert_int_equal(kt_kube_step(kube, 1000, NULL), 0);
        assert_int_equal(kt_kube_wait_ms(kube, 1000), 1000);
        assert_int_equal(kt_kube_start(kube, &later, &id, NULL), 0);
        disconnect(&api, kube, &seen);
        assert_int_equal(seen.count, 0);
}

static void test_request__says_what_it_wants(void **state)
{
        static const struct {
                struct kt_kube_request request;
                const char *expect[4];
        } rows[] = {
                { { .verb = KT_KUBE_GET, .path = "/api/v1/pods", .query = "limit=5" },
                  { "GET /api/v1/pods?limit=5 HTTP/1.1\r\n", "Accept: application/json\r\n",
                    "User-Agent: kafka-tunerd\r\n" } },
                { { .verb = KT_KUBE_APPLY, .path = "/apis/x/y", .manager = "kafka-tunerd", .body = "{\"a\":1}" },
                  { "PATCH /apis/x/y?fieldManager=kafka-tunerd HTTP/1.1\r\n",
                    "Content-Type: application/apply-patch+yaml\r\n", "\r\n\r\n{\"a\":1}" } },
                { { .verb = KT_KUBE_APPLY, .path = "/x", .manager = "a&b", .force = true, .body = "{}" },
                  { "PATCH /x?fieldManager=a%26b&force=true HTTP/1.1\r\n" } },
                { { .verb = KT_KUBE_MERGE, .path = "/x", .query = "a=b", .manager = "m", .body = "{}" },
                  { "PATCH /x?a=b&fieldManager=m HTTP/1.1\r\n", "Content-Type: application/merge-patch+json\r\n" } },
                { { .verb = KT_KUBE_CREATE, .path = "/x", .body = "{\"kind\":\"Event\"}" },
                  { "POST /x HTTP/1.1\r\n", "Content-Type: application/json\r\n", "\r\n\r\n{\"kind\":\"Event\"}" } },
                { { .verb = KT_KUBE_DELETE, .path = "/x" }, { "DELETE /x HTTP/1.1\r\n" } },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct fake_api api;
                struct kt_kube *kube = connect_to(
                        &api, (const struct fake_answer[]){ { .status = 200, .body = "{\"name\":\"n1\"}" }, { 0 } });
                struct seen seen = { 0 };
                struct kt_kube_request request = rows[i].request;
                uint64_t id = 0;

                request.done = see;
                request.context = &seen;
                assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
                fake_run(&api, kube, &seen.count, 1);
                assert_int_equal(seen.code, 0);
                assert_string_equal(seen.name, "n1");
                for (size_t k = 0; k < 4 && rows[i].expect[k]; k++)
                        if (!strstr(kt_str_get(&api.log), rows[i].expect[k]))
                                fail_msg("no '%s' in:\n%s", rows[i].expect[k], kt_str_get(&api.log));
                assert_null(strcasestr(kt_str_get(&api.log), "authorization"));
                assert_null(strcasestr(kt_str_get(&api.log), "accept-encoding"));
                disconnect(&api, kube, &seen);
        }
}

static void test_request__tells_failures(void **state)
{
        static const struct {
                struct fake_answer answer;
                int code;
                const char *reason;
                const char *text;
        } rows[] = {
                { { .status = 404, .body = "{\"reason\":\"NotFound\",\"message\":\"no n1\"}" },
                  -ENOENT,
                  "NotFound",
                  "/api/v1/nodes/n1: HTTP 404 NotFound: no n1" },
                { { .status = 409, .body = "{\"reason\":\"Conflict\"}" }, -EBUSY, "Conflict", "HTTP 409 Conflict" },
                { { .status = 409, .body = "{\"reason\":\"AlreadyExists\"}" },
                  -EEXIST,
                  "AlreadyExists",
                  "AlreadyExists" },
                { { .status = 403, .body = "not even JSON" }, -EPERM, "", "HTTP 403" },
                { { .status = 422, .body = "{\"message\":\"a\\nb\\u001b[2J\"}" }, -EINVAL, "", "a\\nb\\x1b[2J" },
                { { .status = 500, .body = "{\"reason\":\"<script>\"}" }, -EAGAIN, "", "HTTP 500" },
                { { .status = 429, .headers = "Retry-After: 7\r\n", .body = "{}" }, -EAGAIN, "", "HTTP 429" },
                { { .status = 302, .headers = "Location: http://127.0.0.1:1/\r\n", .body = "" },
                  -EPROTO,
                  "",
                  "HTTP 302" },
                { { .status = 200, .body = "potato" }, -EBADMSG, "", "answer:1:" },
                { { .status = 200, .body = "" }, -EBADMSG, "", "answer:1:" },
                { { .status = 200, .body = "{}", .is_short = true }, -ECONNRESET, "", "bytes remaining" },
                { { .expect = "GET", .status = 0 }, -ECONNRESET, "", "get http://127.0.0.1" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct fake_answer answers[] = { rows[i].answer, { 0 } };
                struct fake_api api;
                struct kt_kube *kube = connect_to(&api, answers);
                struct seen seen = { 0 };
                struct kt_kube_request request = get;
                struct kt_kube_stats stats;
                uint64_t id = 0;

                request.context = &seen;
                assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
                fake_run(&api, kube, &seen.count, 1);
                if (seen.code != rows[i].code || strcmp(seen.reason, rows[i].reason) != 0 ||
                    !strstr(seen.text, rows[i].text))
                        fail_msg("row %zu: %d '%s' '%s'", i, seen.code, seen.reason, seen.text);
                assert_int_equal(seen.retry_after_ms,
                                 rows[i].answer.headers && rows[i].answer.status == 429 ? 7000 : 0);
                kt_kube_get_stats(kube, &stats);
                assert_int_equal(stats.failures, 1);
                assert_int_equal(api.asked, 1);
                disconnect(&api, kube, &seen);
        }
}

static void test_request__limits_the_answer(void **state)
{
        static const struct fake_answer answers[] = { { .status = 200, .body = "{\"name\":\"0123456789\"}" },
                                                      { .status = 200, .body = "{\"name\":\"0123456789\"}" },
                                                      { 0 } };
        size_t len = strlen(answers[0].body);
        struct fake_api api;
        (void)state;

        for (size_t i = 0; i < 2; i++) {
                struct seen seen = { 0 };
                struct kt_kube_request request = get;
                struct kt_kube *kube = NULL;
                uint64_t id = 0;

                fake_start(&api, answers);
                assert_int_equal(
                        kt_kube_new(&(struct kt_kube_config){ .url = api.url, .token_file = "", .answer_max = len - i },
                                    &kube, NULL),
                        0);
                request.context = &seen;
                assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
                fake_run(&api, kube, &seen.count, 1);
                assert_int_equal(seen.code, i == 0 ? 0 : -EFBIG);
                if (i == 1)
                        assert_non_null(strstr(seen.text, "larger than 20 bytes"));
                disconnect(&api, kube, &seen);
        }
}

static void test_request__nobody_listens(void **state)
{
        struct fake_api api;
        struct kt_kube *kube = connect_to(&api, (const struct fake_answer[]){ { 0 } });
        struct seen seen = { 0 };
        struct kt_kube_request request = get;
        uint64_t id = 0;
        (void)state;

        api.fd = kt_close(api.fd);
        request.context = &seen;
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 1);
        assert_int_equal(seen.code, -ECONNREFUSED);
        assert_int_equal(seen.status, 0);
        disconnect(&api, kube, &seen);
}

static void test_request__https_needs_its_authority(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *token = test_path(tree, "token");
        KT_AUTO_FREE char *ca = test_path(tree, "ca.crt");
        struct kt_kube_config config = { .token_file = token, .ca_file = ca };
        struct fake_api api;
        KT_AUTO_FREE char *url = NULL;

        test_write(tree, "token", "abc");
        fake_start(&api, (const struct fake_answer[]){ { .status = 200, .body = "{}" }, { 0 } });
        url = kt_str_make("https%s", api.url + strlen("http"));
        config.url = url;
        for (size_t i = 0; i < 2; i++) { /* no file, then one that holds no certificate */
                struct seen seen = { 0 };
                struct kt_kube_request request = get;
                struct kt_kube *kube = NULL;
                uint64_t id = 0;

                assert_int_equal(kt_kube_new(&config, &kube, NULL), 0);
                request.context = &seen;
                assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
                fake_run(&api, kube, &seen.count, 1);
                assert_int_equal(seen.code, i == 0 ? -ENOENT : -EKEYREJECTED);
                if (i == 0)
                        assert_non_null(strstr(seen.text, "/ca.crt"));
                assert_null(strstr(kt_str_get(&api.log), "abc"));
                test_write(tree, "ca.crt", "no certificate");
                kt_kube_free(kube);
        }
        fake_stop(&api);
}

/* The second try owes nothing to the first one. */
static void test_token__a_large_refusal_is_tried_again(void **state)
{
        const struct test_tree *tree = *state;
        char large[(1 << 16) + 2];
        const struct fake_answer answers[] = {
                { .status = 401, .body = large },
                { .status = 200, .body = "{}" },
                { 0 },
        };
        KT_AUTO_FREE char *token = test_path(tree, "token");
        struct seen seen = { 0 };
        struct kt_kube_request request = get;
        struct kt_kube *kube = NULL;
        struct fake_api api;
        uint64_t id = 0;

        memset(large, ' ', sizeof(large) - 1);
        large[sizeof(large) - 1] = '\0';
        test_write(tree, "token", "one");
        fake_start(&api, answers);
        assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = api.url, .token_file = token }, &kube, NULL), 0);
        request.context = &seen;
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 1);
        assert_int_equal(seen.code, 0);
        kt_kube_free(kube);
        fake_stop(&api);
}

static void test_token__is_read_anew(void **state)
{
        const struct test_tree *tree = *state;
        static const struct fake_answer answers[] = {
                { .expect = "Authorization: Bearer one\r\n", .status = 200, .body = "{}" },
                { .expect = "Authorization: Bearer two\r\n", .status = 200, .body = "{}" },
                { .expect = "Authorization: Bearer two\r\n", .status = 401, .body = "{}" },
                { .expect = "Authorization: Bearer two\r\n", .status = 401, .body = "{\"reason\":\"Unauthorized\"}" },
                { 0 },
        };
        KT_AUTO_FREE char *token = test_path(tree, "token");
        struct seen seen = { 0 };
        struct kt_kube_request request = get;
        struct kt_kube_stats stats;
        struct kt_kube *kube = NULL;
        struct fake_api api;
        uint64_t id = 0;

        fake_start(&api, answers);
        assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = api.url, .token_file = token }, &kube, NULL), 0);
        request.context = &seen;

        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 1);
        assert_int_equal(seen.code, -ENOENT); /* no token: nothing is sent */
        assert_int_equal(api.asked, 0);

        test_write(tree, "token", "bad\r\nHost: x");
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 2);
        assert_int_equal(seen.code, -EBADMSG);
        assert_int_equal(api.asked, 0);

        test_write(tree, "token", "one\n");
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 3);
        assert_int_equal(seen.code, 0);

        test_write(tree, "token.new", "two");
        assert_int_equal(renameat(tree->fd, "token.new", tree->fd, "token"), 0);
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 4);
        assert_int_equal(seen.code, 0);

        /* Refused twice is refused; in between it was tried again. */
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 5);
        assert_int_equal(seen.code, -EACCES);
        assert_string_equal(seen.reason, "Unauthorized");
        assert_int_equal(api.asked, 4);
        kt_kube_get_stats(kube, &stats);
        assert_int_equal(stats.requests, 4);
        assert_int_equal(stats.reloads, 2);
        assert_null(strstr(seen.text, "two"));
        disconnect(&api, kube, &seen);
}

static void test_request__ignores_the_proxies_of_the_environment(void **state)
{
        static const char *const names[] = { "http_proxy", "https_proxy", "all_proxy", "ALL_PROXY" };
        struct fake_api api;
        struct kt_kube *kube;
        struct seen seen = { 0 };
        struct kt_kube_request request = get;
        uint64_t id = 0;
        (void)state;

        for (size_t i = 0; i < KT_COUNT(names); i++)
                assert_int_equal(setenv(names[i], "http://127.0.0.1:1", 1), 0);
        kube = connect_to(&api, (const struct fake_answer[]){ { .status = 200, .body = "{}" }, { 0 } });
        request.context = &seen;
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &seen.count, 1);
        assert_int_equal(seen.code, 0);
        disconnect(&api, kube, &seen);
        for (size_t i = 0; i < KT_COUNT(names); i++)
                unsetenv(names[i]);
}

static void test_cancel__silences(void **state)
{
        struct fake_api api;
        struct kt_kube *kube =
                connect_to(&api, (const struct fake_answer[]){
                                         { .status = 200, .body = "{}" }, { .status = 200, .body = "{}" }, { 0 } });
        struct seen first = { .kube = kube };
        struct seen second = { 0 };
        struct kt_kube_request request = get;
        uint64_t id = 0;
        (void)state;

        request.context = &first;
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        kt_kube_cancel(kube, id);
        kt_kube_cancel(kube, 0);
        kt_kube_cancel(kube, 4711);
        for (int i = 0; i < 5; i++)
                fake_turn(&api, kube);
        assert_int_equal(first.count, 0);

        /* From inside another one's callback, and itself, which is over. */
        assert_int_equal(kt_kube_start(kube, &request, &first.cancel, NULL), 0);
        fake_run(&api, kube, &first.count, 1);
        request.context = &second;
        request.delay_ms = 10;
        assert_int_equal(kt_kube_start(kube, &request, &first.cancel, NULL), 0);
        request.context = &first;
        request.delay_ms = 0;
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        fake_run(&api, kube, &first.count, 2);
        for (int i = 0; i < 5; i++)
                fake_turn(&api, kube);
        assert_int_equal(second.count, 0);
        assert_int_equal(kt_kube_wait_ms(kube, api.now_ms), -1);
        disconnect(&api, kube, &first);
}

static void test_stream__is_handed_on(void **state)
{
        static const struct {
                struct fake_answer answer;
                int stop;
                bool cancel;
                int code;
                const char *stream;
        } rows[] = {
                { { .status = 200, .body = "abc", .is_stream = true }, 0, false, 0, "open abc" },
                { { .status = 200, .body = "abc", .is_stream = true, .stays = true }, 1, false, 0, "open abc" },
                { { .status = 200, .body = "abc", .is_stream = true, .stays = true },
                  -EBADMSG,
                  false,
                  -EBADMSG,
                  "open abc" },
                { { .status = 200, .body = "abc", .is_stream = true, .stays = true }, 0, true, 0, "open abc" },
                { { .status = 410, .body = "{\"reason\":\"Expired\"}" }, 0, false, -ESTALE, "" },
                { { .status = 200, .body = "abc", .is_short = true }, 0, false, -ECONNRESET, "open abc" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct fake_answer answers[] = { rows[i].answer, { 0 } };
                struct fake_api api;
                struct kt_kube *kube = connect_to(&api, answers);
                struct seen seen = { .kube = kube, .stop = rows[i].stop };
                struct kt_kube_request request = get;
                uint64_t id = 0;

                request.context = &seen;
                request.data = see_stream;
                assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
                if (rows[i].cancel) {
                        seen.cancel = id;
                        for (int turn = 0; turn < 50; turn++)
                                fake_turn(&api, kube);
                        assert_int_equal(seen.count, 0);
                } else {
                        fake_run(&api, kube, &seen.count, 1);
                        assert_int_equal(seen.code, rows[i].code);
                        if (rows[i].stop < 0)
                                assert_non_null(strstr(seen.text, "enough of it"));
                }
                assert_string_equal(kt_str_get(&seen.stream), rows[i].stream);
                disconnect(&api, kube, &seen);
        }
}

static void test_free__amid_requests(void **state)
{
        struct fake_api api;
        struct kt_kube *kube =
                connect_to(&api, (const struct fake_answer[]){
                                         { .status = 200, .body = "a", .is_stream = true, .stays = true }, { 0 } });
        struct seen seen = { 0 };
        struct kt_kube_request request = get;
        uint64_t id = 0;
        (void)state;

        request.context = &seen;
        request.data = see_stream;
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        for (int turn = 0; turn < 50; turn++)
                fake_turn(&api, kube);
        assert_string_equal(kt_str_get(&seen.stream), "open a");
        assert_int_equal(kt_kube_start(kube, &request, &id, NULL), 0);
        disconnect(&api, kube, &seen);
        assert_int_equal(seen.count, 0);
}

static void test_errno__of_every_status(void **state)
{
        static const struct {
                long status;
                const char *reason;
                int code;
        } rows[] = {
                { 200, "", 0 },       { 201, "", 0 },       { 304, "", -EPROTO },
                { 400, "", -EINVAL }, { 401, "", -EACCES }, { 403, "", -EPERM },
                { 404, "", -ENOENT }, { 409, "", -EBUSY },  { 409, "AlreadyExists", -EEXIST },
                { 410, "", -ESTALE }, { 413, "", -EFBIG },  { 418, "", -EPROTO },
                { 422, "", -EINVAL }, { 429, "", -EAGAIN }, { 500, "", -EAGAIN },
                { 503, "", -EAGAIN }, { 504, "", -EAGAIN }, { 0, "", -EPROTO },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_kube_errno(rows[i].status, rows[i].reason), rows[i].code);
}

static void test_escape__keeps_unreserved(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_kube_escape(&out, "aZ09-._~ /?&=%,\xc3\xa4");
        assert_string_equal(kt_str_get(&out), "aZ09-._~%20%2F%3F%26%3D%25%2C%C3%A4");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_new__judges_the_address),
                cmocka_unit_test(test_new__finds_the_cluster),
                cmocka_unit_test(test_start__refuses_what_is_no_request),
                cmocka_unit_test(test_start__limits_how_many),
                cmocka_unit_test(test_request__says_what_it_wants),
                cmocka_unit_test(test_request__tells_failures),
                cmocka_unit_test(test_request__limits_the_answer),
                cmocka_unit_test(test_request__nobody_listens),
                cmocka_unit_test_setup_teardown(test_request__https_needs_its_authority, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_token__a_large_refusal_is_tried_again, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_token__is_read_anew, test_tree_setup, test_tree_teardown),
                cmocka_unit_test(test_request__ignores_the_proxies_of_the_environment),
                cmocka_unit_test(test_cancel__silences),
                cmocka_unit_test(test_stream__is_handed_on),
                cmocka_unit_test(test_free__amid_requests),
                cmocka_unit_test(test_errno__of_every_status),
                cmocka_unit_test(test_escape__keeps_unreserved),
        };

        return TEST_MAIN(tests);
}
