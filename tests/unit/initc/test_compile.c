/* SPDX-License-Identifier: Apache-2.0 */
/* server.properties: each of our defaults, and that the user's word stands. */
#include "initc/compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

enum { BOTH = KT_ROLE_BROKER | KT_ROLE_CONTROLLER };

/* What a row of properties looks like: "key=value" texts. */
#define SET_MAX 4

static void set_all(struct kt_properties *list, const char *const *set)
{
        for (size_t i = 0; i < SET_MAX && set[i]; i++) {
                char key[64];
                const char *equals = strchr(set[i], '=');

                (void)snprintf(key, sizeof(key), "%.*s", (int)(equals - set[i]), set[i]); /* short */
                assert_int_equal(kt_properties_set(list, key, equals + 1, "kafka.yaml:1:1"), 0);
        }
}

static void test_compile__defaults(void **state)
{
        static const struct {
                const char *version;
                unsigned roles;
                uint32_t ordinal;
                const char *set[SET_MAX];
                const char *key;
                const char *expect; /* NULL: not set */
                const char *why;
        } rows[] = {
                { "4.3", BOTH, 2, { NULL }, "node.id", "2", "KRaft" },
                { "4.3", BOTH, 2, { NULL }, "broker.id", NULL, "not in KRaft" },
                { "3.9", 0, 2, { NULL }, "broker.id", "2", "ZooKeeper mode" },
                { "3.9", 0, 2, { NULL }, "node.id", NULL, "not in ZooKeeper mode" },
                { "0.10.2", 0, 2, { NULL }, "broker.id", "2", "the oldest" },
                { "4.3", BOTH, 0, { "node.id=7" }, "node.id", "7", "the user's, to be refused" },
                { "4.3", BOTH, 0, { NULL }, "process.roles", "broker,controller", "both" },
                { "4.3", KT_ROLE_BROKER, 0, { NULL }, "process.roles", "broker", "broker" },
                { "4.3", KT_ROLE_CONTROLLER, 0, { NULL }, "process.roles", "controller", "controller" },
                { "3.9", 0, 0, { NULL }, "process.roles", NULL, "ZooKeeper mode" },
                { "4.3", BOTH, 0, { NULL }, "log.dirs", "/data-0/a,/data-1/b", "all of the layout" },
                { "4.3", BOTH, 0, { "log.dirs=/data-0/x" }, "log.dirs", "/data-0/x", "the user's" },
                { "4.3", BOTH, 0, { NULL }, "controller.listener.names", "CONTROLLER", "KRaft" },
                { "3.9", 0, 0, { NULL }, "controller.listener.names", NULL, "ZooKeeper mode" },
                { "4.3", BOTH, 0, { "controller.listener.names=C" }, "controller.listener.names", "C", "the user's" },
                { "4.3", BOTH, 0, { NULL }, "listeners", "PLAINTEXT://:9093,CONTROLLER://:9094", "both" },
                { "4.3", KT_ROLE_BROKER, 0, { NULL }, "listeners", "PLAINTEXT://:9093", "broker" },
                { "4.3", KT_ROLE_CONTROLLER, 0, { NULL }, "listeners", "CONTROLLER://:9094", "controller" },
                { "3.9", 0, 0, { NULL }, "listeners", "PLAINTEXT://:9093", "ZooKeeper mode" },
                { "4.3",
                  BOTH,
                  0,
                  { "inter.broker.listener.name=IN", "controller.listener.names=C,D" },
                  "listeners",
                  "IN://:9093,C://:9094",
                  "names of the user's" },
                { "4.3",
                  BOTH,
                  0,
                  { "listeners=A://:1,CONTROLLER://:2" },
                  "listeners",
                  "A://:1,CONTROLLER://:2",
                  "the user's" },
                { "4.3",
                  BOTH,
                  1,
                  { NULL },
                  "advertised.listeners",
                  "PLAINTEXT://kafka-1.hl.ns.svc:9093,CONTROLLER://kafka-1.hl.ns.svc:9094",
                  "the pod's own name" },
                { "4.3",
                  BOTH,
                  1,
                  { "listeners=A://0.0.0.0:1,CONTROLLER://[2001:db8::1]:2" },
                  "advertised.listeners",
                  "A://kafka-1.hl.ns.svc:1,CONTROLLER://[2001:db8::1]:2",
                  "an address stays, with its brackets" },
                { "4.3",
                  KT_ROLE_BROKER,
                  1,
                  { "listeners=A://h:1" },
                  "advertised.listeners",
                  NULL,
                  "can be told as it is" },
                { "4.3",
                  KT_ROLE_BROKER,
                  1,
                  { "listeners=nonsense" },
                  "advertised.listeners",
                  NULL,
                  "no listener, reported elsewhere" },
                { "4.3", BOTH, 1, { "advertised.listeners=A://h:1" }, "advertised.listeners", "A://h:1", "the user's" },
                { "4.3",
                  BOTH,
                  2,
                  { NULL },
                  "controller.quorum.bootstrap.servers",
                  "kafka-0.hl.ns.svc:9094",
                  "the first pod of the set" },
                { "4.3",
                  BOTH,
                  0,
                  { NULL },
                  "controller.quorum.bootstrap.servers",
                  "kafka-0.hl.ns.svc:9094",
                  "the first pod itself" },
                { "4.3",
                  BOTH,
                  2,
                  { "listeners=A://:1,CONTROLLER://:7" },
                  "controller.quorum.bootstrap.servers",
                  "kafka-0.hl.ns.svc:7",
                  "the port of our own controller" },
                { "4.3",
                  BOTH,
                  0,
                  { "listeners=A://:1,CONTROLLER://[2001:db8::1]:7" },
                  "controller.quorum.bootstrap.servers",
                  "[2001:db8::1]:7",
                  "the address of the first pod" },
                { "4.3",
                  BOTH,
                  0,
                  { "advertised.listeners=CONTROLLER://c:8" },
                  "controller.quorum.bootstrap.servers",
                  "c:8",
                  "as others reach it" },
                { "4.3",
                  BOTH,
                  0,
                  { "controller.quorum.voters=0@c:8" },
                  "controller.quorum.bootstrap.servers",
                  NULL,
                  "a static quorum" },
                { "4.3",
                  KT_ROLE_BROKER,
                  0,
                  { NULL },
                  "controller.quorum.bootstrap.servers",
                  NULL,
                  "the controllers are in another set" },
                { "3.9", 0, 0, { NULL }, "controller.quorum.bootstrap.servers", NULL, "ZooKeeper mode" },
        };
        char path_a[] = "/data-0/a";
        char path_b[] = "/data-1/b";
        struct kt_layout_dir dirs[] = { { .path = path_a }, { .path = path_b } };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_spec spec = { .kafka = { .roles = rows[i].roles, .controllers = 1 } };
                const struct kt_identity identity = { .pod = "kafka",
                                                      .set = "kafka",
                                                      .ordinal = rows[i].ordinal,
                                                      .node_id = (int32_t)rows[i].ordinal,
                                                      .domain = ".hl.ns.svc" };
                const struct kt_layout layout = { .items = dirs, .count = 2 };
                const struct kt_compile in = { .spec = &spec,
                                               .version = kt_kafka_version_find(rows[i].version),
                                               .identity = &identity,
                                               .layout = &layout };
                KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                const char *got;
                int r;

                set_all(&list, rows[i].set);
                r = kt_compile(&in, &list, &findings, NULL);
                assert_int_equal(r, kt_findings_count(&findings, KT_LEVEL_ERROR) > 0 ? -EINVAL : 0);
                got = kt_properties_get(&list, rows[i].key);
                if (!got != !rows[i].expect || (got && strcmp(got, rows[i].expect) != 0))
                        fail_msg("%s (%s): %s", rows[i].key, rows[i].why, got ? got : "not set");
        }
}

static void test_compile__each_default_has_a_row_above(void **state)
{
        static const char *const tested[] = { "node.id",
                                              "broker.id",
                                              "process.roles",
                                              "log.dirs",
                                              "controller.listener.names",
                                              "listeners",
                                              "advertised.listeners",
                                              "controller.quorum.bootstrap.servers" };

        (void)state; /* no tree needed */
        assert_int_equal(kt_default_count, KT_COUNT(tested));
        for (size_t i = 0; i < kt_default_count; i++) {
                assert_string_equal(kt_defaults[i].key, tested[i]);
                assert_true(kt_defaults[i].when[0] && kt_defaults[i].reason[0]);
        }
}

static void test_compile__the_usual_node_has_nothing_to_complain_of(void **state)
{
        static const struct {
                const char *version;
                unsigned roles;
                const char *set[SET_MAX];
        } rows[] = {
                { "4.4", BOTH, { NULL } },
                { "4.3", BOTH, { "num.io.threads=8" } },
                { "4.0", KT_ROLE_CONTROLLER, { NULL } },
                { "3.9", KT_ROLE_BROKER, { "controller.quorum.bootstrap.servers=c-0.c:9094" } },
                { "3.9", 0, { "zookeeper.connect=zk:2181" } },
                { "0.10.2", 0, { "zookeeper.connect=zk:2181", "unclean.leader.election.enable=false" } },
        };
        char service[] = "hl";
        char path[] = "/data/a";
        struct kt_layout_dir dirs[] = { { .path = path } };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_spec spec = { .kafka = { .roles = rows[i].roles, .controllers = 1, .service = service } };
                const struct kt_identity identity = { .pod = "kafka-0", .set = "kafka", .domain = ".hl" };
                const struct kt_layout layout = { .items = dirs, .count = 1 };
                const struct kt_compile in = { .spec = &spec,
                                               .version = kt_kafka_version_find(rows[i].version),
                                               .identity = &identity,
                                               .layout = &layout };
                KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                struct kt_err e = { 0 };

                set_all(&list, rows[i].set);
                if (kt_compile(&in, &list, &findings, &e) != 0 || findings.count > 0)
                        fail_msg("%s: %s", rows[i].version, findings.count ? findings.items[0].message : e.text);
                for (size_t p = 0; p < list.count; p++)
                        assert_non_null(list.items[p].source);
        }
}

static void test_compile__a_file_without_a_pod_gets_no_defaults(void **state)
{
        const struct kt_spec spec = { .kafka = { .roles = BOTH, .controllers = 1 } };
        const struct kt_compile in = { .spec = &spec, .version = kt_kafka_version_find("4.3") };
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_properties_set(&list, "num.io.thread", "8", "f:1"), 0);
        assert_int_equal(kt_compile(&in, &list, &findings, NULL), -EINVAL);
        assert_int_equal(list.count, 1);
        assert_true(findings.count > 0);
}

static void test_config_controller__as_others_reach_it(void **state)
{
        static const struct {
                const char *set[SET_MAX];
                const char *host; /* NULL: there is none */
                unsigned port;
                const char *why;
        } rows[] = {
                { { "controller.listener.names=C", "listeners=A://:1,C://:2" }, "kafka-0.hl", 2, "every address" },
                { { "controller.listener.names=C", "listeners=A://:1,C://h:2" }, "h", 2, "its address" },
                { { "controller.listener.names=C", "listeners=C://:2", "advertised.listeners=C://adv:3" },
                  "adv",
                  3,
                  "what is advertised wins" },
                { { "controller.listener.names=C", "listeners=A://:1,C://0.0.0.0:2", "advertised.listeners=A://a:1" },
                  "kafka-0.hl",
                  2,
                  "advertised without the controller" },
                { { "controller.listener.names=X", "listeners=C://:2" }, NULL, 0, "another name" },
                { { "controller.listener.names=C", "listeners=nonsense" }, NULL, 0, "no listener" },
        };
        const struct kt_spec spec = { .kafka = { .roles = BOTH, .controllers = 1 } };
        const struct kt_identity identity = { .pod = "kafka-0", .set = "kafka", .domain = ".hl" };
        const struct kt_compile in = { .spec = &spec, .version = kt_kafka_version_find("4.3"), .identity = &identity };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
                struct kt_listener got;
                bool has;

                set_all(&list, rows[i].set);
                has = kt_config_controller(&in, &list, &got);
                if (has != (rows[i].host != NULL) ||
                    (has && (strcmp(got.host, rows[i].host) != 0 || got.port != rows[i].port)))
                        fail_msg("%s: %s", rows[i].why, has ? got.host : "none");
        }
}

static void test_config_value__the_property_the_default_or_nothing(void **state)
{
        const struct kt_kafka_version *version = kt_kafka_version_find("4.3");
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };

        (void)state; /* no tree needed */
        assert_string_equal(kt_config_value(version, &list, "num.network.threads"), "3");
        assert_int_equal(kt_config_count(version, &list, "num.network.threads", 9), 3);
        assert_string_equal(kt_config_value(version, &list, "no.such.key"), "");
        assert_int_equal(kt_config_count(version, &list, "no.such.key", 9), 9);
        assert_int_equal(kt_properties_set(&list, "num.network.threads", "5", NULL), 0);
        assert_int_equal(kt_config_count(version, &list, "num.network.threads", 9), 5);
        assert_int_equal(kt_properties_set(&list, "num.network.threads", "-1", NULL), 0);
        assert_int_equal(kt_config_count(version, &list, "num.network.threads", 9), 9);
}

/* docs/defaults.md promises that it lists them all; run from the top of the tree, as make does. */
static void test_defaults__are_in_the_reference(void **state)
{
        KT_AUTO_FILE FILE *file = fopen("docs/defaults.md", "re");
        KT_AUTO_FREE char *text = calloc(1, 65536);
        size_t rows = 0;

        (void)state; /* no fixture */
        assert_non_null(text);
        if (!file) {
                print_message("docs/defaults.md is not here: run this from the top of the tree\n");
                skip();
        }
        assert_true(fread(text, 1, 65535, file) < 65535);

        for (size_t i = 0; i < kt_default_count; i++) {
                const struct kt_default *row = &kt_defaults[i];
                KT_AUTO_FREE char *line = kt_str_make("\n| `%s` | %s | %s |\n", row->key, row->when, row->reason);

                assert_non_null(line);
                if (!strstr(text, line))
                        fail_msg("docs/defaults.md lacks:%s", line);
        }
        for (const char *at = strstr(text, "\n| `"); at; at = strstr(at + 1, "\n| `"))
                rows++;
        assert_int_equal(rows, kt_default_count);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults__are_in_the_reference),
        cmocka_unit_test(test_compile__defaults),
        cmocka_unit_test(test_compile__each_default_has_a_row_above),
        cmocka_unit_test(test_compile__the_usual_node_has_nothing_to_complain_of),
        cmocka_unit_test(test_compile__a_file_without_a_pod_gets_no_defaults),
        cmocka_unit_test(test_config_controller__as_others_reach_it),
        cmocka_unit_test(test_config_value__the_property_the_default_or_nothing),
};

int main(void)
{
        return TEST_MAIN(tests);
}
