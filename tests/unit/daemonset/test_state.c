/* SPDX-License-Identifier: Apache-2.0 */
/* What is ready, and texts that change. */
#include "daemonset/state.h"

#include "tests/unit/support.h"

#include <stdlib.h>
#include <string.h>

static void test_is_ready__rows(void **state)
{
        static const struct {
                enum kt_state state;
                bool is_required;
                bool want;
        } rows[] = {
                { KT_STATE_OK, true, true },          { KT_STATE_APPLIED, true, true },
                { KT_STATE_DRIFT, true, false },      { KT_STATE_CONFLICT, true, false },
                { KT_STATE_DENIED, true, false },     { KT_STATE_ERROR, true, false },
                { KT_STATE_DRIFT, false, true },      { KT_STATE_DENIED, false, true },
                { KT_STATE_UNSUPPORTED, true, true }, /* this kernel will never have it */
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_node_row row = { .state = rows[i].state, .is_required = rows[i].is_required };
                struct kt_node_state node = { .rows = &row, .row_count = 1, .is_judged = true };
                const struct kt_node_row *first = NULL;

                assert_int_equal(kt_node_is_ready(&node, &first), rows[i].want);
                assert_ptr_equal(first, rows[i].want ? NULL : &row);
                node.is_judged = false;
                assert_false(kt_node_is_ready(&node, NULL));
        }
}

static void test_is_name__as_kubernetes_has_it(void **state)
{
        static const struct {
                const char *text;
                bool want;
        } rows[] = {
                { "n1", true },         { "ip-10-0-0-1.ec2.internal", true },
                { "1", true },          { "a--b", true },
                { "", false },          { "Bad_Name", false },
                { "N1", false },        { "a_b", false },
                { "-a", false },        { "a-", false },
                { "a.-b", false },      { "a-.b", false },
                { ".a", false },        { "a.", false },
                { "a..b", false },      { "a b", false },
                { "a/b", false },       { "../n1", false },
                { "n1\n", false },      { "n1,spec.unschedulable=true", false },
                { "n\xc3\xb6", false },
        };
        char longest[KT_NODE_NAME_MAX + 1] = "";

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_node_is_name(rows[i].text) != rows[i].want)
                        fail_msg("'%s'", rows[i].text);
        memset(longest, 'a', KT_NODE_NAME_MAX - 1); /* 253 */
        assert_true(kt_node_is_name(longest));
        longest[KT_NODE_NAME_MAX - 1] = 'a';
        assert_false(kt_node_is_name(longest));
}

static void test_set_text__tells_what_is_new(void **state)
{
        static const struct {
                const char *text;
                bool changed;
        } rows[] = { { "a", true }, { "a", false }, { NULL, true }, { NULL, false }, { "", true } };
        char *slot = NULL;

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                bool changed = false;

                assert_int_equal(kt_node_set_text(&slot, rows[i].text, &changed), 0);
                assert_int_equal(changed, rows[i].changed);
        }
        free(slot);
}

static void test_state_done__empties(void **state)
{
        struct kt_node_state node = { 0 };
        bool changed = false;

        (void)state;
        node.rows = calloc(1, sizeof(*node.rows));
        assert_non_null(node.rows);
        node.row_count = 1;
        assert_int_equal(kt_node_set_text(&node.rows[0].key, "k", &changed), 0);
        assert_int_equal(kt_node_set_text(&node.rows[0].id, "i", &changed), 0);
        assert_ptr_equal(kt_node_find_row(&node, "k"), node.rows);
        assert_ptr_equal(kt_node_row_of(&node, "i"), node.rows);
        assert_null(kt_node_find_row(&node, "i"));
        assert_null(kt_node_find_broker(&node, "x"));
        kt_node_state_done(&node);
        assert_int_equal(node.row_count, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_is_ready__rows),
                cmocka_unit_test(test_is_name__as_kubernetes_has_it),
                cmocka_unit_test(test_set_text__tells_what_is_new),
                cmocka_unit_test(test_state_done__empties),
        };

        return TEST_MAIN(tests);
}
