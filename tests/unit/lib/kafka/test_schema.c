/* SPDX-License-Identifier: Apache-2.0 */
/* The broker properties: lookup, and the findings of whole lists. */
#include "tests/unit/support.h"

#include <string.h>

#include "lib/kafka/schema.h"

static const struct kt_kafka_version *version(const char *name)
{
        const struct kt_kafka_version *found = kt_kafka_version_find(name);

        assert_non_null(found);
        return found;
}

static struct kt_findings check(const char *name, const char *key, const char *value, const char *allow)
{
        struct kt_property property = { .key = (char *)key,
                                        .value = (char *)value,
                                        .source = (char *)"kafka.yaml:14:5" };
        struct kt_properties list = { .items = &property, .count = 1, .cap = 1 };
        char *allowed[] = { (char *)allow };
        struct kt_findings findings = { 0 };

        kt_schema_check(version(name), &list, allowed, allow ? 1 : 0, &findings);
        assert_int_equal(findings.error, 0);
        return findings;
}

/* ---- Lookup ---- */

static void test_find__takes_the_row_of_the_version(void **state)
{
        const struct kt_schema_key *old = kt_schema_find(version("3.9"), "log.segment.bytes");
        const struct kt_schema_key *new = kt_schema_find(version("4.0"), "log.segment.bytes");

        (void)state;
        assert_non_null(old);
        assert_non_null(new);
        assert_string_equal(old->validator, "[14,...]");
        assert_string_equal(new->validator, "[1048576,...]");
        assert_int_equal(new->type, KT_SCHEMA_INT);
        assert_string_equal(new->preset, "1073741824");
}

static void test_find__gives_null_for_names_of_other_versions_and_of_none(void **state)
{
        (void)state;
        assert_null(kt_schema_find(version("4.3"), "zookeeper.connect"));
        assert_null(kt_schema_find(version("0.10.2"), "node.id"));
        assert_null(kt_schema_find(version("4.3"), ""));
        assert_null(kt_schema_find(version("4.3"), "~"));
        assert_non_null(kt_schema_find(version("4.4"), kt_schema_keys[0].name));
        assert_non_null(kt_schema_find(version("0.10.2"), kt_schema_keys[kt_schema_key_count - 1].name));
}

static void test_find__knows_a_hole_in_the_middle(void **state)
{
        (void)state;
        assert_non_null(kt_schema_find(version("4.2"), "max.decompressed.message.bytes"));
        assert_null(kt_schema_find(version("4.3"), "max.decompressed.message.bytes"));
        assert_non_null(kt_schema_find(version("4.4"), "max.decompressed.message.bytes"));
}

static void test_suggest__finds_the_nearest_public_name(void **state)
{
        (void)state;
        assert_string_equal(kt_schema_suggest(version("4.3"), "num.io.thread"), "num.io.threads");
        assert_string_equal(kt_schema_suggest(version("0.10.2"), "zookeper.connect"), "zookeeper.connect");
        assert_null(kt_schema_suggest(version("4.3"), "internal.segment.byte"));
        assert_null(kt_schema_suggest(version("4.3"), "x"));
}

static void test_is_open_ended__knows_what_no_config_def_lists(void **state)
{
        static const struct {
                const char *name;
                bool open;
        } rows[] = {
                { "listener.name.internal.ssl.keystore.location", true },
                { "listener.name.internal.scram-sha-256.sasl.jaas.config", true },
                { "listener.name.internal.ssl.engine.of.a.plugin", true },
                { "listener.name.external.max.connections", true },
                { "listener.name.external.num.io.threads", false },
                { "listener.name.external", false },
                { "listener.name..ssl.keystore.location", false },
                { "config.providers", true },
                { "config.providers.env.class", true },
                { "rlmm.config.remote.log.metadata.topic.num.partitions", true },
                { "rsm.config.chunk.size", true },
                { "super.users", true },
                { "super.user", false },
                { "allow.everyone.if.no.acl.found", true },
                { "metrics.jmx.include", true },
                { "num.io.threads", false },
                { "", false },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_schema_is_open_ended(rows[i].name) != rows[i].open)
                        fail_msg("%s", rows[i].name);
}

/* Whoever loses a public property learns what to do, but for those nobody needs to replace. */
static void test_replacement__is_there_for_what_a_version_took_away(void **state)
{
        static const char *const nothing_known[] = { "group.share.max.groups", "max.decompressed.message.bytes",
                                                     "share.fetch.max.fetch.records" };
        const struct kt_kafka_version *newest = version("4.4");

        (void)state;
        for (size_t i = 0; i < kt_schema_key_count; i++) {
                const char *name = kt_schema_keys[i].name;
                bool is_excused = kt_schema_keys[i].is_internal;

                for (size_t k = 0; k < KT_COUNT(nothing_known); k++)
                        is_excused = is_excused || strcmp(nothing_known[k], name) == 0;
                if (!kt_schema_find(newest, name) && !is_excused && !kt_schema_replacement(name))
                        fail_msg("%s is gone and nothing says what to do", name);
        }
        assert_null(kt_schema_replacement("num.io.threads"));
        assert_string_equal(kt_schema_replacement("zookeeper.ssl.protocol"), "KRaft has no ZooKeeper");
}

/* ---- Secrets ---- */

static void test_is_secret__by_type_by_listener_and_by_name(void **state)
{
        static const struct {
                const char *name;
                bool secret;
        } rows[] = {
                { "ssl.keystore.password", true },
                { "ssl.keystore.pasword", true }, /* a typing error hides it as well */
                { "sasl.jaas.config", true },
                { "listener.name.internal.ssl.key.password", true },
                { "listener.name.internal.plain.sasl.jaas.config", true },
                { "listener.name.internal.ssl.keystore.location", false },
                { "password.encoder.secret", true }, /* not a property of 4.3 any more */
                { "config.providers.vault.param.token", true },
                { "confluent.metadata.API.KEY", true },
                { "sasl.oauthbearer.token.endpoint.url", false },
                { "sasl.oauthbearer.assertion.private.key.file", false },
                { "delegation.token.max.lifetime.ms", false },
                { "num.io.threads", false },
                { "log.dirs", false },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_schema_is_secret(version("4.3"), rows[i].name) != rows[i].secret)
                        fail_msg("%s", rows[i].name);
}

/* ---- Whole lists ---- */

static void test_check__says_what_is_wrong_and_what_to_do(void **state)
{
        static const struct {
                const char *version;
                const char *key;
                const char *value;
                const char *id;
                const char *message;
                const char *next;
        } rows[] = {
                { "4.3", "num.io.thread", "8", "unknown-property",
                  "'num.io.thread' is no property of Kafka 4.3; did you mean num.io.threads?", "write num.io.threads" },
                { "4.3", "prometheus.port", "8", "unknown-property", "'prometheus.port' is no property of Kafka 4.3",
                  "delete it, or list its prefix under kafka.allow when a plugin reads it" },
                { "4.3", "zookeeper.connect", "zk:2181", "removed-property",
                  "'zookeeper.connect' was removed in 4.0; KRaft needs controller.quorum.bootstrap.servers",
                  "KRaft needs controller.quorum.bootstrap.servers" },
                { "4.3", "port", "9092", "removed-property", "'port' was removed by 3.9; use listeners",
                  "use listeners" },
                { "4.3", "group.share.max.groups", "10", "removed-property",
                  "'group.share.max.groups' was removed in 4.1", "delete it" },
                { "0.10.2", "node.id", "0", "property-of-other-version",
                  "'node.id' is no property of Kafka 0.10.2.0 but of 3.9.2, 4.0.2, 4.1.2, 4.2.2, 4.3.1, 4.4.0",
                  "delete it, or run Kafka 3.9.2, 4.0.2, 4.1.2, 4.2.2, 4.3.1, 4.4.0" },
                { "4.3", "max.decompressed.message.bytes", "1", "property-of-other-version",
                  "'max.decompressed.message.bytes' is no property of Kafka 4.3.1 but of 4.2.2, 4.4.0",
                  "delete it, or run Kafka 4.2.2, 4.4.0" },
                { "4.3", "log.segment.bytes", "14", "bad-value", "'log.segment.bytes' is 14, must be at least 1048576",
                  "correct it, or leave it out for Kafka's default 1073741824" },
                { "4.3", "log.segment.bytes", "abc", "bad-value", "'log.segment.bytes' is 'abc', not a number",
                  "correct it, or leave it out for Kafka's default 1073741824" },
                { "4.3", "log.dirs", "", "bad-value", "'log.dirs' is '', must not be empty", "correct it" },
                { "4.3", "log.segment.bytes", "a\nb\x7f", "bad-value", "'log.segment.bytes' is 'a b ', not a number",
                  "correct it, or leave it out for Kafka's default 1073741824" },
                { "4.3", "listener.name.internal.ssl.client.auth", "yes", "bad-value",
                  "'listener.name.internal.ssl.client.auth' is 'yes', must be one of required, requested, none",
                  "correct it, or leave it out for Kafka's default none" },
                { "4.3", "listener.name.internal.ssl.keystore.locaton", "/x", "unknown-property",
                  "'listener.name.internal.ssl.keystore.locaton' is no property of Kafka 4.3; did you mean "
                  "listener.name.internal.ssl.keystore.location?",
                  "write listener.name.internal.ssl.keystore.location" },
                { "4.3", "listener.name.INTERNAL.ssl.client.auth", "none", "listener-in-capitals",
                  "'listener.name.INTERNAL.ssl.client.auth' is never read: Kafka looks for it in lower case",
                  "write the listener and the mechanism in lower case" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_findings findings = check(rows[i].version, rows[i].key, rows[i].value, NULL);

                if (findings.count != 1)
                        fail_msg("%s: %zu findings", rows[i].key, findings.count);
                assert_int_equal(findings.items[0].level, KT_LEVEL_ERROR);
                assert_string_equal(findings.items[0].id, rows[i].id);
                assert_string_equal(findings.items[0].message, rows[i].message);
                assert_string_equal(findings.items[0].next, rows[i].next);
                assert_string_equal(findings.items[0].key, rows[i].key);
                assert_string_equal(findings.items[0].value, rows[i].value);
                assert_string_equal(findings.items[0].source, "kafka.yaml:14:5");
                kt_findings_done(&findings);
        }
}

static void test_check__is_silent_about_what_is_right(void **state)
{
        static const struct {
                const char *version;
                const char *key;
                const char *value;
                const char *allow;
                const char *why;
        } rows[] = {
                { "4.3", "num.io.threads", "8", NULL, "known" },
                { "0.10.2", "zookeeper.connect", "zk:2181", NULL, "known to this version" },
                { "4.3", "super.users", "User:a", NULL, "open-ended" },
                { "4.3", "confluent.license", "x", "confluent.", "allowed prefix" },
                { "4.3", "zookeeper.connect", "x", "zookeeper.connect", "allowed by its whole name" },
                { "4.3", "listener.name.internal.ssl.engine.of.a.plugin", "x", NULL, "a plugin's own" },
                { "4.3", "listener.name.internal.ssl.keystore.password", "${env:PW}", NULL, "placeholder" },
        };

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_findings findings = check(rows[i].version, rows[i].key, rows[i].value, rows[i].allow);

                if (findings.count)
                        fail_msg("%s: %s", rows[i].why, findings.items[0].message);
                kt_findings_done(&findings);
        }
}

static void test_check__an_allowed_prefix_does_not_excuse_a_bad_value(void **state)
{
        struct kt_findings findings = check("4.3", "num.io.threads", "0", "num.");

        (void)state;
        assert_int_equal(findings.count, 1);
        kt_findings_done(&findings);
}

static void test_check__an_empty_prefix_allows_nothing(void **state)
{
        struct kt_findings findings = check("4.3", "nonsense", "0", "");

        (void)state;
        assert_int_equal(findings.count, 1);
        kt_findings_done(&findings);
}

static void test_check__never_shows_a_secret(void **state)
{
        struct kt_findings findings = check("4.3", "ssl.keystore.pasword", "hunter2", NULL);

        (void)state;
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.items[0].value, "[hidden]");
        assert_null(strstr(findings.items[0].message, "hunter2"));
        assert_null(strstr(findings.items[0].next, "hunter2"));
        kt_findings_done(&findings);
}

static void test_check__cuts_a_long_value_between_characters(void **state)
{
        char value[200];
        struct kt_findings findings;

        (void)state;
        memset(value, 'a', sizeof(value) - 1);
        memcpy(value + 79, "\xc3\xa4", 2); /* the character that byte 80 stands in */
        value[sizeof(value) - 1] = '\0';
        findings = check("4.3", "num.io.threads", value, NULL);
        assert_int_equal(findings.count, 1);
        assert_non_null(strstr(findings.items[0].message, "aaa...', not a number"));
        assert_null(strstr(findings.items[0].message, "\xc3"));
        kt_findings_done(&findings);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find__takes_the_row_of_the_version),
                cmocka_unit_test(test_find__gives_null_for_names_of_other_versions_and_of_none),
                cmocka_unit_test(test_find__knows_a_hole_in_the_middle),
                cmocka_unit_test(test_suggest__finds_the_nearest_public_name),
                cmocka_unit_test(test_is_open_ended__knows_what_no_config_def_lists),
                cmocka_unit_test(test_replacement__is_there_for_what_a_version_took_away),
                cmocka_unit_test(test_is_secret__by_type_by_listener_and_by_name),
                cmocka_unit_test(test_check__says_what_is_wrong_and_what_to_do),
                cmocka_unit_test(test_check__is_silent_about_what_is_right),
                cmocka_unit_test(test_check__an_allowed_prefix_does_not_excuse_a_bad_value),
                cmocka_unit_test(test_check__an_empty_prefix_allows_nothing),
                cmocka_unit_test(test_check__never_shows_a_secret),
                cmocka_unit_test(test_check__cuts_a_long_value_between_characters),
        };

        return TEST_MAIN(tests);
}
