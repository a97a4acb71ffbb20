/* SPDX-License-Identifier: Apache-2.0 */
/* Output: JSON that is always whole, and lines for people. */
#include "lib/app/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

static void test_json__keeps_order_and_types(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document = kt_json_new("Test");
        struct kt_json *list = kt_json_list(document, "list");
        (void)state;

        kt_json_text(document, "z", "text");
        kt_json_text(document, "none", NULL);
        kt_json_count(document, "count", INT64_MAX);
        kt_json_count(document, "unlimited", (uint64_t)INT64_MAX + 1);
        kt_json_int(document, "int", -1);
        kt_json_real(document, "real", 0.1);
        kt_json_real(document, "nan", (double)NAN);
        kt_json_bool(document, "bool", true);
        kt_json_add_text(list, "a");
        kt_json_text(kt_json_object(list, NULL), "b", "c");
        kt_json_text(kt_json_object(document, "object"), "d", "e\n\"");

        assert_int_equal(kt_json_render(document, &out), 0);
        assert_string_equal(kt_str_get(&out), "{\n"
                                              "  \"apiVersion\": \"k8skafka/v1\",\n"
                                              "  \"kind\": \"Test\",\n"
                                              "  \"list\": [\n"
                                              "    \"a\",\n"
                                              "    {\n"
                                              "      \"b\": \"c\"\n"
                                              "    }\n"
                                              "  ],\n"
                                              "  \"z\": \"text\",\n"
                                              "  \"none\": null,\n"
                                              "  \"count\": 9223372036854775807,\n"
                                              "  \"unlimited\": null,\n"
                                              "  \"int\": -1,\n"
                                              "  \"real\": 0.1,\n"
                                              "  \"nan\": null,\n"
                                              "  \"bool\": true,\n"
                                              "  \"object\": {\n"
                                              "    \"d\": \"e\\n\\\"\"\n"
                                              "  }\n"
                                              "}\n");
        kt_json_free(document);
}

static void test_json__replaces_what_is_no_utf8(void **state)
{
        static const struct {
                const char *input;
                const char *expect;
                const char *why;
        } rows[] = {
                { "a\xff"
                  "b",
                  "a\xef\xbf\xbd"
                  "b",
                  "a lone byte" },
                { "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80",
                  "good ones of each length" },
                { "\xc3", "\xef\xbf\xbd", "cut at the end" },
                { "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd", "cut after two" },
                { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", "overlong" },
                { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "a surrogate" },
                { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "above U+10FFFF" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };
                KT_AUTO_STR struct kt_str expect = { 0 };
                struct kt_json *document = kt_json_new(rows[i].input);

                kt_json_bool(document, rows[i].input, false);
                assert_int_equal(kt_json_render(document, &out), 0);
                kt_str_addf(&expect, "{\n  \"apiVersion\": \"k8skafka/v1\",\n  \"kind\": \"%s\",\n  \"%s\": false\n}\n",
                            rows[i].expect, rows[i].expect);
                assert_string_equal(kt_str_get(&out), kt_str_get(&expect));
                kt_json_free(document);
        }
}

static void test_json__parts_outlive_their_place(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document = kt_json_new("Test");
        struct kt_json *replaced = kt_json_object(document, "a");
        (void)state;

        kt_json_bool(document, "a", true);
        kt_json_bool(replaced, "b", true);

        assert_int_equal(kt_json_render(document, &out), 0);
        assert_null(strstr(kt_str_get(&out), "\"b\""));
        kt_json_free(document);
}

static void test_json__misplaced_member_is_no_document(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document = kt_json_new("Test");
        (void)state;

        kt_json_add_text(document, "an object is no list");

        assert_int_equal(kt_json_render(document, &out), -ENOMEM);
        kt_json_free(document);
}

static void test_json__findings_have_only_what_is_set(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document = kt_json_new("Test");
        (void)state;

        kt_findings_add(&findings, &(struct kt_finding){ .level = KT_LEVEL_ERROR, .id = "x", .next = "go" }, "bad %d",
                        1);
        kt_json_findings(document, "findings", &findings);

        assert_int_equal(kt_json_render(document, &out), 0);
        assert_non_null(strstr(kt_str_get(&out), "  \"findings\": [\n"
                                                 "    {\n"
                                                 "      \"level\": \"error\",\n"
                                                 "      \"id\": \"x\",\n"
                                                 "      \"message\": \"bad 1\",\n"
                                                 "      \"next\": \"go\"\n"
                                                 "    }\n"
                                                 "  ]\n"));
        kt_json_free(document);
}

static void test_json__lost_findings_lose_the_document(void **state)
{
        const struct kt_findings findings = { .error = -ENOMEM };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document = kt_json_new("Test");
        (void)state;

        kt_json_findings(document, "findings", &findings);

        assert_int_equal(kt_json_render(document, &out), -ENOMEM);
        kt_json_free(document);
}

static void test_parse__reads_members(void **state)
{
        static const char text[] =
                "{\"t\": \"x\", \"n\": 7, \"neg\": -1, \"r\": 1.5, \"l\": [{\"a\": \"b\"}, 2], \"o\": {}}";
        struct kt_json *document = NULL;
        struct kt_json *part = NULL;
        const char *got = NULL;
        double real = 0;
        uint64_t count = 0;
        (void)state;

        assert_int_equal(kt_json_parse("f", text, strlen(text), &document, NULL), 0);
        assert_int_equal(kt_json_get_text(document, "t", &got), 0);
        assert_string_equal(got, "x");
        assert_int_equal(kt_json_get_text(document, "n", &got), -EINVAL);
        assert_int_equal(kt_json_get_text(document, "missing", &got), -ENOENT);
        assert_int_equal(kt_json_get_count(document, "n", &count), 0);
        assert_int_equal(count, 7);
        assert_int_equal(kt_json_get_count(document, "neg", &count), -EINVAL);
        assert_int_equal(kt_json_get_count(document, "r", &count), -EINVAL);
        assert_int_equal(kt_json_get_real(document, "n", &real), 0);
        assert_true(real == 7);
        assert_int_equal(kt_json_get_real(document, "r", &real), 0);
        assert_int_equal(kt_json_get_real(document, "t", &real), -EINVAL);
        assert_int_equal(kt_json_get_real(document, "missing", &real), -ENOENT);
        assert_int_equal(kt_json_get_part(document, "t", &part), -EINVAL);
        assert_int_equal(kt_json_get_part(document, "missing", &part), -ENOENT);
        assert_int_equal(kt_json_get_part(document, "l", &part), 0);
        assert_int_equal(kt_json_get_text(part, "t", &got), -EINVAL);
        assert_int_equal(kt_json_get_text(kt_json_at(part, 0), "a", &got), 0);
        assert_string_equal(got, "b");
        assert_int_equal(kt_json_get_text(kt_json_at(part, 1), "a", &got), -EINVAL);
        assert_null(kt_json_at(part, 2));
        assert_null(kt_json_at(document, 0));
        kt_json_free(document);
}

static void test_parse__is_strict(void **state)
{
        static const struct {
                const char *text;
                const char *expect; /* how the error starts */
        } rows[] = {
                { "", "f:1:0: " },
                { "1", "f:1:1: " },
                { "{\"a\": 1, \"a\": 2}", "f:1:12: duplicate object key" },
                { "{} x", "f:1:4: " },
                { "{\"a\":\n \"\\u0000\"}", "f:2:" },
                { "{\"a\": \"\xff\"}", "f:1:" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_json *document = NULL;
                struct kt_err e = { 0 };

                assert_int_equal(kt_json_parse("f", rows[i].text, strlen(rows[i].text), &document, &e), -EBADMSG);
                if (strncmp(e.text, rows[i].expect, strlen(rows[i].expect)) != 0)
                        fail_msg("'%s' does not start with '%s'", e.text, rows[i].expect);
                assert_null(document);
        }
}

static void test_parse_foreign__suffers_a_nul_in_texts(void **state)
{
        static const char text[] = "{\"good\": \"x\", \"bad\": \"x\\u0000y\"}";
        struct kt_json *document = NULL;
        const char *got = NULL;
        (void)state;

        assert_int_equal(kt_json_parse("f", text, strlen(text), &document, NULL), -EBADMSG);
        assert_int_equal(kt_json_parse_foreign("f", text, strlen(text), &document, NULL), 0);
        assert_int_equal(kt_json_get_text(document, "bad", &got), -EINVAL);
        assert_null(got);
        assert_int_equal(kt_json_get_text(document, "good", &got), 0);
        kt_json_free(document);
        assert_int_equal(kt_json_parse_foreign("f", "{\"a\\u0000\": 1}", 13, &document, NULL), -EBADMSG);
}

static void test_parse__limits(void **state)
{
        KT_AUTO_FREE char *text = malloc(KT_JSON_TEXT_MAX + 1);
        struct kt_json *document = NULL;
        (void)state;

        assert_non_null(text);
        memset(text, '[', KT_JSON_TEXT_MAX + 1);
        assert_int_equal(kt_json_parse("f", text, KT_JSON_TEXT_MAX + 1, &document, NULL), -EBADMSG);
        assert_int_equal(kt_json_parse("f", text, KT_JSON_TEXT_MAX, &document, NULL), -EBADMSG);
}

static void test_word__is_painted_when_known(void **state)
{
        char buf[32];
        (void)state;

        assert_string_equal(kt_report_word("ok", true, buf, sizeof(buf)), "\x1b[32mok\x1b[0m");
        assert_string_equal(kt_report_word("refused", true, buf, sizeof(buf)), "\x1b[31mrefused\x1b[0m");
        assert_string_equal(kt_report_word("unsupported", true, buf, sizeof(buf)), "\x1b[2munsupported\x1b[0m");
        assert_string_equal(kt_report_word("ok", false, buf, sizeof(buf)), "ok");
        assert_string_equal(kt_report_word("potato", true, buf, sizeof(buf)), "potato");
        assert_string_equal(kt_report_word("ok", true, buf, 4), "ok");
}

static void test_colour__needs_a_terminal(void **state)
{
        FILE *file = tmpfile();
        (void)state;

        assert_non_null(file);
        assert_false(kt_report_has_colour(file));
        fclose(file);
}

static void test_findings__as_lines(void **state)
{
        static const struct kt_finding error = { .level = KT_LEVEL_ERROR,
                                                 .source = "kafka.yaml:14:5",
                                                 .next = "fix it" };
        static const struct kt_finding warning = { .level = KT_LEVEL_WARNING, .next = "said" };
        static const struct kt_finding note = { .level = KT_LEVEL_NOTE, .source = "a\x1b[2J" };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_findings_add(&findings, &error, "first");
        kt_findings_add(&findings, &error, "line\nbreak \xc2\x9b \xff");
        kt_findings_add(&findings, &warning, "already said");
        kt_findings_add(&findings, &note, "by the way");
        kt_report_findings(&findings, false, &out);

        assert_string_equal(kt_str_get(&out), "kafka.yaml:14:5: error: first\n"
                                              "  next: fix it\n"
                                              "kafka.yaml:14:5: error: line\\nbreak \\x9b \xef\xbf\xbd\n"
                                              "  next: fix it\n"
                                              "warning: already said\n"
                                              "a\\x1b[2J: note: by the way\n"
                                              "2 errors, 1 warning\n");
}

static void test_findings__last_line(void **state)
{
        static const struct {
                int errors, warnings, notes;
                const char *expect;
        } rows[] = {
                { 0, 0, 0, "" },
                { 0, 0, 1, "note: m\n" },
                { 1, 0, 0, "error: m\n1 error\n" },
                { 0, 2, 0, "warning: m\nwarning: m\n2 warnings\n" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                KT_AUTO_STR struct kt_str out = { 0 };
                const int counts[] = {
                        [KT_LEVEL_NOTE] = rows[i].notes,
                        [KT_LEVEL_WARNING] = rows[i].warnings,
                        [KT_LEVEL_ERROR] = rows[i].errors,
                };

                for (int level = 0; level < KT_LEVEL_COUNT_; level++)
                        for (int k = 0; k < counts[level]; k++)
                                kt_findings_add(&findings, &(struct kt_finding){ .level = (enum kt_level)level }, "m");
                kt_report_findings(&findings, false, &out);
                assert_string_equal(kt_str_get(&out), rows[i].expect);
        }
}

static void test_findings__lost_ones_show(void **state)
{
        const struct kt_findings findings = { .error = -ENOMEM };
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_report_findings(&findings, false, &out);
        assert_int_equal(kt_str_error(&out), -ENOMEM);
}

static void test_print__says_what_went_wrong(void **state)
{
        const struct kt_str lost = { .error = -ENOMEM };
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_FILE FILE *full = fopen("/dev/full", "we");
        KT_AUTO_FILE FILE *good = tmpfile();
        (void)state;

        assert_true(full && good);
        kt_str_add(&text, "x\n");
        assert_int_equal(kt_report_print(&text, good), 0);
        assert_int_equal(kt_report_print(&text, full), -ENOSPC);
        assert_int_equal(kt_report_print(&lost, good), -ENOMEM);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_json__keeps_order_and_types),
                cmocka_unit_test(test_json__replaces_what_is_no_utf8),
                cmocka_unit_test(test_json__parts_outlive_their_place),
                cmocka_unit_test(test_json__misplaced_member_is_no_document),
                cmocka_unit_test(test_json__findings_have_only_what_is_set),
                cmocka_unit_test(test_json__lost_findings_lose_the_document),
                cmocka_unit_test(test_parse__reads_members),
                cmocka_unit_test(test_parse__is_strict),
                cmocka_unit_test(test_parse_foreign__suffers_a_nul_in_texts),
                cmocka_unit_test(test_parse__limits),
                cmocka_unit_test(test_word__is_painted_when_known),
                cmocka_unit_test(test_colour__needs_a_terminal),
                cmocka_unit_test(test_findings__as_lines),
                cmocka_unit_test(test_findings__last_line),
                cmocka_unit_test(test_findings__lost_ones_show),
                cmocka_unit_test(test_print__says_what_went_wrong),
        };

        return TEST_MAIN(tests);
}
