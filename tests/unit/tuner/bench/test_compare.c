/* SPDX-License-Identifier: Apache-2.0 */
/* Two runs side by side. */
#include "tuner/bench/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

static struct kt_disk_result *result_of(double rate, double error)
{
        struct kt_disk_result *result = calloc(1, sizeof(*result));

        assert_non_null(result);
        result->volume_count = 1;
        result->volumes[0].target.path = "/mnt/a";
        result->volumes[0].fit.sustained =
                (struct kt_disk_rate){ .is_known = true, .value = rate, .low = rate - error, .high = rate + error };
        return result;
}

static struct kt_json *parsed(const char *text)
{
        struct kt_json *document = NULL;

        assert_int_equal(kt_json_parse("old", text, strlen(text), &document, NULL), 0);
        return document;
}

static void test_text__noise_better_and_worse(void **state)
{
        static const struct {
                const char *old;
                const char *expect;
        } rows[] = {
                { "{\"value\": 45e6, \"low\": 44e6, \"high\": 46e6}", "45.0 -> 45.5 MB/s (+1.1 %, noise)" },
                { "{\"value\": 40e6, \"low\": 39e6, \"high\": 41e6}", "better)" },
                { "{\"value\": 60000000, \"low\": 59e6, \"high\": 61e6}", "60.0 -> 45.5 MB/s (-24.2 %, worse)" },
                { "{\"value\": 60e6, \"low\": null, \"high\": null}", "worse" }, /* no interval */
                { "{\"value\": null, \"low\": null, \"high\": null}", "has nothing about /mnt/a" },
                { "null", "has nothing about /mnt/a" },
                { "{\"value\": \"45\"}", "has nothing about /mnt/a" },
                { "{\"value\": -1}", "has nothing about /mnt/a" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE struct kt_disk_result *result = result_of(45.5e6, 0.2e6);
                KT_AUTO_STR struct kt_str text = { 0 };
                KT_AUTO_STR struct kt_str out = { 0 };
                struct kt_json *old;

                kt_str_addf(&text, "{\"volumes\": [{\"path\": \"/mnt/a\", \"write\": {\"sustained\": %s}}]}",
                            rows[i].old);
                old = parsed(kt_str_get(&text));
                assert_int_equal(kt_compare_text(result, old, &out), 0);
                assert_non_null(strstr(kt_str_get(&out), rows[i].expect));
                kt_json_free(old);
        }
}

static void test_json__has_a_member_of_its_own(void **state)
{
        KT_AUTO_FREE struct kt_disk_result *result = result_of(45.5e6, 0.2e6);
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *old =
                parsed("{\"volumes\": [{\"path\": \"/mnt/b\"}, {\"path\": \"/mnt/a\", \"write\": {\"sustained\": "
                       "{\"value\": 40e6, \"low\": 39e6, \"high\": 41e6}}}]}");

        (void)state;
        assert_int_equal(kt_compare_json(result, old, &out), 0);
        assert_non_null(strstr(kt_str_get(&out), "\"verdict\": \"better\""));
        assert_non_null(strstr(kt_str_get(&out), "\"old\": 40000000.0"));
        kt_json_free(old);
}

static void test_load__takes_a_disk_report_only(void **state)
{
        static const struct {
                const char *text;
                int expect;
        } rows[] = {
                { "{\"kind\": \"DiskReport\"}", 0 },
                { "{\"kind\": \"NeedReport\"}", -EBADMSG },
                { "{}", -EBADMSG },
                { "[]", -EBADMSG },
                { "{\"kind\": \"DiskReport\"", -EBADMSG },
                { "", -EBADMSG },
        };
        const struct test_tree *tree = *state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE char *path = test_path(tree, "old.json");
                struct kt_json *old = NULL;
                struct kt_err e = { 0 };

                test_write(tree, "old.json", rows[i].text);
                assert_int_equal(kt_compare_load(path, &old, &e), rows[i].expect);
                assert_true((old != NULL) == (rows[i].expect == 0));
                kt_json_free(old);
        }
}

static void test_load__missing(void **state)
{
        struct kt_json *old = NULL;
        struct kt_err e = { 0 };

        (void)state;
        assert_int_equal(kt_compare_load("/nonexistent/old.json", &old, &e), -ENOENT);
        assert_null(old);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text__noise_better_and_worse),
                cmocka_unit_test(test_json__has_a_member_of_its_own),
                cmocka_unit_test_setup_teardown(test_load__takes_a_disk_report_only, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test(test_load__missing),
        };

        return TEST_MAIN(tests);
}
