/* SPDX-License-Identifier: Apache-2.0 */
/* Names in a log dir. Where Kafka 4.3.1's own LocalLog.parseTopicPartitionName says otherwise the row tells so. */
#include "lib/kafka/names.h"

#include <string.h>

#include "tests/unit/support.h"

static void test_kt_names_dir__knows_what_each_version_knows(void **state)
{
        static const struct {
                const char *name;
                enum kt_dir_kind modern; /* 3.9 and later */
                enum kt_dir_kind old;    /* 0.10.2 */
        } rows[] = {
                { "t-0", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "topic-12", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "a-b-3", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "t.x-0", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "t-0.tmp-3", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "__consumer_offsets-49", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "--1", KT_DIR_PARTITION, KT_DIR_PARTITION },  /* topic "-" */
                { "t--1", KT_DIR_PARTITION, KT_DIR_PARTITION }, /* topic "t-" */
                { "...-0", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "t-2147483647", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "__cluster_metadata-0", KT_DIR_METADATA, KT_DIR_PARTITION },
                { "__cluster_metadata-1", KT_DIR_PARTITION, KT_DIR_PARTITION },
                { "remote-log-index-cache", KT_DIR_REMOTE_INDEX, KT_DIR_FOREIGN },
                { "t-0.abc-delete", KT_DIR_DELETE, KT_DIR_DELETE },
                { "a.b-0.7d3f51a2b0c94d4e8f7a6b5c4d3e2f10-delete", KT_DIR_DELETE, KT_DIR_DELETE },
                { "t-0.abc-delete-delete", KT_DIR_DELETE, KT_DIR_DELETE },
                { "t-0.abc-stray-delete", KT_DIR_DELETE, KT_DIR_DELETE },
                { "a-0.b-1.c-delete", KT_DIR_DELETE, KT_DIR_DELETE },
                { "t-0.e4c1-future", KT_DIR_FUTURE, KT_DIR_FOREIGN },
                { "t-0.e4c1-stray", KT_DIR_STRAY, KT_DIR_FOREIGN },
                { "t-0.ab-future-stray", KT_DIR_STRAY, KT_DIR_FOREIGN },
                { "lost+found", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { ".snapshot", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "config", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "-", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "-0", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-x", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0x", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0.x", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-2147483648", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-99999999999999999999", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0 ", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0\n", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "x-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0.-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-x.abc-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-.abc-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "-0.abc-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0.a.b-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0.a b-delete", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0.abc-DELETE", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-0.e4c1-foo", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "x-1-stray", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                /* Kafka's grammar lets these through, but no topic can be called so */
                { "a b-0", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "a+b-0", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "\xc3\xa9-0", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { ".-0", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "..-0", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                /* ... and these are numbers to Integer.parseInt, but none that a broker writes */
                { "t-00", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
                { "t-+1", KT_DIR_FOREIGN, KT_DIR_FOREIGN },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                for (size_t v = 1; v < kt_kafka_version_count; v++)
                        assert_int_equal(kt_names_dir(&kt_kafka_versions[v], rows[i].name), rows[i].modern);
                assert_int_equal(kt_names_dir(&kt_kafka_versions[0], rows[i].name), rows[i].old);
        }
}

static void test_kt_names_dir__limits_the_topic(void **state)
{
        char name[300];
        (void)state;

        memset(name, 'a', sizeof(name));
        memcpy(name + 249, "-0", 3);
        assert_int_equal(kt_names_dir(&kt_kafka_versions[1], name), KT_DIR_PARTITION);
        memset(name, 'a', sizeof(name));
        memcpy(name + 250, "-0", 3);
        assert_int_equal(kt_names_dir(&kt_kafka_versions[1], name), KT_DIR_FOREIGN);
}

static void test_kt_names_file__tells_kinds(void **state)
{
        static const struct {
                const char *name;
                enum kt_file_kind expect;
        } rows[] = {
                { "00000000000000000000.log", KT_FILE_LOG },
                { "00000000000012345678.log", KT_FILE_LOG },
                { "00000000000000000000.index", KT_FILE_INDEX },
                { "00000000000000000000.timeindex", KT_FILE_TIMEINDEX },
                { "00000000000000000000.txnindex", KT_FILE_TXNINDEX },
                { "00000000000000000000.snapshot", KT_FILE_CHECKPOINT },
                { "00000000000000000000-0000000000.checkpoint", KT_FILE_CHECKPOINT },
                { "leader-epoch-checkpoint", KT_FILE_CHECKPOINT },
                { "partition.metadata", KT_FILE_CHECKPOINT },
                { "00000000000000000000.log.deleted", KT_FILE_DELETED },
                { "00000000000000000000.index.deleted", KT_FILE_DELETED },
                { "00000000000000000000.timeindex.deleted", KT_FILE_DELETED },
                { "00000000000000000000.txnindex.deleted", KT_FILE_DELETED },
                { "00000000000000000000.snapshot.deleted", KT_FILE_DELETED },
                { "00000000000000000000.log.cleaned", KT_FILE_OTHER },
                { "00000000000000000000.log.swap", KT_FILE_OTHER },
                { "00000000000000000000.log.deleted.deleted", KT_FILE_OTHER },
                { "00000000000000000000.deleted", KT_FILE_OTHER },
                { "00000000000000000000.logx", KT_FILE_OTHER },
                { "00000000000000000000", KT_FILE_OTHER },
                { "0000000000000000000.log", KT_FILE_OTHER },
                { "000000000000000000000.log", KT_FILE_OTHER },
                { "0000000000000000000x.log", KT_FILE_OTHER },
                { "00000000000000000000-000000000.checkpoint", KT_FILE_OTHER },
                { "00000000000000000000-00000000000.checkpoint", KT_FILE_OTHER },
                { "00000000000000000000-0000000000.checkpoint.part", KT_FILE_OTHER },
                { "00000000000000000000-0000000000.log", KT_FILE_OTHER },
                { "quorum-state", KT_FILE_OTHER },
                { ".log", KT_FILE_OTHER },
                { "", KT_FILE_OTHER },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_names_file(rows[i].name), rows[i].expect);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kt_names_dir__knows_what_each_version_knows),
                cmocka_unit_test(test_kt_names_dir__limits_the_topic),
                cmocka_unit_test(test_kt_names_file__tells_kinds),
        };

        return TEST_MAIN(tests);
}
