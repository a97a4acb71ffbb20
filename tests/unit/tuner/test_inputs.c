/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs: kafka.yaml, or its defaults where there is none. */
#include "tuner/inputs.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

#include "lib/base/auto.h"

#define HEAD                        \
        "apiVersion: k8skafka/v1\n" \
        "kafka:\n"                  \
        "  version: \"4.3\"\n"      \
        "  roles: [broker]\n"       \
        "  clusterId: MkU3OEVBNTcwNTJENDM2Qg\n"

static int load(const struct test_tree *tree, const char *yaml, struct kt_inputs *ret, struct kt_err *e)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO_FREE char *path = test_path(tree, "kafka.yaml");

        if (yaml)
                test_write(tree, "kafka.yaml", yaml);
        return kt_inputs_load(path, ret, &findings, e);
}

static void test_load__schema_defaults_and_properties(void **state)
{
        KT_AUTO(kt_inputs_done) struct kt_inputs plain = { 0 };
        KT_AUTO(kt_inputs_done) struct kt_inputs small = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(load(*state, HEAD "workload: {partitions: 100, partitionSize: 4Gi}\n", &plain, &e), 0);
        assert_true(plain.has_file);
        assert_string_equal(plain.version->name, "4.3");
        assert_int_equal(plain.need.segments_planned, 400);
        assert_int_equal(plain.receive_buffer_bytes, 102400);
        assert_int_equal(plain.send_buffer_bytes, 102400);

        assert_int_equal(load(*state,
                              HEAD "  properties: {log.segment.bytes: 1073741823, replica.socket.receive.buffer.bytes: "
                                   "200000, socket.send.buffer.bytes: -1}\n"
                                   "workload: {partitions: 100, partitionSize: 4Gi}\n",
                              &small, &e),
                         0);
        assert_int_equal(small.need.segments_planned, 500);
        assert_int_equal(small.receive_buffer_bytes, 200000);
        assert_int_equal(small.send_buffer_bytes, 0);
}

static void test_load__listeners_count(void **state)
{
        KT_AUTO(kt_inputs_done) struct kt_inputs one = { 0 };
        KT_AUTO(kt_inputs_done) struct kt_inputs three = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(load(*state, HEAD, &one, &e), 0);
        assert_int_equal(load(*state, HEAD "  properties: {listeners: \"A://:1,B://:2,C://:3\"}\n", &three, &e), 0);
        assert_true(three.need.descriptors.total > one.need.descriptors.total);
}

static void test_load__a_named_file_has_to_be_there(void **state)
{
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(load(*state, NULL, &inputs, &e), -ENOENT);
        assert_non_null(strstr(e.text, "kafka.yaml"));
}

static void test_load__refuses_a_bad_file(void **state)
{
        KT_AUTO(kt_inputs_done) struct kt_inputs inputs = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(load(*state, "apiVersion: [\n", &inputs, &e), -EINVAL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_load__schema_defaults_and_properties, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__listeners_count, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__a_named_file_has_to_be_there, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__refuses_a_bad_file, test_tree_setup, test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
