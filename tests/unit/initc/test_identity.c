/* SPDX-License-Identifier: Apache-2.0 */
/* Who the pod is: names, ordinals, node ids and host names. */
#include "initc/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/support.h"

static int clear_environment(void **state)
{
        (void)state; /* the environment is the fixture */
        return unsetenv("POD_NAME") < 0 || unsetenv("HOSTNAME") < 0 || unsetenv("POD_NAMESPACE") < 0;
}

static void test_find__pod_names(void **state)
{
        static const struct {
                const char *pod;
                uint32_t base;
                const char *set; /* NULL: refused */
                int32_t node_id;
                const char *why;
        } rows[] = {
                { "kafka-0", 0, "kafka", 0, "the usual" },
                { "kafka-2", 0, "kafka", 2, "another ordinal" },
                { "my-kafka-12", 0, "my-kafka", 12, "only the last dash counts" },
                { "kafka-3", 100, "kafka", 103, "ids start elsewhere" },
                { "kafka-2147483647", 0, "kafka", INT32_MAX, "the largest" },
                { "kafka-0", INT32_MAX, "kafka", INT32_MAX, "the largest base" },
                { "kafka-1", INT32_MAX, NULL, 0, "base and ordinal together are too large" },
                { "kafka-2147483648", 0, NULL, 0, "the ordinal is too large" },
                { "kafka-99999999999999999999", 0, NULL, 0, "no number of 64 bits" },
                { "kafka", 0, NULL, 0, "no ordinal" },
                { "kafka-", 0, NULL, 0, "an empty ordinal" },
                { "-0", 0, NULL, 0, "an empty set" },
                { "kafka-x", 0, NULL, 0, "no number" },
                { "kafka-+1", 0, NULL, 0, "a sign" },
                { "kafka-7d9f8b6c5-x2x4z", 0, NULL, 0, "a Deployment's pod" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_spec spec = { .kafka.node_id_base = rows[i].base };
                struct kt_identity got = { .node_id = -7 };
                struct kt_err e = { 0 };
                int r = kt_identity_find(&spec, rows[i].pod, &got, &e);

                if (!rows[i].set) {
                        if (r != -EINVAL || e.code != -EINVAL || got.node_id != -7)
                                fail_msg("%s (%s) was taken", rows[i].pod, rows[i].why);
                        continue;
                }
                if (r != 0 || strcmp(got.pod, rows[i].pod) != 0 || strcmp(got.set, rows[i].set) != 0 ||
                    got.node_id != rows[i].node_id)
                        fail_msg("%s (%s): %s %d", rows[i].pod, rows[i].why, got.set, got.node_id);
        }
}

static void test_find__a_name_longer_than_any_host(void **state)
{
        const struct kt_spec spec = { .file = NULL };
        char pod[KT_HOST_NAME_MAX + 8];
        struct kt_identity got;

        (void)state; /* no tree needed */
        memset(pod, 'k', sizeof(pod));
        memcpy(pod + sizeof(pod) - 3, "-1", 3);
        assert_int_equal(kt_identity_find(&spec, pod, &got, NULL), -EINVAL);
}

static void test_find__the_first_source_that_is_set(void **state)
{
        static const struct {
                const char *given;
                const char *pod_name;
                const char *hostname;
                const char *expect;
        } rows[] = {
                { "flag-1", "env-2", "host-3", "flag-1" }, { NULL, "env-2", "host-3", "env-2" },
                { "", "env-2", "host-3", "env-2" },        { NULL, "", "host-3", "host-3" },
                { NULL, NULL, "host-3", "host-3" },
        };
        const struct kt_spec spec = { .file = NULL };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_identity got;

                assert_int_equal(clear_environment(state), 0);
                if (rows[i].pod_name)
                        assert_int_equal(setenv("POD_NAME", rows[i].pod_name, 1), 0);
                if (rows[i].hostname)
                        assert_int_equal(setenv("HOSTNAME", rows[i].hostname, 1), 0);
                assert_int_equal(kt_identity_find(&spec, rows[i].given, &got, NULL), 0);
                assert_string_equal(got.pod, rows[i].expect);
        }
}

static void test_find__domain(void **state)
{
        static const struct {
                const char *service;
                const char *namespace;
                const char *env;
                const char *expect; /* of pod 1, as pod 0 sees it */
                const char *why;
        } rows[] = {
                { NULL, NULL, NULL, "kafka-1", "neither" },
                { NULL, "ns", NULL, "kafka-1", "a namespace alone names nothing" },
                { "hl", NULL, NULL, "kafka-1.hl", "within the namespace" },
                { "hl", NULL, "", "kafka-1.hl", "an empty variable is none" },
                { "hl", NULL, "prod", "kafka-1.hl.prod.svc", "namespace of the environment" },
                { "hl", "ns", "prod", "kafka-1.hl.ns.svc", "the spec wins" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_spec spec = { .file = NULL };
                struct kt_identity got;
                char host[KT_HOST_NAME_MAX];

                assert_int_equal(clear_environment(state), 0);
                if (rows[i].env)
                        assert_int_equal(setenv("POD_NAMESPACE", rows[i].env, 1), 0);
                spec.kafka.service = (char *)rows[i].service;
                spec.kafka.namespace = (char *)rows[i].namespace;
                assert_int_equal(kt_identity_find(&spec, "kafka-0", &got, NULL), 0);
                if (strcmp(kt_identity_host(&got, 1, host, sizeof(host)), rows[i].expect) != 0)
                        fail_msg("%s: %s", rows[i].why, host);
        }
}

static void test_find__a_domain_longer_than_any_host(void **state)
{
        char service[] = "hl";
        struct kt_spec spec = { .kafka.service = service };
        char namespace[KT_HOST_NAME_MAX];
        struct kt_identity got;

        (void)state; /* no tree needed */
        memset(namespace, 'n', sizeof(namespace) - 1);
        namespace[sizeof(namespace) - 1] = '\0';
        spec.kafka.namespace = namespace;
        assert_int_equal(kt_identity_find(&spec, "kafka-0", &got, NULL), -EINVAL);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_find__pod_names, clear_environment, clear_environment),
        cmocka_unit_test_setup_teardown(test_find__a_name_longer_than_any_host, clear_environment, clear_environment),
        cmocka_unit_test_setup_teardown(test_find__the_first_source_that_is_set, clear_environment, clear_environment),
        cmocka_unit_test_setup_teardown(test_find__domain, clear_environment, clear_environment),
        cmocka_unit_test_setup_teardown(test_find__a_domain_longer_than_any_host, clear_environment, clear_environment),
};

int main(void)
{
        return TEST_MAIN(tests);
}
