/* SPDX-License-Identifier: Apache-2.0 */
/* Reports taken in, results kept, nodes compared. */
#include "daemonset/disk.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

static void test_is_outlier__rows(void **state)
{
        static const struct {
                double value;
                double others[6];
                size_t count;
                bool want;
                const char *why;
        } rows[] = {
                { 50, { 100, 101, 99, 100, 102, 98 }, 6, true, "half of what is usual" },
                { 95, { 100, 100, 100, 100, 100, 100 }, 6, false, "equal others do not make five per cent a fault" },
                { 89, { 100, 100, 100, 100, 100, 100 }, 6, true, "more than a tenth" },
                { 60, { 100, 60, 140, 80, 120, 100 }, 6, false, "the others vary as much" },
                { 10, { 100, 100, 100, 100, 0, 0 }, 4, false, "four say nothing" },
                { 200, { 100, 101, 99, 100, 102, 98 }, 6, false, "faster is fine" },
                { 50, { 100, 101, 99, 100, 5, 0 }, 5, true, "one other bad disk does not hide it" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                double others[6];

                memcpy(others, rows[i].others, sizeof(others));
                if (kt_disk_is_outlier(rows[i].value, others, rows[i].count) != rows[i].want)
                        fail_msg("%s", rows[i].why);
        }
}

static void test_take__reports(void **state)
{
        static const struct {
                const char *text;
                int want;
        } rows[] = {
                { "{\"kind\":\"DiskReport\",\"volumes\":[]}", 0 },
                { "{\"kind\":\"DiskReport\",\"volumes\":[{\"path\":\"/p\",\"write\":{\"sustained\":{\"value\":null}}}]}",
                  0 },
                { "{\"kind\":\"TunerReport\",\"volumes\":[]}", -EBADMSG },
                { "{\"kind\":\"DiskReport\"}", -EBADMSG },
                { "{\"kind\":\"DiskReport\",\"volumes\":[{}]}", -EBADMSG },
                { "{\"kind\":\"DiskReport\",\"volumes\":[1]}", -EBADMSG },
                { "[]", -EBADMSG },
                { "no JSON", -EBADMSG },
                { "", -EBADMSG },
        };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };

        (void)state;
        assert_int_equal(kt_root_open(NULL, &root, NULL), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_node_state node = { 0 };
                struct kt_err e = { 0 };

                assert_int_equal(kt_disks_take(&node, &root, rows[i].text, strlen(rows[i].text), 1, &e), rows[i].want);
                assert_int_equal(node.disk_count, 0);
        }
}

static struct kt_json *parse(const char *text)
{
        struct kt_json *object = NULL;

        assert_int_equal(kt_json_parse("test", text, strlen(text), &object, NULL), 0);
        return object;
}

#define DISK(path, rate)                                                               \
        "{\"path\":\"" path "\",\"identity\":\"i\",\"hardware\":\"h\",\"write\":" rate \
        ",\"low\":1,\"high\":2,\"provenSeconds\":3,\"proven\":true,\"outlier\":false,\"measured\":\"2026-11-22T20:38:59Z\"}"

static void test_adopt__what_was_published(void **state)
{
        struct kt_json *status = parse(
                "{\"disks\":[" DISK("/a", "45.5") "," DISK("/a", "1") "," DISK("/b", "0") ",{\"path\":\"/c\"},7]}");
        struct kt_node_state node = { 0 };

        (void)state;
        kt_disks_adopt(&node, status);
        assert_int_equal(node.disk_count, 1); /* the first one of a path, and only whole ones */
        assert_true(kt_disk_of(&node, "/a")->write > 45 && kt_disk_of(&node, "/a")->write < 46);
        assert_true(kt_disk_of(&node, "/a")->is_proven);
        assert_null(kt_disk_of(&node, "/b"));
        kt_disks_adopt(&node, NULL);
        kt_json_free(status);
        kt_node_state_done(&node);
}

#define NODE(name, rate) "{\"metadata\":{\"name\":\"" name "\"},\"status\":{\"disks\":[" DISK("/a", rate) "]}}"

static void test_compare__with_other_nodes(void **state)
{
        struct kt_json *own = parse("{\"disks\":[" DISK("/a", "50") "]}");
        struct kt_json *list = parse("{\"items\":[" NODE("n1", "50") "," NODE("n2", "100") "," NODE(
                "n3", "101") "," NODE("n4", "99") "," NODE("n5", "100") "," NODE("n6", "100") ",{}]}");
        struct kt_node_state node = { .node = "n1" };

        (void)state;
        kt_disks_adopt(&node, own);
        assert_true(kt_disks_compare(&node, list));
        assert_true(node.disks[0].is_outlier);
        assert_false(kt_disks_compare(&node, list)); /* nothing new */
        kt_json_free(own);
        kt_json_free(list);
        kt_node_state_done(&node);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_is_outlier__rows),
                cmocka_unit_test(test_take__reports),
                cmocka_unit_test(test_adopt__what_was_published),
                cmocka_unit_test(test_compare__with_other_nodes),
        };

        return TEST_MAIN(tests);
}
