/* SPDX-License-Identifier: Apache-2.0 */
/* Values of broker properties. What is right of a value was asked of the real KafkaConfig.fromProps of that version;
 * rows that differ from it say so (tests/kafka/values.tsv is asked again whenever the kafka tier runs). */
#include "tests/unit/support.h"

#include <string.h>

#include "lib/kafka/schema.h"

static const struct kt_kafka_version *version(const char *name)
{
        const struct kt_kafka_version *found = kt_kafka_version_find(name);

        assert_non_null(found);
        return found;
}

struct value_row {
        const char *version;
        const char *key;
        const char *value;
        const char *why; /* NULL: accepted */
};

static void expect_values(const struct value_row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const struct kt_schema_key *key = kt_schema_find(version(rows[i].version), rows[i].key);
                char why[256] = "";
                bool accepted;

                assert_non_null(key);
                accepted = kt_schema_accepts(key, rows[i].value, why, sizeof(why));
                if (accepted != !rows[i].why || strcmp(why, rows[i].why ? rows[i].why : "") != 0)
                        fail_msg("%s %s=%s: '%s'", rows[i].version, rows[i].key, rows[i].value, why);
        }
}

static void test_accepts__integers(void **state)
{
        static const struct value_row rows[] = {
                { "4.3", "log.segment.bytes", "14", "must be at least 1048576" },
                { "3.9", "log.segment.bytes", "14", NULL },
                { "0.10.2", "log.segment.bytes", "13", "must be at least 14" },
                { "4.3", "log.segment.bytes", " 1048576\t", NULL },
                { "4.3", "log.segment.bytes", "+1048576", NULL },
                { "4.3", "log.segment.bytes", "+-1048576", "not a number" },
                { "4.3", "log.segment.bytes", "1048576.0", "not a number" },
                { "4.3", "log.segment.bytes", "2147483647", NULL },
                { "4.3", "log.segment.bytes", "2147483648", "must be between -2147483648 and 2147483647 (INT)" },
                { "4.3", "log.segment.bytes", "99999999999999999999",
                  "must be between -2147483648 and 2147483647 (INT)" },
                { "4.3", "log.segment.bytes", "0x100000", "not a number" },
                { "4.3", "log.segment.bytes", "", "not a number" },
                { "4.3", "controller.socket.timeout.ms", "abc", "not a number" },
                { "4.3", "queued.max.requests", "1_000", "not a number" },
                { "0.10.2", "queued.max.requests", "0", "must be at least 1" },
                { "4.3", "queued.max.requests",
                  "\xc2\xa0"
                  "5",
                  "not a number" },
                { "4.3", "transaction.state.log.replication.factor", "32768",
                  "must be between -32768 and 32767 (SHORT)" },
                { "4.3", "log.retention.bytes", "9223372036854775808",
                  "must be between -9223372036854775808 and 9223372036854775807 (LONG)" },
                { "4.3", "log.retention.bytes", "-9223372036854775808", NULL },
                { "4.3", "log.retention.bytes", "--1", "not a number" },
                { "4.3", "node.id", "-1", "must be at least 0" },
                { "4.3", "compression.gzip.level", "-1", NULL },
                { "4.3", "compression.gzip.level", "0", "must be at least 1, or -1" },
                { "4.3", "compression.gzip.level", "9", NULL },
                { "4.3", "compression.gzip.level", "10", "must be at most 9, or -1" },
                { "3.9", "remote.log.manager.copier.thread.pool.size", "-1", NULL },
                { "3.9", "remote.log.manager.copier.thread.pool.size", "0", "must be at least 1, or -1" },
                { "4.3", "remote.log.manager.copier.thread.pool.size", "-1", "must be at least 1" },
                { "0.10.2", "port", "+9092", NULL },
        };

        (void)state;
        expect_values(rows, KT_COUNT(rows));
}

static void test_accepts__a_number_too_long_for_any_type(void **state)
{
        char digits[600];
        char why[64];

        (void)state;
        memset(digits, '1', sizeof(digits) - 1);
        digits[sizeof(digits) - 1] = '\0';
        assert_false(
                kt_schema_accepts(kt_schema_find(version("4.3"), "log.retention.bytes"), digits, why, sizeof(why)));
        assert_string_equal(why, "not a number");
}

static void test_accepts__doubles(void **state)
{
        static const struct value_row rows[] = {
                { "4.3", "log.cleaner.io.buffer.load.factor", "0.5d", NULL },
                { "4.3", "log.cleaner.io.max.bytes.per.second", "1.7976931348623157E308", NULL },
                { "4.3", "log.cleaner.io.max.bytes.per.second", "NaN", "not a number" },   /* Kafka: fine */
                { "4.3", "log.cleaner.io.max.bytes.per.second", "1e400", "not a number" }, /* Kafka: infinity */
                { "4.3", "log.cleaner.min.cleanable.ratio", "1.01", "must be at most 1" },
                { "4.3", "log.cleaner.min.cleanable.ratio", "1.", NULL },
                { "4.3", "log.cleaner.min.cleanable.ratio", ".5", NULL },
                { "4.3", "log.cleaner.min.cleanable.ratio", "+0.5", NULL },
                { "4.3", "log.cleaner.min.cleanable.ratio", "-0.5", "must be at least 0" },
                { "4.3", "log.cleaner.min.cleanable.ratio", "1,0", "not a number" },
                { "4.3", "log.cleaner.min.cleanable.ratio", "d", "not a number" },
                { "4.3", "log.cleaner.min.cleanable.ratio", "", "not a number" },
        };

        (void)state;
        expect_values(rows, KT_COUNT(rows));
}

static void test_accepts__booleans_and_choices(void **state)
{
        static const struct value_row rows[] = {
                { "4.3", "unclean.leader.election.enable", "yes", "must be true or false" },
                { "4.3", "unclean.leader.election.enable", "TRUE", NULL },
                { "4.3", "unclean.leader.election.enable", " False ", NULL },
                { "0.10.2", "log.preallocate", "1", "must be true or false" },
                { "4.3", "compression.type", "foo", "must be one of uncompressed, zstd, lz4, snappy, gzip, producer" },
                { "4.3", "compression.type", "ZSTD", "must be one of uncompressed, zstd, lz4, snappy, gzip, producer" },
                { "4.3", "compression.type", " zstd", NULL },
                { "4.3", "ssl.client.auth", "Required", "must be one of required, requested, none" },
                { "0.10.2", "ssl.client.auth", "want", "must be one of required, requested, none" },
                { "4.3", "group.consumer.migration.policy", "DownGrade", NULL },
                { "4.3", "group.consumer.migration.policy", "",
                  "must be one of DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL" },
                { "4.3", "security.inter.broker.protocol", "ssl",
                  "must be one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL" },
        };

        (void)state;
        expect_values(rows, KT_COUNT(rows));
}

static void test_accepts__releases(void **state)
{
        static const char why[] = "must be a release of Kafka, such as 3.9 or 3.9-IV0";
        static const struct value_row rows[] = {
                { "3.9", "inter.broker.protocol.version", "3.9", NULL },
                { "3.9", "inter.broker.protocol.version", "3.9.2", NULL },
                { "3.9", "inter.broker.protocol.version", "3.9-IV0", NULL },
                { "3.9", "inter.broker.protocol.version", "3.9-IV0.x", NULL },
                { "3.9", "inter.broker.protocol.version", "3.10", why },
                { "3.9", "inter.broker.protocol.version", "3", why },
                { "3.9", "inter.broker.protocol.version", "3.0.", why },
                { "3.9", "inter.broker.protocol.version", "", why },
                { "3.9", "inter.broker.protocol.version", "3.9-iv0", why },
                { "3.9", "log.message.format.version", "0.10.2", NULL },
                { "3.9", "log.message.format.version", "0.10.2.9", NULL },
                { "3.9", "log.message.format.version", "0.10.2-IV0.junk", NULL },
                { "3.9", "log.message.format.version", "0.10", why },
                { "3.9", "log.message.format.version", "0.8.0", NULL },
        };

        (void)state;
        expect_values(rows, KT_COUNT(rows));
}

static void test_accepts__lists(void **state)
{
        static const struct value_row rows[] = {
                { "4.3", "log.cleanup.policy", "", NULL },
                { "4.3", "log.cleanup.policy", "delete,compact", NULL },
                { "4.3", "log.cleanup.policy", "delete , compact", NULL },
                { "4.3", "log.cleanup.policy", "delete,delete", NULL },
                { "4.3", "log.cleanup.policy", "delete,,compact", "must be a list of compact, delete" },
                { "4.3", "log.cleanup.policy", "delete,", "must be a list of compact, delete" },
                { "4.1", "log.cleanup.policy", "delete,", "must be a list of compact, delete" },
                { "4.3", "log.cleanup.policy", "remove", "must be a list of compact, delete" },
                { "4.3", "process.roles", "", "must not be empty" },
                { "4.1", "process.roles", "", NULL },
                { "4.3", "process.roles", "brokers", "must be a list of broker, controller" },
                { "4.3", "log.dirs", "", "must not be empty" },
                { "4.3", "log.dirs", "/a,,/b", "has an empty entry" },
                { "4.3", "log.dirs", "/a,/a", NULL },
                { "3.9", "log.dirs", "/a,,/b", NULL },
                { "4.3", "listeners", "", "must not be empty" },
                { "4.3", "metric.reporters", "", NULL },
                { "4.3", "metric.reporters", "a,,b", "has an empty entry" },
                { "4.1", "metric.reporters", "a,,b", NULL },
                { "4.3", "group.coordinator.rebalance.protocols", "Classic",
                  "must be a list of consumer, classic, share, streams" },
        };

        (void)state;
        expect_values(rows, KT_COUNT(rows));
}

static void test_accepts__servers_and_voters(void **state)
{
        static const char servers[] = "must be a list of host:port";
        static const char voters[] = "must be a list of id@host:port";
        static const struct value_row rows[] = {
                { "4.3", "controller.quorum.bootstrap.servers", "h:1, g:2", NULL },
                { "4.3", "controller.quorum.bootstrap.servers", "[::1]:1", NULL },
                { "4.3", "controller.quorum.bootstrap.servers", "h", servers },
                { "4.3", "controller.quorum.bootstrap.servers", "h:", servers },
                { "4.3", "controller.quorum.bootstrap.servers", "h:+1", servers },
                { "4.3", "controller.quorum.bootstrap.servers", "h:70000", servers },
                { "4.3", "controller.quorum.bootstrap.servers", "h:1,,g:2", servers },
                { "4.3", "controller.quorum.voters", "", NULL },
                { "4.3", "controller.quorum.voters", "0@127.0.0.1:19093,1@[::1]:19093", NULL },
                { "4.3", "controller.quorum.voters", "0@h", voters },
                { "4.3", "controller.quorum.voters", "x@h:1", voters },
                { "4.3", "controller.quorum.voters", "2147483648@h:1", voters },
                { "4.3", "controller.quorum.voters", "0@h:70000", voters },
                { "4.3", "controller.quorum.voters", "0@h:1,", voters },
                { "4.3", "controller.quorum.voters", "@h:1", voters },
        };

        (void)state;
        expect_values(rows, KT_COUNT(rows));
}

static void test_accepts__texts_classes_and_placeholders(void **state)
{
        static const struct value_row rows[] = {
                { "4.3", "remote.log.storage.manager.class.name", "  ", "must not be empty" },
                { "4.3", "remote.log.storage.manager.class.name", "x", NULL },
                { "4.3", "authorizer.class.name", "", NULL },
                { "4.3", "broker.rack", "", NULL },
                { "4.3", "principal.builder.class", "", "must be the name of a class" },
                { "4.3", "principal.builder.class", "a b", "must be the name of a class" },
                { "4.3", "principal.builder.class", "org.example.Builder", NULL },
                { "4.3", "ssl.key.password", "", NULL },
                { "4.3", "log.segment.bytes", "${file:/etc/kafka/sizes:segment}", NULL },
        };

        (void)state;
        expect_values(rows, KT_COUNT(rows));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_accepts__integers),
                cmocka_unit_test(test_accepts__a_number_too_long_for_any_type),
                cmocka_unit_test(test_accepts__doubles),
                cmocka_unit_test(test_accepts__booleans_and_choices),
                cmocka_unit_test(test_accepts__releases),
                cmocka_unit_test(test_accepts__lists),
                cmocka_unit_test(test_accepts__servers_and_voters),
                cmocka_unit_test(test_accepts__texts_classes_and_placeholders),
        };

        return TEST_MAIN(tests);
}
