/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent. */
#include "daemonset/document.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#define TEXT(text) ((char *)(uintptr_t)(text))

static void test_time__both_ways(void **state)
{
        static const struct {
                const char *text;
                int want;
                int64_t wall_s;
        } rows[] = {
                { "1970-01-01T00:00:00Z", 0, 0 },
                { "2026-11-22T20:38:59Z", 0, 1795379939 },
                { "2026-11-22T20:38:59", -EINVAL, -1 },
                { "2026-11-22T20:38:59Z ", -EINVAL, -1 },
                { "", -EINVAL, -1 },
                { "yesterday", -EINVAL, -1 },
        };
        char buf[KT_DOCUMENT_TIME_MAX];

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                int64_t wall_s = -1;

                assert_int_equal(kt_document_parse_time(rows[i].text, &wall_s), rows[i].want);
                assert_int_equal(wall_s, rows[i].wall_s);
                if (rows[i].want == 0)
                        assert_string_equal(kt_document_time(wall_s, buf), rows[i].text);
        }
}

static struct kt_json *parse(const char *text)
{
        struct kt_json *object = NULL;

        assert_int_equal(kt_json_parse("test", text, strlen(text), &object, NULL), 0);
        return object;
}

static void test_taints__only_ours_goes(void **state)
{
        static const struct {
                const char *node;
                int want;
                const char *has;
                const char *hasnt;
        } rows[] = {
                { "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"taints\":[{\"key\":\"k8skafka.io/untuned\","
                  "\"effect\":\"NoSchedule\"},{\"key\":\"a\",\"value\":\"b\",\"effect\":\"NoExecute\","
                  "\"timeAdded\":\"2026-01-01T00:00:00Z\"}]}}",
                  0, "\"timeAdded\": \"2026-01-01T00:00:00Z\"", "untuned" },
                { "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"taints\":[{\"key\":\"k8skafka.io/untuned\"}]}}",
                  0, "\"resourceVersion\": \"7\"", "untuned" },
                { "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"taints\":[{\"key\":\"a\"}]}}", -ENOENT, "",
                  "x" },
                { "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{}}", -ENOENT, "", "x" },
                { "{\"metadata\":{},\"spec\":{\"taints\":[{\"key\":\"k8skafka.io/untuned\"}]}}", -ENOENT, "", "x" },
                { "{}", -ENOENT, "", "x" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_json *node = parse(rows[i].node);
                KT_AUTO_STR struct kt_str out = { 0 };

                assert_int_equal(kt_document_taints(node, &out), rows[i].want);
                assert_non_null(strstr(kt_str_get(&out), rows[i].has));
                assert_null(strstr(kt_str_get(&out), rows[i].hasnt));
                kt_json_free(node);
        }
}

static void test_label__set_and_taken_away(void **state)
{
        KT_AUTO_STR struct kt_str set = { 0 };
        KT_AUTO_STR struct kt_str gone = { 0 };

        (void)state;
        assert_int_equal(kt_document_label("abc", &set), 0);
        assert_non_null(strstr(kt_str_get(&set), "\"k8skafka.io/tuned\": \"abc\""));
        assert_int_equal(kt_document_label(NULL, &gone), 0);
        assert_non_null(strstr(kt_str_get(&gone), "\"k8skafka.io/tuned\": null"));
}

static void fill(struct kt_node_state *node, struct kt_node_row *row)
{
        *row = (struct kt_node_row){ .key = TEXT("k"),
                                     .id = TEXT("vm.max_map_count"),
                                     .have = TEXT("65530"),
                                     .object = TEXT("vm.max_map_count"),
                                     .want = TEXT(">= 262144"),
                                     .state = KT_STATE_DRIFT };
        *node = (struct kt_node_state){ .node = "n1", .rows = row, .row_count = 1, .is_judged = true };
        kt_conditions_judge(node, 100);
}

static void test_status__digest_is_that_of_the_content(void **state)
{
        char first[KT_HASH_MAX];
        char again[KT_HASH_MAX];
        struct kt_node_state node;
        struct kt_node_row row;
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        fill(&node, &row);
        assert_int_equal(kt_document_status(&node, first, &out), 0);
        assert_non_null(strstr(kt_str_get(&out), first));
        assert_non_null(strstr(kt_str_get(&out), "\"maps\": 65530"));
        assert_non_null(strstr(kt_str_get(&out), "\"drift\": 1"));
        node.rounds = 5; /* says nothing about the node */
        kt_str_clear(&out);
        assert_int_equal(kt_document_status(&node, again, &out), 0);
        assert_string_equal(first, again);
        row.have = TEXT("65531");
        kt_str_clear(&out);
        assert_int_equal(kt_document_status(&node, again, &out), 0);
        assert_string_not_equal(first, again);
}

static void test_tuning__is_owned_by_the_node(void **state)
{
        struct kt_node_state node = { .node = "n1" };
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        assert_int_equal(kt_document_tuning(&node, "uid-1", &out), 0);
        assert_non_null(strstr(kt_str_get(&out), "\"uid\": \"uid-1\""));
        assert_non_null(strstr(kt_str_get(&out), "\"apiVersion\": \"k8skafka.io/v1\""));
}

static void test_event__name_fits(void **state)
{
        const struct kt_event event = {
                .reason = "Conflict", .hash = "0123456789abcdef", .message = TEXT("m"), .is_warning = true
        };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *object;
        struct kt_json *metadata = NULL;
        const char *name = NULL;
        char node[254];

        (void)state;
        memset(node, 'n', sizeof(node) - 1);
        node[sizeof(node) - 1] = '\0';
        assert_int_equal(kt_document_event(&event, node, &out), 0);
        object = parse(kt_str_get(&out));
        assert_int_equal(kt_json_get_part(object, "metadata", &metadata), 0);
        assert_int_equal(kt_json_get_text(metadata, "name", &name), 0);
        assert_int_equal(strlen(name), 253);
        assert_string_equal(name + 253 - 16, "0123456789abcdef");
        kt_json_free(object);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_time__both_ways),
                cmocka_unit_test(test_taints__only_ours_goes),
                cmocka_unit_test(test_label__set_and_taken_away),
                cmocka_unit_test(test_status__digest_is_that_of_the_content),
                cmocka_unit_test(test_tuning__is_owned_by_the_node),
                cmocka_unit_test(test_event__name_fits),
        };

        return TEST_MAIN(tests);
}
