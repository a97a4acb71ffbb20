/* SPDX-License-Identifier: Apache-2.0 */
/* A collection that is followed through pages, ends, errors, lost versions and a server that was restored. */
#include "daemonset/follow.h"

#include "tests/unit/daemonset/fake_api.h"

/* What was told, as a text: "listing +a listed hearing -a broken(-11) ". */
struct seen {
        struct kt_str text;
        unsigned count; /* of notices */
        unsigned broken;
        int64_t retry_ms;
        char error[KT_ERR_TEXT_MAX];
};

static void see(void *context, const struct kt_follow_notice *notice)
{
        static const char *const names[] = { "listing ", "+", "-", "listed ", "hearing ", "broken" };
        struct seen *seen = context;
        struct kt_json *metadata = NULL;
        const char *name = "";

        seen->count++;
        kt_str_add(&seen->text, names[notice->change]);
        if (notice->object) {
                assert_int_equal(kt_json_get_part(notice->object, "metadata", &metadata), 0);
                assert_int_equal(kt_json_get_text(metadata, "name", &name), 0);
                kt_str_addf(&seen->text, "%s ", name);
        }
        if (notice->change != KT_FOLLOW_BROKEN)
                return;
        kt_str_addf(&seen->text, "(%d) ", notice->code);
        seen->broken++;
        seen->retry_ms = notice->retry_ms;
        snprintf(seen->error, sizeof(seen->error), "%s", notice->error->text);
}

#define ITEM(name) "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"1\"}}"
#define LIST(version, items)                                                                                        \
        {                                                                                                           \
                .status = 200, .body = "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}" \
        }
#define EVENT(type, name, version)                                                                              \
        "{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version \
        "\"}}}\n"
#define STREAM(lines)                                           \
        {                                                       \
                .status = 200, .body = lines, .is_stream = true \
        }
#define TOO_LARGE \
        "{\"reason\":\"Timeout\",\"code\":504,\"details\":{\"causes\":[{\"reason\":\"ResourceVersionTooLarge\"}]}}"
#define AT "resourceVersion="

/* What comes after the rows is refused connections: each test ends with the failure that this is. */
static void test_follow__tells(void **state)
{
        static const struct {
                const char *why;
                struct fake_answer answers[8];
                const char *expect;
        } rows[] = {
                { "lists from the cache, then watches from there",
                  { { .expect = "?" AT "0&labelSelector=a%3Db&fieldSelector=spec.nodeName%3Dn1 HTTP",
                      .status = 200,
                      .body = "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[" ITEM("a") "," ITEM("b") "]}" },
                    { .expect = AT "7&labelSelector=a%3Db&fieldSelector=spec.nodeName%3Dn1 HTTP",
                      .status = 200,
                      .body = EVENT("ADDED", "c", "8") EVENT("MODIFIED", "a", "9") EVENT("DELETED", "b", "10"),
                      .is_stream = true } },
                  "listing +a +b listed hearing +c +a -b broken(-111) " },
                { "an empty list, and a list of null",
                  { { .status = 200, .body = "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":null}" },
                    STREAM("") },
                  "listing listed hearing broken(-111) " },
                { "goes on from the bookmark",
                  { LIST("7", ""),
                    STREAM(EVENT("BOOKMARK", "", "50")),
                    { .expect = AT "50&", .status = 500, .body = "{}" } },
                  "listing listed hearing broken(-11) broken(-111) " },
                { "pages",
                  { { .status = 200,
                      .body = "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"t=1\"},\"items\":[" ITEM(
                              "a") "]}" },
                    { .expect = "?limit=100&continue=t%3D1&label",
                      .status = 200,
                      .body = "{\"metadata\":{\"resourceVersion\":\"8\"},\"items\":[" ITEM("b") "]}" },
                    { .expect = "watch=1&allowWatchBookmarks=true&timeoutSeconds=", .status = 500, .body = "{}" } },
                  "listing +a +b listed broken(-11) broken(-111) " },
                { "a page's token that is too old: all again, the newest",
                  { { .status = 200,
                      .body = "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"t\"},\"items\":[" ITEM(
                              "a") "]}" },
                    { .status = 410, .body = "{\"reason\":\"Expired\"}" },
                    { .expect = "?limit=100&label",
                      .status = 200,
                      .body = "{\"metadata\":{\"resourceVersion\":\"8\"},\"items\":[]}" } },
                  "listing +a broken(-116) listing listed broken(-111) " },
                { "a version that is gone, told in an event: lists from it",
                  { LIST("7", ITEM("a")),
                    STREAM("{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n"),
                    { .expect = "?" AT "7&label",
                      .status = 200,
                      .body = "{\"metadata\":{\"resourceVersion\":\"90\"},\"items\":[]}" },
                    { .expect = AT "90&", .status = 500, .body = "{}" } },
                  "listing +a listed hearing listing listed broken(-11) broken(-111) " },
                { "a version that is gone, told at once",
                  { LIST("7", ""), { .status = 410, .body = "{}" }, LIST("90", "") },
                  "listing listed listing listed broken(-111) " },
                { "a server that counts behind us: the newest, whatever its version",
                  { LIST("700", ""),
                    { .expect = AT "700&", .status = 504, .body = TOO_LARGE },
                    { .expect = "?limit=100&label",
                      .status = 200,
                      .body = "{\"metadata\":{\"resourceVersion\":\"3\"},\"items\":[]}" },
                    { .expect = AT "3&",
                      .status = 200,
                      .body = "{\"type\":\"ERROR\",\"object\":" TOO_LARGE "}\n",
                      .is_stream = true },
                    { .expect = "?limit=100&label", .status = 500, .body = "{}" } },
                  "listing listed listing listed hearing broken(-11) broken(-111) " },
                { "another error in the stream",
                  { LIST("7", ""),
                    STREAM("{\"type\":\"ERROR\",\"object\":{\"code\":500}}\n"),
                    { .expect = AT "7&", .status = 500, .body = "{}" } },
                  "listing listed hearing broken(-11) broken(-11) broken(-111) " },
                { "a line that is no event",
                  { LIST("7", ""), STREAM("potato\n"), { .expect = AT "7&", .status = 500, .body = "{}" } },
                  "listing listed hearing broken(-74) broken(-11) broken(-111) " },
                { "a stream that breaks off inside of an event loses nothing",
                  { LIST("7", ""),
                    STREAM(EVENT("ADDED", "a", "8") "{\"type\":\"ADDED\",\"obj"),
                    { .expect = AT "8&", .status = 200, .body = EVENT("ADDED", "b", "9"), .is_stream = true } },
                  "listing listed hearing +a hearing +b broken(-111) " },
                { "what is no list",
                  { { .status = 200, .body = "{}" },
                    { .status = 200, .body = "{\"metadata\":{}}" },
                    { .status = 200, .body = "[]" },
                    { .expect = "?" AT "0&", .status = 403, .body = "{}" } },
                  "broken(-74) broken(-74) broken(-74) broken(-1) broken(-111) " },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct fake_api api;
                struct seen seen = { 0 };
                struct kt_kube *kube = NULL;
                struct kt_follow *follow = NULL;
                unsigned want = 1;

                for (const char *at = rows[i].expect; (at = strstr(at, "broken")); at++)
                        want += at != strstr(rows[i].expect, "broken");
                fake_start(&api, rows[i].answers);
                assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = api.url, .token_file = "" }, &kube, NULL),
                                 0);
                assert_int_equal(kt_follow_new(kube,
                                               &(struct kt_follow_config){ .path = "/api/v1/pods",
                                                                           .labels = "a=b",
                                                                           .fields = "spec.nodeName=n1",
                                                                           .notice = see,
                                                                           .context = &seen },
                                               &follow, NULL),
                                 0);
                fake_run(&api, kube, &seen.broken, want);
                if (strcmp(kt_str_get(&seen.text), rows[i].expect) != 0)
                        fail_msg("%s: '%s'\n%s", rows[i].why, kt_str_get(&seen.text), kt_str_get(&api.log));
                assert_non_null(strstr(seen.error, "get http://127.0.0.1:"));
                kt_follow_free(follow);
                kt_kube_free(kube);
                fake_stop(&api);
                kt_str_done(&seen.text);
        }
}

static void test_follow__backs_off(void **state)
{
        struct fake_api api;
        struct seen seen = { 0 };
        struct kt_kube *kube = NULL;
        struct kt_follow *follow = NULL;
        struct kt_follow_stats stats;
        (void)state;

        fake_start(&api, (const struct fake_answer[]){ { 0 } });
        assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = api.url, .token_file = "" }, &kube, NULL), 0);
        assert_int_equal(kt_follow_new(kube,
                                       &(struct kt_follow_config){ .path = "/api/v1/pods",
                                                                   .backoff = { .first_ms = 100, .most_ms = 1600 },
                                                                   .notice = see,
                                                                   .context = &seen },
                                       &follow, NULL),
                         0);
        for (unsigned i = 1; i <= 8; i++) {
                int64_t longest = i < 5 ? 100 << (i - 1) : 1600;

                fake_run(&api, kube, &seen.broken, i);
                assert_in_range(seen.retry_ms, longest / 2, longest);
        }
        kt_follow_get_stats(follow, &stats);
        assert_int_equal(stats.failures, 8);
        assert_int_equal(stats.lists, 9); /* the next one waits */
        assert_int_equal(stats.watches, 0);
        kt_follow_free(follow);
        kt_kube_free(kube);
        fake_stop(&api);
        kt_str_done(&seen.text);
}

/* What fails for this node alone is tried again soon; what all nodes lose together is not. */
static void test_follow__comes_back_apart_from_others(void **state)
{
        static const struct {
                const char *why;
                struct fake_answer answers[4];
                unsigned broken;
                int64_t shortest;
                int64_t longest;
        } rows[] = {
                { "nothing was listed yet", { { .status = 500, .body = "{}" } }, 2, 1, 1 },
                { "the watch ends before its time, and then nobody is there",
                  { LIST("7", ""), STREAM(EVENT("BOOKMARK", "", "8")) },
                  1,
                  500000,
                  1000000 },
                { "the watch is refused, and then nobody is there",
                  { LIST("7", ""), { .status = 500, .body = "{}" } },
                  2,
                  500000,
                  1000000 },
                { "a list of before is gone, and then nobody is there",
                  { LIST("7", ""), STREAM(""), STREAM("{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n") },
                  1,
                  500000,
                  1000000 },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct fake_api api;
                struct seen seen = { 0 };
                struct kt_kube *kube = NULL;
                struct kt_follow *follow = NULL;
                const struct kt_follow_config config = { .path = "/x",
                                                         .backoff = { .first_ms = 1, .most_ms = 1 },
                                                         .return_ms = 1000 * 1000,
                                                         .notice = see,
                                                         .context = &seen };

                fake_start(&api, rows[i].answers);
                assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = api.url, .token_file = "" }, &kube, NULL),
                                 0);
                assert_int_equal(kt_follow_new(kube, &config, &follow, NULL), 0);
                fake_run(&api, kube, &seen.broken, rows[i].broken);
                if (seen.retry_ms < rows[i].shortest || seen.retry_ms > rows[i].longest)
                        fail_msg("%s: %lld ms", rows[i].why, (long long)seen.retry_ms);
                kt_follow_free(follow);
                kt_kube_free(kube);
                fake_stop(&api);
                kt_str_done(&seen.text);
        }
}

static void test_follow__waits_as_the_server_asks(void **state)
{
        struct fake_api api;
        struct seen seen = { 0 };
        struct kt_kube *kube = NULL;
        struct kt_follow *follow = NULL;
        (void)state;

        fake_start(&api, (const struct fake_answer[]){
                                 { .status = 429, .headers = "Retry-After: 30\r\n", .body = "{}" }, { 0 } });
        assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = api.url, .token_file = "" }, &kube, NULL), 0);
        assert_int_equal(kt_follow_new(kube,
                                       &(struct kt_follow_config){ .path = "/x", .notice = see, .context = &seen },
                                       &follow, NULL),
                         0);
        fake_run(&api, kube, &seen.broken, 1);
        assert_in_range(seen.retry_ms, 30000, 30500);
        kt_follow_free(follow);
        kt_kube_free(kube);
        fake_stop(&api);
        kt_str_done(&seen.text);
}

static void test_new__refuses_a_bad_path(void **state)
{
        struct kt_kube *kube = NULL;
        struct kt_follow *follow = NULL;
        (void)state;

        assert_int_equal(kt_kube_new(&(struct kt_kube_config){ .url = "http://127.0.0.1:1" }, &kube, NULL), 0);
        assert_int_equal(
                kt_follow_new(kube, &(struct kt_follow_config){ .path = "pods", .notice = see }, &follow, NULL),
                -EINVAL);
        assert_null(follow);
        kt_follow_free(follow);
        kt_kube_free(kube);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_follow__tells),
                cmocka_unit_test(test_follow__backs_off),
                cmocka_unit_test(test_follow__comes_back_apart_from_others),
                cmocka_unit_test(test_follow__waits_as_the_server_asks),
                cmocka_unit_test(test_new__refuses_a_bad_path),
        };

        return TEST_MAIN(tests);
}
