/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: copied, counted, and never lost in silence. */
#include "lib/text/finding.h"

#include <errno.h>
#include <string.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

static void test_add__copies_everything(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings list = { 0 };
        char key[] = "key", value[] = "value", source[] = "source", next[] = "next", word[] = "word";
        const struct kt_finding head = { .level = KT_LEVEL_WARNING,
                                         .id = "an-id",
                                         .key = key,
                                         .value = value,
                                         .source = source,
                                         .message = "ignored",
                                         .next = next };
        (void)state;

        kt_findings_add(&list, &head, "%s %d", word, 5);
        memset(key, 'x', 3);
        memset(value, 'x', 5);
        memset(source, 'x', 6);
        memset(next, 'x', 4);
        memset(word, 'x', 4);

        assert_int_equal(list.count, 1);
        assert_int_equal(list.items[0].level, KT_LEVEL_WARNING);
        assert_string_equal(list.items[0].id, "an-id");
        assert_string_equal(list.items[0].key, "key");
        assert_string_equal(list.items[0].value, "value");
        assert_string_equal(list.items[0].source, "source");
        assert_string_equal(list.items[0].next, "next");
        assert_string_equal(list.items[0].message, "word 5");
        assert_int_equal(list.error, 0);
}

static void test_add__leaves_null_alone(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings list = { 0 };
        (void)state;

        kt_findings_add(&list, &(struct kt_finding){ .level = KT_LEVEL_NOTE }, "m");

        assert_null(list.items[0].key);
        assert_null(list.items[0].value);
        assert_null(list.items[0].source);
        assert_null(list.items[0].next);
}

static void test_count_and_first__by_level(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings list = { 0 };
        (void)state;

        assert_null(kt_findings_first(&list, KT_LEVEL_ERROR));
        for (int i = 0; i < 30; i++)
                kt_findings_add(&list, &(struct kt_finding){ .level = i % 3 == 2 ? KT_LEVEL_ERROR : KT_LEVEL_NOTE },
                                "%d", i);

        assert_int_equal(kt_findings_count(&list, KT_LEVEL_NOTE), 20);
        assert_int_equal(kt_findings_count(&list, KT_LEVEL_WARNING), 0);
        assert_int_equal(kt_findings_count(&list, KT_LEVEL_ERROR), 10);
        assert_string_equal(kt_findings_first(&list, KT_LEVEL_ERROR)->message, "2");
        assert_null(kt_findings_first(&list, KT_LEVEL_WARNING));
}

static void test_done__can_be_used_again(void **state)
{
        struct kt_findings list = { 0 };
        (void)state;

        kt_findings_add(&list, &(struct kt_finding){ .level = KT_LEVEL_NOTE }, "m");
        kt_findings_done(&list);
        assert_int_equal(list.count, 0);
        kt_findings_add(&list, &(struct kt_finding){ .level = KT_LEVEL_NOTE }, "m");
        assert_int_equal(list.count, 1);
        kt_findings_done(&list);
        kt_findings_done(&list);
}

static void test_level_name__of_each(void **state)
{
        (void)state;

        assert_string_equal(kt_level_name(KT_LEVEL_NOTE), "note");
        assert_string_equal(kt_level_name(KT_LEVEL_WARNING), "warning");
        assert_string_equal(kt_level_name(KT_LEVEL_ERROR), "error");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_add__copies_everything),    cmocka_unit_test(test_add__leaves_null_alone),
                cmocka_unit_test(test_count_and_first__by_level), cmocka_unit_test(test_done__can_be_used_again),
                cmocka_unit_test(test_level_name__of_each),
        };

        return TEST_MAIN(tests);
}
