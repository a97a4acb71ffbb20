/* SPDX-License-Identifier: Apache-2.0 */
/* Rules between properties: each by a list that breaks it alone, and lists that break none. */
#include "initc/checks.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/support.h"

enum { BOTH = KT_ROLE_BROKER | KT_ROLE_CONTROLLER, SET_MAX = 8 };

#define KRAFT                                                                                   \
        "process.roles=broker,controller", "node.id=0", "controller.listener.names=CONTROLLER", \
                "controller.quorum.bootstrap.servers=kafka-0:9094"
#define LISTENERS "listeners=A://:9093,CONTROLLER://:9094"
#define ZOOKEEPER "zookeeper.connect=zk:2181", "broker.id=0"

static void test_run__each_rule_alone(void **state)
{
        static const struct {
                unsigned roles;
                const char *set[SET_MAX];
                const char *id; /* "": nothing to say */
                enum kt_level level;
                const char *why;
        } rows[] = {
                { BOTH, { KRAFT, LISTENERS }, "", 0, "a node as usual" },
                { 0, { ZOOKEEPER }, "", 0, "ZooKeeper mode as usual" },
                { BOTH, { KRAFT, LISTENERS, "log.dirs=/a", "log.dir=/b" }, "log-dir-shadowed", KT_LEVEL_ERROR, "both" },
                { BOTH, { KRAFT, LISTENERS, "log.dir=/b" }, "", 0, "one" },
                { BOTH, { KRAFT, LISTENERS, "node.id=3" }, "node-id", KT_LEVEL_ERROR, "another pod's" },
                { 0, { ZOOKEEPER, "broker.id=3" }, "node-id", KT_LEVEL_ERROR, "another pod's" },
                { BOTH,
                  { KRAFT, LISTENERS, "process.roles=broker" },
                  "process-roles",
                  KT_LEVEL_ERROR,
                  "not the spec's" },
                { 0, { ZOOKEEPER, "process.roles=broker" }, "process-roles", KT_LEVEL_ERROR, "none in the spec" },
                { BOTH, { KRAFT, LISTENERS, "controller.quorum.voters=0@k:1" }, "quorum", KT_LEVEL_ERROR, "two ways" },
                { BOTH,
                  { KRAFT, LISTENERS, "controller.quorum.bootstrap.servers=", "controller.quorum.voters=0@k:1" },
                  "",
                  0,
                  "an empty value is none" },
                { BOTH,
                  { KRAFT, LISTENERS, "controller.quorum.bootstrap.servers=" },
                  "quorum",
                  KT_LEVEL_ERROR,
                  "no way to the controllers" },
                { 0, { "broker.id=0" }, "zookeeper-connect", KT_LEVEL_ERROR, "no way to ZooKeeper" },
                { BOTH,
                  { KRAFT, LISTENERS, "advertised.listeners=A://0.0.0.0:1" },
                  "advertised-listeners",
                  KT_LEVEL_ERROR,
                  "no address to connect to" },
                { BOTH,
                  { KRAFT, LISTENERS, "advertised.listeners=B://h:1" },
                  "advertised-listeners",
                  KT_LEVEL_ERROR,
                  "no such listener" },
                { BOTH,
                  { KRAFT, LISTENERS, "advertised.listeners=h:1" },
                  "advertised-listeners",
                  KT_LEVEL_ERROR,
                  "no listener at all" },
                { 0, { ZOOKEEPER, "listeners=h:1" }, "advertised-listeners", KT_LEVEL_ERROR, "no listener at all" },
                { BOTH, { KRAFT, LISTENERS, "advertised.listeners=a://h:1" }, "", 0, "names in any case" },
                { BOTH,
                  { KRAFT, "listeners=A://:9093" },
                  "controller-listener",
                  KT_LEVEL_ERROR,
                  "no listener for controllers" },
                { KT_ROLE_BROKER,
                  { KRAFT, LISTENERS, "process.roles=broker" },
                  "controller-listener",
                  KT_LEVEL_ERROR,
                  "a broker with the controllers' listener" },
                { KT_ROLE_CONTROLLER,
                  { KRAFT, LISTENERS, "process.roles=controller" },
                  "controller-listener",
                  KT_LEVEL_ERROR,
                  "a controller with a broker's listener" },
                { BOTH,
                  { KRAFT, LISTENERS, "inter.broker.listener.name=B" },
                  "inter-broker-listener",
                  KT_LEVEL_ERROR,
                  "no such listener" },
                { BOTH, { KRAFT, LISTENERS, "inter.broker.listener.name=a" }, "", 0, "names in any case" },
                { BOTH,
                  { KRAFT, LISTENERS, "unclean.leader.election.enable=true" },
                  "unclean-election",
                  KT_LEVEL_WARNING,
                  "can lose data" },
                { BOTH, { KRAFT, LISTENERS, "unclean.leader.election.enable=false" }, "", 0, "the default" },
                { BOTH,
                  { KRAFT, LISTENERS, "log.cleaner.threads=128" },
                  "cleaner-buffer",
                  KT_LEVEL_ERROR,
                  "128 MiB for 128 threads" },
                { BOTH, { KRAFT, LISTENERS, "log.cleaner.threads=127" }, "", 0, "just enough" },
                { BOTH, { KRAFT, LISTENERS, "log.cleaner.threads=0" }, "", 0, "no division by zero" },
                { BOTH,
                  { KRAFT, LISTENERS, "replica.fetch.wait.max.ms=30001" },
                  "relation",
                  KT_LEVEL_ERROR,
                  "above both of its bounds" },
                { BOTH,
                  { KRAFT, LISTENERS, "group.max.session.timeout.ms=5000" },
                  "relation",
                  KT_LEVEL_ERROR,
                  "below the default of the other" },
                { BOTH, { KRAFT, LISTENERS, "queued.max.request.bytes=-1" }, "", 0, "no limit" },
                { BOTH,
                  { KRAFT, LISTENERS, "queued.max.request.bytes=1000" },
                  "relation",
                  KT_LEVEL_ERROR,
                  "no request fits" },
        };
        const struct kt_identity identity = { .pod = "kafka-0", .set = "kafka" };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                char service[] = "hl";
                char file[] = "kafka.yaml";
                const struct kt_spec spec = { .file = file, .kafka = { .roles = rows[i].roles, .service = service } };
                const struct kt_compile in = { .spec = &spec,
                                               .version = kt_kafka_version_find(rows[i].roles ? "4.3" : "3.9"),
                                               .identity = &identity };
                KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };

                for (size_t k = 0; k < SET_MAX && rows[i].set[k]; k++) {
                        const char *equals = strchr(rows[i].set[k], '=');
                        char key[64];

                        (void)snprintf(key, sizeof(key), "%.*s", (int)(equals - rows[i].set[k]), rows[i].set[k]);
                        assert_int_equal(kt_properties_set(&list, key, equals + 1, "kafka.yaml:9:5"), 0);
                }
                kt_checks_run(&in, &list, &findings);
                if (rows[i].id[0] && findings.count == 0)
                        fail_msg("%s: no finding %s", rows[i].why, rows[i].id);
                for (size_t f = 0; f < findings.count; f++) {
                        if (strcmp(findings.items[f].id, rows[i].id) != 0 || findings.items[f].level != rows[i].level)
                                fail_msg("%s: %s: %s", rows[i].why, findings.items[f].id, findings.items[f].message);
                        assert_non_null(findings.items[f].source);
                }
        }
}

static void test_run__a_default_address_needs_a_service(void **state)
{
        static const struct {
                const char *service;
                const char *source;
                bool expect;
        } rows[] = {
                { NULL, KT_DEFAULT_SOURCE, true },
                { "hl", KT_DEFAULT_SOURCE, false },
                { NULL, "kafka.yaml:9:5", false },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_spec spec = { .kafka.service = (char *)rows[i].service };
                const struct kt_compile in = { .spec = &spec, .version = kt_kafka_version_find("3.9") };
                KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };

                assert_int_equal(kt_properties_set(&list, "zookeeper.connect", "zk:2181", NULL), 0);
                assert_int_equal(kt_properties_set(&list, "listeners", "A://:1", NULL), 0);
                assert_int_equal(kt_properties_set(&list, "advertised.listeners", "A://k:1", rows[i].source), 0);
                kt_checks_run(&in, &list, &findings);
                assert_int_equal(findings.count, rows[i].expect);
                if (rows[i].expect)
                        assert_string_equal(findings.items[0].id, "service");
        }
}

static void test_run__says_where_the_property_was_set(void **state)
{
        const struct kt_identity identity = { .pod = "kafka-0", .set = "kafka" };
        const struct kt_spec spec = { .kafka.roles = 0 };
        const struct kt_compile in = { .spec = &spec, .version = kt_kafka_version_find("3.9"), .identity = &identity };
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_properties_set(&list, "zookeeper.connect", "zk:2181", NULL), 0);
        assert_int_equal(kt_properties_set(&list, "broker.id", "5", "env KAFKA_BROKER_ID"), 0);
        kt_checks_run(&in, &list, &findings);
        assert_int_equal(findings.count, 1);
        assert_string_equal(findings.items[0].key, "broker.id");
        assert_string_equal(findings.items[0].value, "5");
        assert_string_equal(findings.items[0].source, "env KAFKA_BROKER_ID");
        assert_non_null(strstr(findings.items[0].message, "kafka-0"));
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run__each_rule_alone),
        cmocka_unit_test(test_run__a_default_address_needs_a_service),
        cmocka_unit_test(test_run__says_where_the_property_was_set),
};

int main(void)
{
        return TEST_MAIN(tests);
}
