/* SPDX-License-Identifier: Apache-2.0 */
/* Properties from the spec and from the environment, in every dialect. */
#include "initc/sources.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/support.h"

struct sources {
        struct kt_properties list;
        struct kt_findings findings;
};

static void sources_done(struct sources *sources)
{
        kt_properties_done(&sources->list);
        kt_findings_done(&sources->findings);
}

/* Adds one variable, or several (NULL-terminated). */
static int add(struct sources *sources, const char *const *env)
{
        return kt_sources_add_env((char *const *)env, &sources->list, &sources->findings);
}

static void test_add_env__empty_is_not_set(void **state)
{
        KT_AUTO(sources_done) struct sources got = { .list = { 0 } };
        const char *const env[] = { "KAFKA_BROKER_RACK=", NULL };

        (void)state; /* no tree needed */
        assert_int_equal(add(&got, env), 0);
        assert_int_equal(got.list.count, 0);
        assert_int_equal(got.findings.count, 1);
        assert_string_equal(got.findings.items[0].id, "env-empty");
        assert_int_equal(got.findings.items[0].level, KT_LEVEL_NOTE);
}

static void test_add_env__dialects(void **state)
{
        static const struct {
                const char *variable;
                const char *key; /* NULL: none, and no word about it */
                const char *value;
                const char *why;
        } rows[] = {
                { "KAFKA_NUM_IO_THREADS=8", "num.io.threads", "8", "one underscore is a dot" },
                { "KAFKA_LISTENER_NAME_A__B_SSL=x", "listener.name.a_b.ssl", "x", "two are an underscore" },
                { "KAFKA_CONFIG_MY___NAME=x", "config.my-name", "x", "three are a dash" },
                { "KAFKA_A_B__C___D=x", "a.b_c-d", "x", "all of them" },
                { "KAFKA_log_dirs=x", "log.dirs", "x", "lower case already" },
                { "KAFKA_LISTENERS=A://:1,B://h:2=3", "listeners", "A://:1,B://h:2=3", "only the first '=' counts" },
                { "KAFKA_CFG_NUM_IO_THREADS=8", "num.io.threads", "8", "Bitnami" },
                { "KAFKA_CFG_A__B=x", "a..b", "x", "Bitnami has no escapes" },
                { "KAFKA_CFG_A____B=x", "a....b", "x", "so four are four dots" },
                { "KAFKA_HEAP_OPTS=-Xmx1G", NULL, NULL, "the start scripts read it" },
                { "KAFKA_JVM_PERFORMANCE_OPTS=x", NULL, NULL, "the start scripts read it" },
                { "KAFKA_OPTS=x", NULL, NULL, "the start scripts read it" },
                { "KAFKA_LOG4J_OPTS=x", NULL, NULL, "the start scripts read it" },
                { "KAFKA_JMX_PORT=9999", NULL, NULL, "the start scripts read it" },
                { "KAFKA_HOME=/opt/kafka", NULL, NULL, "of the image" },
                { "KAFKA_VERSION=4.3.0", NULL, NULL, "of the image" },
                { "KAFKA_CLUSTER_ID=x", NULL, NULL, "of Confluent's image" },
                { "KAFKA_=x", NULL, NULL, "no name" },
                { "KAFKA_OPTS", NULL, NULL, "no '='" },
                { "KAFKAX_A=x", NULL, NULL, "another prefix" },
                { "MY_KAFKA_A=x", NULL, NULL, "the prefix is at the beginning" },
                { "PATH=/bin", NULL, NULL, "something else" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(sources_done) struct sources got = { .list = { 0 } };
                const char *const env[] = { rows[i].variable, NULL };

                assert_int_equal(add(&got, env), 0);
                if (got.findings.count > 0)
                        fail_msg("%s (%s): %s", rows[i].variable, rows[i].why, got.findings.items[0].message);
                if (!rows[i].key) {
                        if (got.list.count > 0)
                                fail_msg("%s (%s): %s", rows[i].variable, rows[i].why, got.list.items[0].key);
                        continue;
                }
                if (got.list.count != 1 || strcmp(got.list.items[0].key, rows[i].key) != 0 ||
                    strcmp(got.list.items[0].value, rows[i].value) != 0)
                        fail_msg("%s (%s)", rows[i].variable, rows[i].why);
        }
}

static void test_add_env__service_links(void **state)
{
        static const struct {
                const char *variable;
                bool is_link;
        } rows[] = {
                { "KAFKA_SERVICE_HOST=10.96.0.1", true },
                { "KAFKA_SERVICE_PORT=9092", true },
                { "KAFKA_SERVICE_PORT_CLIENTS=9092", true },
                { "KAFKA_PORT=tcp://10.96.0.1:9092", true },
                { "KAFKA_PORT=udp://10.96.0.1:9092", true },
                { "KAFKA_PORT=sctp://10.96.0.1:9092", true },
                { "KAFKA_PORT_9092_TCP=tcp://10.96.0.1:9092", true },
                { "KAFKA_PORT_9092_TCP_PROTO=tcp", true },
                { "KAFKA_PORT_9092_TCP_PORT=9092", true },
                { "KAFKA_PORT_9092_TCP_ADDR=10.96.0.1", true },
                { "KAFKA_PORT_9092_UDP_ADDR=10.96.0.1", true },
                { "KAFKA_PORT_9092_SCTP=sctp://10.96.0.1:9092", true },
                { "KAFKA_UI_SERVICE_HOST=10.96.0.2", true },
                { "KAFKA_UI_PORT_80_TCP_ADDR=10.96.0.2", true },
                { "KAFKA_PORT_X_PORT_80_TCP=tcp://10.96.0.2:80", true },
                { "KAFKA_PORT=9092", false },
                { "KAFKA_ADVERTISED_PORT=9092", false },
                { "KAFKA_PORT_NAME=x", false },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(sources_done) struct sources got = { .list = { 0 } };
                const char *const env[] = { rows[i].variable, NULL };

                assert_int_equal(add(&got, env), 0);
                if ((got.list.count == 0) != rows[i].is_link || (got.findings.count == 1) != rows[i].is_link)
                        fail_msg("%s", rows[i].variable);
                if (rows[i].is_link) {
                        assert_string_equal(got.findings.items[0].id, "env-service-link");
                        assert_int_equal(got.findings.items[0].level, KT_LEVEL_NOTE);
                }
        }
}

static void test_add_env__four_underscores_are_an_error(void **state)
{
        static const char *const env[] = { "KAFKA_A____B=x", "KAFKA_C_D=y", NULL };
        KT_AUTO(sources_done) struct sources got = { .list = { 0 } };

        (void)state; /* no tree needed */
        assert_int_equal(add(&got, env), 0);
        assert_int_equal(got.findings.count, 1);
        assert_string_equal(got.findings.items[0].id, "env-underscores");
        assert_string_equal(got.findings.items[0].source, "env KAFKA_A____B");
        assert_int_equal(got.findings.items[0].level, KT_LEVEL_ERROR);
        assert_string_equal(kt_properties_get(&got.list, "c.d"), "y");
}

static void test_add_env__two_names_of_one_property(void **state)
{
        static const struct {
                const char *env[3];
                bool is_clash;
        } rows[] = {
                { { "KAFKA_LOG_DIRS=/a", "KAFKA_CFG_LOG_DIRS=/b" }, true },
                { { "KAFKA_LOG_DIRS=/a", "KAFKA_CFG_LOG_DIRS=/a" }, false },
                { { "KAFKA_LOG_DIRS=/a", "KAFKA_CFG_LOG_DIR=/b" }, false },
                { { "KAFKA_LOG_DIRS=/a", "KAFKA_Log_Dirs=/b" }, true },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(sources_done) struct sources got = { .list = { 0 } };

                assert_int_equal(add(&got, rows[i].env), 0);
                assert_int_equal(kt_findings_count(&got.findings, KT_LEVEL_ERROR), rows[i].is_clash);
                if (!rows[i].is_clash)
                        continue;
                assert_string_equal(got.findings.items[0].id, "env-clash");
                assert_non_null(strstr(got.findings.items[0].message, "KAFKA_LOG_DIRS"));
        }
}

static void test_add_env__a_value_that_is_no_utf8(void **state)
{
        static const char *const env[] = { "KAFKA_A=\xff", NULL };
        KT_AUTO(sources_done) struct sources got = { .list = { 0 } };

        (void)state; /* no tree needed */
        assert_int_equal(add(&got, env), -EILSEQ);
}

static void test_add_spec__the_environment_wins_and_says_so(void **state)
{
        static const char text[] = "apiVersion: k8skafka/v1\n"
                                   "kafka:\n"
                                   "  version: \"3.9\"\n"
                                   "  properties:\n"
                                   "    num.io.threads: 8\n"
                                   "    log.dirs: [/a, /b]\n";
        static const char *const env[] = { "KAFKA_NUM_IO_THREADS=16", NULL };
        KT_AUTO(sources_done) struct sources got = { .list = { 0 } };
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_spec_parse("k.yaml", text, strlen(text), &spec, &got.findings, &e), 0);
        assert_int_equal(kt_sources_add_spec(&spec, &got.list), 0);
        assert_string_equal(kt_properties_find(&got.list, "num.io.threads")->source, "k.yaml:5:5");
        assert_string_equal(kt_properties_get(&got.list, "log.dirs"), "/a,/b");

        assert_int_equal(add(&got, env), 0);
        assert_string_equal(kt_properties_get(&got.list, "num.io.threads"), "16");
        assert_string_equal(kt_properties_find(&got.list, "num.io.threads")->source, "env KAFKA_NUM_IO_THREADS");
        assert_int_equal(kt_findings_count(&got.findings, KT_LEVEL_ERROR), 0);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_env__empty_is_not_set),
        cmocka_unit_test(test_add_env__dialects),
        cmocka_unit_test(test_add_env__service_links),
        cmocka_unit_test(test_add_env__four_underscores_are_an_error),
        cmocka_unit_test(test_add_env__two_names_of_one_property),
        cmocka_unit_test(test_add_env__a_value_that_is_no_utf8),
        cmocka_unit_test(test_add_spec__the_environment_wins_and_says_so),
};

int main(void)
{
        return TEST_MAIN(tests);
}
