/* SPDX-License-Identifier: Apache-2.0 */
/* meta.properties: the verdicts are those of MetaProperties.Builder of Kafka 4.3.1, unless the row says otherwise. */
#include "lib/kafka/meta.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

#define KRAFT "version=1\nnode.id=1\ncluster.id=x\n"

static int parse(const char *text, struct kt_meta *ret, struct kt_err *e)
{
        return kt_meta_parse("m", text, strlen(text), ret, e);
}

static void test_kt_meta_parse__reads_what_kafka_reads(void **state)
{
        static const struct {
                const char *text;
                int version;
                int node_id; /* -1: none */
                const char *cluster_id;
        } rows[] = {
                { "", 0, -1, "" },
                { "broker.id=5", 0, 5, "" },
                { "version=0\nbroker.id=5\ncluster.id=", 0, 5, "" },
                { "version=0\nnode.id=5", 0, -1, "" },
                { "version=0\nbroker.id=5\nnode.id=x", 0, 5, "" },
                { "version=0\nbroker.id=5\ncluster.id=abc", 0, 5, "abc" },
                { KRAFT, 1, 1, "x" },
                { KRAFT "broker.id=2\nfoo=bar", 1, 1, "x" },
                { "version=01\nnode.id=007\ncluster.id=x", 1, 7, "x" },
                { "version=+1 \nnode.id=+1\ncluster.id=x y ", 1, 1, "x y " },
                { "version:1\nnode.id 2147483647\ncluster.id=\\u00e9", 1, 2147483647, "\xc3\xa9" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_meta meta;

                assert_int_equal(parse(rows[i].text, &meta, NULL), 0);
                assert_int_equal(meta.version, rows[i].version);
                assert_int_equal(meta.has_node_id, rows[i].node_id >= 0);
                if (meta.has_node_id)
                        assert_int_equal(meta.node_id, rows[i].node_id);
                assert_string_equal(meta.cluster_id, rows[i].cluster_id);
                assert_false(meta.has_directory_id);
        }
}

static void test_kt_meta_parse__says_what_is_wrong(void **state)
{
        static const struct {
                const char *text;
                const char *expect;
        } rows[] = {
                { "version=1", "m: no node.id" },
                { "version=1\nbroker.id=0\ncluster.id=x", "m: no node.id" },
                { "version=1\nnode.id=0", "m: no cluster.id" },
                { "version=1\nnode.id=0\ncluster.id=", "m: no cluster.id" }, /* Kafka takes it as an id */
                { "version=9\nnode.id=1\ncluster.id=x", "m: version=9 is neither 0 (ZooKeeper mode) nor 1 (KRaft)" },
                { "version=-1", "m: version=-1 is neither 0 (ZooKeeper mode) nor 1 (KRaft)" },
                { "version=", "m: version= is neither 0 (ZooKeeper mode) nor 1 (KRaft)" },
                { "version=+-1", "m: version=+-1 is neither 0 (ZooKeeper mode) nor 1 (KRaft)" },
                { "version=00000000000000000000000000000001", "m: version is no number" }, /* Kafka takes it */
                { "version=1\nnode.id=1 \ncluster.id=x", "m: node.id=1  is no node id" },
                { "version=1\nnode.id=-1\ncluster.id=x", "m: node.id=-1 is no node id" }, /* dies later in Kafka */
                { "version=1\nnode.id=2147483648\ncluster.id=x", "m: node.id=2147483648 is no node id" },
                { "version=1\nnode.id=x\ncluster.id=x", "m: node.id=x is no node id" },
                { "version=1\nnode.id=\ncluster.id=x", "m: node.id= is no node id" },
                { "broker.id=x", "m: broker.id=x is no node id" },
                { "version=1\nnode.id=1\ncluster.id=a\\u001bb", "m: cluster.id has control characters in it" },
                { KRAFT "directory.id=abc", "m: directory.id is not 22 characters of base64url" },
                { "broker.id=1\ndirectory.id=", "m: directory.id is not 22 characters of base64url" },
                { "version=1\\u00", "m:1: \\u needs four hexadecimal digits" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_meta meta = { .version = 7 };
                struct kt_err e = { 0 };

                assert_int_equal(parse(rows[i].text, &meta, &e), -EBADMSG);
                assert_string_equal(e.text, rows[i].expect);
                assert_int_equal(meta.version, 7);
        }
}

static void test_kt_meta_parse__decodes_directory_id(void **state)
{
        struct kt_meta meta;
        char text[KT_UUID_TEXT_MAX];
        (void)state;

        assert_int_equal(parse(KRAFT "directory.id=JEXY6aqPQY-7YRM25tYMOB", &meta, NULL), 0);
        assert_true(meta.has_directory_id);
        assert_string_equal(kt_uuid_format(&meta.directory_id, text), "JEXY6aqPQY-7YRM25tYMOA");
}

static void test_kt_meta_parse__limits_lengths(void **state)
{
        KT_AUTO_FREE char *big = malloc(KT_META_FILE_MAX + 1);
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_meta meta;
        struct kt_err e = { 0 };
        (void)state;

        assert_non_null(big);
        memset(big, '\n', KT_META_FILE_MAX + 1);
        assert_int_equal(kt_meta_parse("m", big, KT_META_FILE_MAX + 1, &meta, &e), -EBADMSG);
        assert_int_equal(kt_meta_parse("m", big, KT_META_FILE_MAX, &meta, NULL), 0);

        kt_str_add(&text, "cluster.id=");
        kt_str_pad(&text, 11 + KT_META_CLUSTER_ID_MAX - 1, 'x');
        assert_int_equal(parse(kt_str_get(&text), &meta, NULL), 0);
        kt_str_add_char(&text, 'x');
        kt_err_clear(&e);
        assert_int_equal(parse(kt_str_get(&text), &meta, &e), -EBADMSG);
        assert_string_equal(e.text, "m: cluster.id has more than 255 bytes");
}

static void test_kt_meta_render__writes_what_kafka_writes(void **state)
{
        static const struct {
                struct kt_meta meta;
                int64_t seconds;
                const char *expect;
        } rows[] = {
                { { .version = 1, .has_node_id = true, .node_id = 12, .cluster_id = "a=b" },
                  951782400,
                  "#\n#Tue Feb 29 00:00:00 UTC 2000\nnode.id=12\nversion=1\ncluster.id=a\\=b\n" },
                { { .version = 0, .has_node_id = true, .node_id = 1, .has_directory_id = true },
                  0,
                  "#\n#Thu Jan 01 00:00:00 UTC 1970\nbroker.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAA\nversion=0\n" },
                { { .version = 0 }, INT64_MIN, "#\n#Thu Jan 01 00:00:00 UTC 1970\nversion=0\n" },
                { { .version = 0 }, INT64_MAX, "#\n#Fri Dec 31 23:59:59 UTC 9999\nversion=0\n" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };

                kt_meta_render(&rows[i].meta, rows[i].seconds, &out);
                assert_string_equal(kt_str_get(&out), rows[i].expect);
        }
}

/* The date is of the day the file was made: all the rest has to come back. */
static void test_kt_meta_render__equals_files_of_storage_tool(void **state)
{
        static const char *const files[] = {
                "tests/fixtures/kraft/3.9.2/meta.properties",
                "tests/fixtures/kraft/4.3.1/meta.properties",
                "tests/fixtures/kraft/4.4.0/meta.properties",
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(files); i++) {
                KT_AUTO_FILE FILE *file = fopen(files[i], "re");
                KT_AUTO_STR struct kt_str out = { 0 };
                struct kt_meta meta;
                char want[1024];
                size_t len;

                assert_non_null(file);
                len = fread(want, 1, sizeof(want) - 1, file);
                want[len] = '\0';
                assert_int_equal(kt_meta_parse("m", want, len, &meta, NULL), 0);
                kt_meta_render(&meta, 0, &out);
                assert_int_equal(out.len, len);
                assert_string_equal(strstr(kt_str_get(&out), "\nnode.id"), strstr(want, "\nnode.id"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_meta_parse__reads_what_kafka_reads),
                cmocka_unit_test(test_kt_meta_parse__says_what_is_wrong),
                cmocka_unit_test(test_kt_meta_parse__decodes_directory_id),
                cmocka_unit_test(test_kt_meta_parse__limits_lengths),
                cmocka_unit_test(test_kt_meta_render__writes_what_kafka_writes),
                cmocka_unit_test(test_kt_meta_render__equals_files_of_storage_tool),
        };

        return TEST_MAIN(tests);
}
