/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: the tree with its places, and everything that is refused. */
#include "lib/app/yaml.h"

#include <errno.h>
#include <string.h>

#include "lib/text/str.h"
#include "tests/unit/support.h"

/* The tree as one line: {k=v ...}, [v ...], 'quoted', plain, ~; with @line:column behind each when places are
 * wanted. */
static void show(const struct kt_yaml *node, bool wants_places, struct kt_str *out)
{
        if (node->kind == KT_YAML_NULL)
                kt_str_add_char(out, '~');
        if (node->kind == KT_YAML_SCALAR)
                kt_str_addf(out, node->is_plain ? "%s" : "'%s'", node->text);
        if (node->kind == KT_YAML_LIST || node->kind == KT_YAML_MAP)
                kt_str_add_char(out, node->kind == KT_YAML_LIST ? '[' : '{');
        if (wants_places)
                kt_str_addf(out, "@%u:%u ", node->line, node->column);
        for (size_t i = 0; i < node->count; i++) {
                assert_ptr_equal(node->items[i]->parent, node);
                if (i > 0 && !wants_places)
                        kt_str_add_char(out, ' ');
                if (node->kind == KT_YAML_MAP) {
                        show(node->keys[i], wants_places, out);
                        kt_str_add_char(out, '=');
                }
                show(node->items[i], wants_places, out);
        }
        if (node->kind == KT_YAML_LIST || node->kind == KT_YAML_MAP)
                kt_str_add_char(out, node->kind == KT_YAML_LIST ? ']' : '}');
}

static void test_parse__builds_the_tree(void **state)
{
        static const struct {
                const char *input;
                const char *expect;
                const char *why;
        } rows[] = {
                { "", "~", "nothing" },
                { "# only a comment\n", "~", "a comment" },
                { "---\n", "~", "an empty document" },
                { "---\na: 1\n...\n", "{a=1}", "marks of one document" },
                { "\xef\xbb\xbf"
                  "a: 1\n",
                  "{a=1}", "byte order mark" },
                { "a: 1\r\nb: 2\r\n", "{a=1 b=2}", "line ends of Windows" },
                { "a: ~\nb: null\nc: Null\nd: NULL\ne:\nf: nULL\n", "{a=~ b=~ c=~ d=~ e=~ f=nULL}",
                  "forms of nothing" },
                { "a: '~'\nb: \"\"\nc: 'x y'\n", "{a='~' b='' c='x y'}", "quoted is never nothing" },
                { "- a\n- [b, {c: d}]\n- {}\n- []\n", "[a [b {c=d}] {} []]", "lists and maps" },
                { "a: |\n  x\n  y\n", "{a='x\ny\n'}", "a block text is not plain" },
                { "{\"a\": [1, true, null]}", "{'a'=[1 true ~]}", "JSON" },
                { "10:20: 1000:1000\n", "{10:20=1000:1000}", "no sexagesimal numbers" },
                { "a: \"\\u00fc\"\n", "{a='\xc3\xbc'}", "an escape" },
                { "'<<': 1\n", "{'<<'=1}", "a quoted key is no merge key" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str shown = { 0 };
                struct kt_yaml *node = NULL;
                struct kt_err e = { 0 };

                if (kt_yaml_parse("f", rows[i].input, strlen(rows[i].input), &node, &e) < 0)
                        fail_msg("%s: %s", rows[i].why, e.text);
                show(node, false, &shown);
                assert_string_equal(kt_str_get(&shown), rows[i].expect);
                kt_yaml_free(node);
        }
}

static void test_parse__knows_places(void **state)
{
        static const char text[] = "kafka:\n  '\xc3\xbc' : x\n  list: [a,\n    b]\n  empty:\n";
        KT_AUTO_STR struct kt_str shown = { 0 };
        struct kt_yaml *node = NULL;
        (void)state;

        assert_int_equal(kt_yaml_parse("f", text, strlen(text), &node, NULL), 0);
        show(node, true, &shown);
        assert_string_equal(kt_str_get(&shown),
                            "{@1:1 kafka@1:1 ={@2:3 '\xc3\xbc'@2:3 =x@2:9 list@3:3 =[@3:9 a@3:10 b@4:5 ]"
                            "empty@5:3 =~@5:9 }}");
        kt_yaml_free(node);
}

static void test_parse__refuses_with_place(void **state)
{
        static const struct {
                const char *input;
                const char *expect;
        } rows[] = {
                { "a: &x 1\n", "f:1:4: anchors and tags are not supported" },
                { "a: &x [1]\n", "f:1:4: anchors and tags are not supported" },
                { "a: !!str 1\n", "f:1:4: anchors and tags are not supported" },
                { "a: !x {}\n", "f:1:4: anchors and tags are not supported" },
                { "a: ! x\n", "f:1:4: anchors and tags are not supported" },
                { "a: 1\nb: *x\n", "f:2:4: aliases ('*name') are not supported" },
                { "<<: {a: 1}\n", "f:1:1: merge keys ('<<') are not supported" },
                { "a: 1\nb: 2\na: 3\n", "f:3:1: key 'a' is there already, on line 1" },
                { "x: {a: 1, \"a\": 2}\n", "f:1:11: key 'a' is there already, on line 1" },
                { "a: 1\n---\nb: 2\n", "f:2:1: a second document; only one is read" },
                { "? [a]\n: 1\n", "f:1:3: a key has to be a text, not a list or a map" },
                { "? {a: b}\n: 1\n", "f:1:3: a key has to be a text, not a list or a map" },
                { "~: 1\n", "f:1:1: a key is empty" },
                { "'': 1\n", "f:1:1: a key is empty" },
                { "a: \"x\\0y\"\n", "f:1:4: a text holds a NUL character" },
                { "a: 1\n\tb: 2\n",
                  "f:2:1: found a tab character that violates indentation while scanning a plain scalar" },
                { "a:\n\tb: 2\n",
                  "f:2:1: found character that cannot start any token while scanning for the next token" },
                { "a: b: c\n", "f:1:5: mapping values are not allowed in this context" },
                { "a: [1\n", "f:2:1: did not find expected ',' or ']' while parsing a flow sequence" },
                { "a: 1\nb: \xff\n", "f:2:4: invalid leading UTF-8 octet" },
                { "\xc3\xbc: \xc3", "f:1:4: incomplete UTF-8 octet sequence" },
                { "a: \x01\n", "f:1:4: control characters are not allowed" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_yaml *node = NULL;
                struct kt_err e = { 0 };

                assert_int_equal(kt_yaml_parse("f", rows[i].input, strlen(rows[i].input), &node, &e), -EBADMSG);
                assert_string_equal(e.text, rows[i].expect);
                assert_null(node);
        }
}

static void test_parse__refuses_raw_nul(void **state)
{
        struct kt_yaml *node = NULL;
        struct kt_err e = { 0 };
        (void)state;

        assert_int_equal(kt_yaml_parse("f", "a: x\0y\n", 7, &node, &e), -EBADMSG);
        assert_string_equal(e.text, "f:1:5: control characters are not allowed");
}

/* Text of head, count times unit, and tail. */
static void repeat(struct kt_str *out, const char *head, const char *unit, size_t count, const char *tail)
{
        kt_str_add(out, head);
        for (size_t i = 0; i < count; i++)
                kt_str_add(out, unit);
        kt_str_add(out, tail);
}

static void test_parse__limits(void **state)
{
        static const struct {
                const char *head, *unit;
                size_t count;
                const char *tail;
                const char *expect; /* NULL: is taken */
        } rows[] = {
                { "a: ", "", 0, "1", NULL },
                { "", "[", KT_YAML_DEPTH_MAX + 1, "", "f:1:33: nested deeper than 32 levels" },
                { "", "- ", KT_YAML_DEPTH_MAX + 1, "x", "f:1:65: nested deeper than 32 levels" },
                { "", "- a\n", KT_YAML_NODES_MAX - 1, "", NULL },
                { "", "- a\n", KT_YAML_NODES_MAX, "", "f:100000:3: more than 100000 nodes" },
                { "a: ", "xxxxxxxx", KT_YAML_FILE_MAX / 8, "", "f:1:1: larger than 1048576 bytes" },
                { "[", "[", 200000, "", "f:1:33: nested deeper than 32 levels" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str text = { 0 };
                struct kt_yaml *node = NULL;
                struct kt_err e = { 0 };
                int r;

                repeat(&text, rows[i].head, rows[i].unit, rows[i].count, rows[i].tail);
                r = kt_yaml_parse("f", kt_str_get(&text), text.len, &node, &e);
                assert_int_equal(r, rows[i].expect ? -EBADMSG : 0);
                assert_string_equal(e.text, rows[i].expect ? rows[i].expect : "");
                kt_yaml_free(node);
        }
}

static void test_get__finds_only_in_maps(void **state)
{
        static const char text[] = "a: {b: c}\n";
        struct kt_yaml *node = NULL;
        (void)state;

        assert_int_equal(kt_yaml_parse("f", text, strlen(text), &node, NULL), 0);
        assert_string_equal(kt_yaml_get(kt_yaml_get(node, "a"), "b")->text, "c");
        assert_null(kt_yaml_get(node, "x"));
        assert_null(kt_yaml_get(kt_yaml_get(kt_yaml_get(node, "a"), "b"), "c"));
        assert_null(kt_yaml_get(NULL, "a"));
        kt_yaml_free(node);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse__builds_the_tree),
                cmocka_unit_test(test_parse__knows_places),
                cmocka_unit_test(test_parse__refuses_with_place),
                cmocka_unit_test(test_parse__refuses_raw_nul),
                cmocka_unit_test(test_parse__limits),
                cmocka_unit_test(test_get__finds_only_in_maps),
        };

        return TEST_MAIN(tests);
}
