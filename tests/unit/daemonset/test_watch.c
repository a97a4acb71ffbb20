/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of a watch as the API server writes them, cut anywhere, and as it never should. */
#include "daemonset/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

#define POD(type, name, version)                                                                                \
        "{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version \
        "\"}}}\n"
#define GONE "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n"

/* Writes what it gets into a text: "added a 7, error 410, ". */
static int note(void *context, const struct kt_watch_event *event)
{
        static const char *const names[] = { "added", "modified", "deleted", "bookmark", "error" };
        struct kt_json *metadata = NULL;
        const char *name = "";

        if (event->kind == KT_WATCH_ERROR) {
                assert_null(event->version);
                kt_str_addf(context, "error %llu, ", (unsigned long long)event->code);
                return 0;
        }
        assert_int_equal(kt_json_get_part(event->object, "metadata", &metadata), 0);
        if (kt_json_get_text(metadata, "name", &name) < 0)
                name = "-";
        kt_str_addf(context, "%s %s %s, ", names[event->kind], name, event->version);
        return 0;
}

static int stop(void *context, const struct kt_watch_event *event)
{
        (void)event;
        (*(unsigned *)context)++;
        return 42;
}

static void test_feed__gives_events(void **state)
{
        static const struct {
                const char *stream;
                const char *expect;
                const char *why;
        } rows[] = {
                { "", "", "nothing" },
                { "\n\n", "", "empty lines" },
                { POD("ADDED", "a", "7"), "added a 7, ", "one" },
                { POD("ADDED", "a", "7") POD("MODIFIED", "a", "8") POD("DELETED", "a", "9"),
                  "added a 7, modified a 8, deleted a 9, ", "several" },
                { "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"12\"}}}\n",
                  "bookmark - 12, ", "a bookmark has no more than a version" },
                { GONE, "error 410, ", "gone" },
                { "{\"type\":\"ERROR\",\"object\":{}}\n", "error 0, ", "an error without a code" },
                { POD("SPLINES", "a", "7") POD("ADDED", "b", "8"), "added b 8, ", "unknown kinds are left out" },
                { "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\\u0000b\",\"resourceVersion\":\"7\"}}}\n",
                  "added - 7, ", "a NUL in one text" },
                { POD("ADDED", "a", "7") "{\"type\":\"ADD", "added a 7, ", "the rest is still to come" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                /* Cut into pieces of every length, a line comes out the same. */
                for (size_t piece = 1; piece <= strlen(rows[i].stream) + 1; piece++) {
                        KT_AUTO(kt_watch_done) struct kt_watch watch = { 0 };
                        KT_AUTO_STR struct kt_str out = { 0 };

                        for (size_t at = 0; at < strlen(rows[i].stream); at += piece) {
                                size_t rest = strlen(rows[i].stream) - at;

                                assert_int_equal(kt_watch_feed(&watch, rows[i].stream + at, rest < piece ? rest : piece,
                                                               note, &out, NULL),
                                                 0);
                        }
                        if (strcmp(kt_str_get(&out), rows[i].expect) != 0)
                                fail_msg("%s, in pieces of %zu: '%s'", rows[i].why, piece, kt_str_get(&out));
                }
        }
}

static void test_feed__refuses_what_is_no_event(void **state)
{
        static const struct {
                const char *line;
                const char *expect;
        } rows[] = {
                { "potato\n", "watch event:1:" },
                { "{}{}\n", "watch event:1:" },
                { "[]\n", "a line of the watch is no event" },
                { "{\"type\":1,\"object\":{}}\n", "a line of the watch is no event" },
                { "{\"type\":\"ADDED\"}\n", "a line of the watch is no event" },
                { "{\"type\":\"ADDED\",\"object\":7}\n", "a line of the watch is no event" },
                { "{\"type\":\"ADDED\",\"object\":{}}\n", "an object of the watch has no resourceVersion" },
                { "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}\n",
                  "an object of the watch has no resourceVersion" },
                { POD("ADDED", "a", "0123456789012345678901234567890123456789012345678901234567890123"),
                  "an object of the watch has no resourceVersion" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_watch_done) struct kt_watch watch = { 0 };
                KT_AUTO_STR struct kt_str out = { 0 };
                struct kt_err e = { 0 };

                assert_int_equal(kt_watch_feed(&watch, rows[i].line, strlen(rows[i].line), note, &out, &e), -EBADMSG);
                if (strncmp(e.text, rows[i].expect, strlen(rows[i].expect)) != 0)
                        fail_msg("'%s' does not start with '%s'", e.text, rows[i].expect);
                assert_string_equal(kt_str_get(&out), "");
        }
}

static void test_feed__limits_a_line(void **state)
{
        const char *fits = POD("ADDED", "a", "7");
        KT_AUTO(kt_watch_done) struct kt_watch watch = { .line_max = strlen(fits) - 1 };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_err e = { 0 };
        (void)state;

        assert_int_equal(kt_watch_feed(&watch, fits, strlen(fits), note, &out, NULL), 0);
        assert_string_equal(kt_str_get(&out), "added a 7, ");
        watch.line_max--;
        assert_int_equal(kt_watch_feed(&watch, fits, strlen(fits), note, &out, &e), -EFBIG);
        assert_non_null(strstr(e.text, "larger than"));
        assert_string_equal(kt_str_get(&out), "added a 7, ");

        /* Also when it comes in small pieces and never ends. */
        kt_watch_reset(&watch);
        for (size_t i = 0; i < watch.line_max; i++)
                assert_int_equal(kt_watch_feed(&watch, " ", 1, note, &out, NULL), 0);
        assert_int_equal(kt_watch_feed(&watch, " ", 1, note, &out, NULL), -EFBIG);
}

static void test_feed__gives_memory_back(void **state)
{
        size_t len = 4 * KT_WATCH_KEEP_MAX;
        KT_AUTO_FREE char *blanks = malloc(len);
        KT_AUTO(kt_watch_done) struct kt_watch watch = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        assert_non_null(blanks);
        memset(blanks, ' ', len);
        assert_int_equal(kt_watch_feed(&watch, blanks, len, note, &out, NULL), 0);
        assert_true(watch.line.cap >= len);
        assert_int_equal(kt_watch_feed(&watch, GONE, strlen(GONE), note, &out, NULL), 0);
        assert_string_equal(kt_str_get(&out), "error 410, ");
        assert_true(watch.line.cap <= KT_WATCH_KEEP_MAX);
}

static void test_feed__stops_when_told(void **state)
{
        KT_AUTO(kt_watch_done) struct kt_watch watch = { 0 };
        const char *two = POD("ADDED", "a", "7") POD("ADDED", "b", "8");
        unsigned calls = 0;
        (void)state;

        assert_int_equal(kt_watch_feed(&watch, two, strlen(two), stop, &calls, NULL), 42);
        assert_int_equal(calls, 1);
}

static void test_reset__forgets_half_a_line(void **state)
{
        KT_AUTO(kt_watch_done) struct kt_watch watch = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        assert_int_equal(kt_watch_feed(&watch, "{\"type\":", 8, note, &out, NULL), 0);
        kt_watch_reset(&watch);
        assert_int_equal(kt_watch_feed(&watch, GONE, strlen(GONE), note, &out, NULL), 0);
        assert_string_equal(kt_str_get(&out), "error 410, ");
}

static void test_feed__counts_unknown_kinds(void **state)
{
        KT_AUTO(kt_watch_done) struct kt_watch watch = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        const char *unknown = POD("SPLINES", "a", "7");
        (void)state;

        assert_int_equal(kt_watch_feed(&watch, unknown, strlen(unknown), note, &out, NULL), 0);
        assert_int_equal(watch.skipped, 1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_feed__gives_events),
                cmocka_unit_test(test_feed__refuses_what_is_no_event),
                cmocka_unit_test(test_feed__limits_a_line),
                cmocka_unit_test(test_feed__gives_memory_back),
                cmocka_unit_test(test_feed__stops_when_told),
                cmocka_unit_test(test_feed__counts_unknown_kinds),
                cmocka_unit_test(test_reset__forgets_half_a_line),
        };

        return TEST_MAIN(tests);
}
