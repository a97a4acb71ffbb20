/* SPDX-License-Identifier: Apache-2.0 */
/* Properties files: every row of `loaded` and `stored` is what java.util.Properties of JDK 17 did with the same text.
 * */
#include "lib/kafka/properties.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

/* The list as "<key>{value}<key>{value}". */
static char *describe(const struct kt_properties *list)
{
        struct kt_str s = { 0 };

        for (size_t i = 0; i < list->count; i++)
                kt_str_addf(&s, "<%s>{%s}", list->items[i].key, list->items[i].value);
        return kt_str_take(&s);
}

static int parse(const char *text, struct kt_properties *list, struct kt_err *e)
{
        return kt_properties_parse("f", text, strlen(text), list, NULL, NULL, e);
}

static void test_kt_properties_parse__reads_what_java_reads(void **state)
{
        static const struct {
                const char *text;
                const char *expect;
        } loaded[] = {
                { "a=b", "<a>{b}" },
                { "a:b", "<a>{b}" },
                { "a b", "<a>{b}" },
                { "a\tb", "<a>{b}" },
                { "a\fb", "<a>{b}" },
                { "a = b", "<a>{b}" },
                { "a : b", "<a>{b}" },
                { "a  :  b", "<a>{b}" },
                { "a:=b", "<a>{=b}" },
                { "a=:b", "<a>{:b}" },
                { "a = = b", "<a>{= b}" },
                { "a", "<a>{}" },
                { "a=", "<a>{}" },
                { "=b", "<>{b}" },
                { ":b", "<>{b}" },
                { " = b", "<>{b}" },
                { "a= b ", "<a>{b }" },
                { "  a=b", "<a>{b}" },
                { "\t\fa=b", "<a>{b}" },
                { "#c\na=b", "<a>{b}" },
                { "!c\na=b", "<a>{b}" },
                { " #c\na=b", "<a>{b}" },
                { " \f!c\na=b", "<a>{b}" },
                { "a=#b", "<a>{#b}" },
                { "a#b=c", "<a#b>{c}" },
                { "#c\\\na=b", "<a>{b}" },
                { "#c\\", "" },
                { "!\\\r\nx=1", "<x>{1}" },
                { "a=b\nc=d", "<a>{b}<c>{d}" },
                { "a=b\rc=d", "<a>{b}<c>{d}" },
                { "a=b\r\nc=d", "<a>{b}<c>{d}" },
                { "a=b\n\n\r\r\nc=d", "<a>{b}<c>{d}" },
                { "a=b\n\rc=d", "<a>{b}<c>{d}" },
                { "a=b\\\nc", "<a>{bc}" },
                { "a=b\\\n   c", "<a>{bc}" },
                { "a=b\\\r\n \t\fc", "<a>{bc}" },
                { "a=b\\\rc", "<a>{bc}" },
                { "a=b\\\n\nc=d", "<a>{b}<c>{d}" },
                { "a=b\\\n#c", "<a>{b#c}" },
                { "a=b\\\n  \\\n  c", "<a>{bc}" },
                { "a\\\n=b", "<a>{b}" },
                { "a\\\n b", "<ab>{}" },
                { "a \\\n = b", "<a>{b}" },
                { "a\\\n  b\\\n  =c", "<ab>{c}" },
                { "\\\na=b", "<a>{b}" },
                { "  \\\n  a=b", "<a>{b}" },
                { "\\\n#a=b", "" },
                { "  \\\n  #a=b", "" },
                { "\\\n\\\na=b", "<a>{b}" },
                { "a=b\\", "<a>{b}" },
                { "a=b\\\\", "<a>{b\\}" },
                { "a=b\\\\\nc=d", "<a>{b\\}<c>{d}" },
                { "a=b\\\\\\\nc", "<a>{b\\c}" },
                { "\\", "<>{}" },
                { "a\\", "<a>{}" },
                { "a=\\\n", "<a>{}" },
                { "a=\\\n\n#x\nb=c", "<a>{}<b>{c}" },
                { " \\\n\na=b", "<a>{b}" },
                { "\\\r\n\r\na=b", "<a>{b}" },
                { "a\\ b=c", "<a b>{c}" },
                { "a\\=b=c", "<a=b>{c}" },
                { "a\\:b=c", "<a:b>{c}" },
                { "a\\#b=c", "<a#b>{c}" },
                { "\\#a=b", "<#a>{b}" },
                { "\\!a=b", "<!a>{b}" },
                { "\\ a=b", "< a>{b}" },
                { "\\=a=b", "<=a>{b}" },
                { "a=\\t\\n\\r\\f", "<a>{\011\012\015\014}" },
                { "a=\\b\\q\\\"\\'", "<a>{bq\"'}" },
                { "a=x\\u0041y", "<a>{xAy}" },
                { "\\u0041=x", "<A>{x}" },
                { "a\\u003db=c", "<a=b>{c}" },
                { "a\\u0020b=c", "<a b>{c}" },
                { "a=\\u00e9", "<a>{\303\251}" },
                { "a=\351", "<a>{\303\251}" },
                { "a=\374\240x", "<a>{\303\274\302\240x}" },
                { "\240a=b", "<\302\240a>{b}" },
                { "\205=x", "<\302\205>{x}" },
                { "a=\\u20AC", "<a>{\342\202\254}" },
                { "a=\\uD83D\\uDE00", "<a>{\360\237\230\200}" },
                { "a=\\U0041", "<a>{U0041}" },
                { "a=\\u0001\177\200", "<a>{\001\177\302\200}" },
                { "a=x\013y", "<a>{x\013y}" },
                { "a\013b=c", "<a\013b>{c}" },
                { "a\034b=c", "<a\034b>{c}" },
                { "a=\\\351", "<a>{\303\251}" },
                { "a=1\na=2", "<a>{2}" },
                { "a=1\nb=2\na=3", "<a>{3}<b>{2}" },
                { "a.b.c=d e f", "<a.b.c>{d e f}" },
                { "k=a\\\\b", "<k>{a\\b}" },
                { "a=\\u005c", "<a>{\\}" },
                { "a=\\u005cn", "<a>{\\n}" },
                { "a=\\u000ab", "<a>{\012b}" },
                { "a=\\\\u0041", "<a>{\\u0041}" },
                { "a\n=b", "<a>{}<>{b}" },
                { "\n\n  \n", "" },
                { " ", "" },
                { "#", "" },
                { "a=b\032", "<a>{b\032}" },
                { "cheeses", "<cheeses>{}" },
                { "fruits   apple, banana, \\\n   pear", "<fruits>{apple, banana, pear}" },
                { "a=b\\ ", "<a>{b }" },
                { "a=\\ b", "<a>{ b}" },
                { "a\\tb=c", "<a\011b>{c}" },
                { "a=\\uFF21\\u0660", "<a>{\357\274\241\331\240}" },
                { "a=\\u0\\\n041", "<a>{A}" },
                { "\\\r\n", "" },
                { "\\\r", "<>{}" },
                { "\\\n", "<>{}" },
                { "\\\n  ", "" },
                { "\\\n\\", "<>{}" },
                { "\\\n\\\n", "<>{}" },
                { "x\\\r\n", "<x>{}" },
                { "  \\\n", "<>{}" },
                { "\\\n\n", "" },
                { "\\\r\n ", "" },
                { "\\\n#c\n=v", "<>{v}" },
                { "a=1\n\\\r\n", "<a>{1}" },
                { "a=1\\\n#x\\\ny", "<a>{1#xy}" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(loaded); i++) {
                KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
                KT_AUTO_FREE char *got = NULL;

                assert_int_equal(parse(loaded[i].text, &list, NULL), 0);
                got = describe(&list);
                assert_string_equal(got, loaded[i].expect);
        }
}

static void test_kt_properties_parse__refuses_escapes_that_java_refuses(void **state)
{
        static const char *const malformed[] = {
                "a=\\uuuu", "a=\\u00", "a=\\u00g0", "a=\\u", "a=\\u12", "a=\\u+123", "\\u00",
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(malformed); i++) {
                struct kt_properties list = { 0 };
                struct kt_err e = { 0 };

                assert_int_equal(parse(malformed[i], &list, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "f:1: \\u needs four"));
                assert_null(list.items);
        }
}

static void test_kt_properties_parse__refuses_what_utf8_cannot_hold(void **state)
{
        static const struct {
                const char *text;
                size_t len;
                const char *expect;
        } rows[] = {
                { "a=1\nb=\\u0000", 12, "f:2: a NUL character" },
                { "a=1\nb=\0", 7, "f:2: a NUL character" },
                { "\0", 1, "f:1: a NUL character" },
                { "a=\\uD83D", 8, "f:1: half of a surrogate pair" },
                { "a=\\uD83Dx", 9, "f:1: half of a surrogate pair" },
                { "a=\\uDE00\\uD83D", 14, "f:1: half of a surrogate pair" },
                { "a=\\uD83D\\u0041", 14, "f:1: half of a surrogate pair" },
                { "a=\\uD83D\\u00", 12, "f:1: half of a surrogate pair" },
                { "a=\\uD83D\\u00zz", 14, "f:1: \\u needs four hexadecimal digits" },
                { "\n\na=1\\\n2\\\n\\uDE00", 16, "f:3: half of a surrogate pair" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_properties list = { 0 };
                struct kt_err e = { 0 };

                assert_int_equal(kt_properties_parse("f", rows[i].text, rows[i].len, &list, NULL, NULL, &e), -EBADMSG);
                assert_string_equal(e.text, rows[i].expect);
                assert_null(list.items);
        }
}

static void test_kt_properties_parse__joins_pair_over_continuation(void **state)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        (void)state;

        assert_int_equal(parse("a=\\uD83D\\\n  \\uDE00", &list, NULL), 0);
        assert_string_equal(kt_properties_get(&list, "a"), "\xf0\x9f\x98\x80");
}

static void test_kt_properties_parse__tells_source_and_line(void **state)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        (void)state;

        assert_int_equal(parse("# c\r\n\r\na=1\\\r\n  2\rb=3\nc=4", &list, NULL), 0);
        assert_int_equal(list.count, 3);
        assert_string_equal(list.items[0].source, "f:3");
        assert_int_equal(list.items[0].line, 3);
        assert_string_equal(list.items[1].source, "f:5");
        assert_string_equal(list.items[2].source, "f:6");
}

static void note_duplicate(void *context, const struct kt_property *old, unsigned line)
{
        kt_str_addf(context, "%s=%s:%u<%u ", old->key, old->value, old->line, line);
}

static void test_kt_properties_parse__reports_duplicates(void **state)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        KT_AUTO_STR struct kt_str seen = { 0 };
        static const char text[] = "a=1\nb=2\na=3\n\\u0061=4\n";
        (void)state;

        assert_int_equal(kt_properties_parse("f", text, sizeof(text) - 1, &list, note_duplicate, &seen, NULL), 0);
        assert_string_equal(kt_str_get(&seen), "a=1:1<3 a=3:3<4 ");
        assert_int_equal(list.count, 2);
        assert_string_equal(list.items[0].value, "4");
        assert_string_equal(list.items[0].source, "f:4");
}

static void test_kt_properties_parse__limits_size_and_count(void **state)
{
        KT_AUTO_FREE char *big = calloc(1, KT_PROPERTIES_FILE_MAX + 1);
        KT_AUTO_STR struct kt_str many = { 0 };
        struct kt_properties list = { 0 };
        struct kt_err e = { 0 };
        (void)state;

        assert_non_null(big);
        memset(big, '\n', KT_PROPERTIES_FILE_MAX + 1);
        assert_int_equal(kt_properties_parse("f", big, KT_PROPERTIES_FILE_MAX + 1, &list, NULL, NULL, &e), -EFBIG);
        assert_int_equal(kt_properties_parse("f", big, KT_PROPERTIES_FILE_MAX, &list, NULL, NULL, NULL), 0);

        for (int i = 0; i <= KT_PROPERTIES_MAX; i++)
                kt_str_addf(&many, "k%d=\n", i);
        kt_err_clear(&e);
        assert_int_equal(parse(kt_str_get(&many), &list, &e), -E2BIG);
        assert_string_equal(e.text, "f:4097: more than 4096 properties");
}

static void test_kt_properties_set__adds_and_replaces(void **state)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        (void)state;

        assert_int_equal(kt_properties_set(&list, "a", "1", "env A"), 0);
        assert_int_equal(kt_properties_set(&list, "b", "2", NULL), 0);
        assert_int_equal(kt_properties_set(&list, "c", "3", NULL), 0);
        assert_int_equal(kt_properties_set(&list, "a", "4", NULL), 0);
        assert_int_equal(list.count, 3);
        assert_string_equal(list.items[0].value, "4");
        assert_null(list.items[0].source);

        assert_null(kt_properties_get(&list, "d"));
        assert_null(kt_properties_find(&list, "d"));
        assert_string_equal(kt_properties_find(&list, "c")->value, "3");
}

static void test_kt_properties_set__can_set_to_its_own_value(void **state)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        (void)state;

        assert_int_equal(kt_properties_set(&list, "a", "1", "s"), 0);
        assert_int_equal(kt_properties_set(&list, list.items[0].key, list.items[0].value, list.items[0].source), 0);
        assert_string_equal(list.items[0].source, "s");
}

static void test_kt_properties_set__refuses_what_is_no_utf8(void **state)
{
        static const char *const bad[] = {
                "\x80",
                "\xc3",
                "\xc3(",
                "\xc0\xaf",
                "\xe0\x80\x80",
                "\xed\xa0\x80",
                "\xf0\x80\x80",
                "\xf4\x90\x80\x80",
                "\xf8\x88\x80\x80",
                "a\xff",
        };
        struct kt_properties list = { 0 };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(bad); i++) {
                assert_int_equal(kt_properties_set(&list, "k", bad[i], NULL), -EILSEQ);
                assert_int_equal(kt_properties_set(&list, bad[i], "v", NULL), -EILSEQ);
        }
        assert_int_equal(list.count, 0);
}

static void test_kt_properties_render_line__writes_what_java_writes(void **state)
{
        static const struct {
                const char *key;
                const char *value;
                const char *expect;
        } stored[] = {
                { "a", "b", "a=b\n" },
                { "a b", "c d", "a\\ b=c d\n" },
                { " a", " b", "\\ a=\\ b\n" },
                { "a=b:c#d!e", "a=b:c#d!e", "a\\=b\\:c\\#d\\!e=a\\=b\\:c\\#d\\!e\n" },
                { "", "x", "=x\n" },
                { "x", "", "x=\n" },
                { "t\t\n\r\f", "t\t\n\r\f", "t\\t\\n\\r\\f=t\\t\\n\\r\\f\n" },
                { "\\", "\\\\", "\\\\=\\\\\\\\\n" },
                { "\303\251", "\303\274", "\\u00E9=\\u00FC\n" },
                { "\342\202\254", "\360\237\230\200", "\\u20AC=\\uD83D\\uDE00\n" },
                { "c", "\001\037\177", "c=\\u0001\\u001F\\u007F\n" },
                { "b", "\013", "b=\\u000B\n" },
                { "two", "a  b  ", "two=a  b  \n" },
                { "  k", "   ", "\\ \\ k=\\   \n" },
                { "x", "~}", "x=~}\n" },
                { "k", "C:\\d", "k=C\\:\\\\d\n" },
                { "k", "\xff\xc3", "k=\\uFFFD\\uFFFD\n" }, /* ours: no Java string is like that */
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(stored); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };

                kt_properties_render_line(stored[i].key, stored[i].value, &out);
                assert_string_equal(kt_str_get(&out), stored[i].expect);
        }
}

static void test_kt_properties_render__sorts_by_key(void **state)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_properties_render(&list, &out);
        assert_string_equal(kt_str_get(&out), "");
        assert_int_equal(parse("b=2\na.b=3\na=1\nB=4", &list, NULL), 0);
        kt_properties_render(&list, &out);
        assert_int_equal(kt_str_error(&out), 0);
        assert_string_equal(kt_str_get(&out), "B=4\na=1\na.b=3\nb=2\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_properties_parse__reads_what_java_reads),
                cmocka_unit_test(test_kt_properties_parse__refuses_escapes_that_java_refuses),
                cmocka_unit_test(test_kt_properties_parse__refuses_what_utf8_cannot_hold),
                cmocka_unit_test(test_kt_properties_parse__joins_pair_over_continuation),
                cmocka_unit_test(test_kt_properties_parse__tells_source_and_line),
                cmocka_unit_test(test_kt_properties_parse__reports_duplicates),
                cmocka_unit_test(test_kt_properties_parse__limits_size_and_count),
                cmocka_unit_test(test_kt_properties_set__adds_and_replaces),
                cmocka_unit_test(test_kt_properties_set__can_set_to_its_own_value),
                cmocka_unit_test(test_kt_properties_set__refuses_what_is_no_utf8),
                cmocka_unit_test(test_kt_properties_render_line__writes_what_java_writes),
                cmocka_unit_test(test_kt_properties_render__sorts_by_key),
        };

        return TEST_MAIN(tests);
}
