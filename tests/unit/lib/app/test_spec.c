/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.yaml: every key read, every problem found with its place, and the reference true to the table. */
#include "lib/app/spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/app/yaml.h"
#include "lib/text/str.h"
#include "tests/unit/support.h"

static const char full[] = "apiVersion: k8skafka/v1\n"
                           "kafka:\n"
                           "  version: 4.3\n"
                           "  roles: [broker, controller]\n"
                           "  clusterId: MkU3OEVBNTcwNTJENDM2Qg\n"
                           "  nodeId: {base: 100}\n"
                           "  service: kafka\n"
                           "  namespace: prod-1\n"
                           "  heap: 4Gi\n"
                           "  properties:\n"
                           "    num.io.threads: 8\n"
                           "    log.dirs: [/a, /b]\n"
                           "    empty: \"\"\n"
                           "  allow: [confluent., cruise.]\n"
                           "storage:\n"
                           "  owner: \"1001:0\"\n"
                           "  volumes: [/data-0, /data-00]\n"
                           "  format: never\n"
                           "  ephemeral: allow\n"
                           "  sustainedRate: 45M\n"
                           "workload:\n"
                           "  partitions: 2000\n"
                           "  partitionSize: 10Gi\n"
                           "  connections: 5000\n"
                           "  writeRate: 60M\n"
                           "  bufferTime: 1m\n"
                           "  classpathJars: 7\n"
                           "limits: {onShortfall: warn, waitForAgent: 30s}\n"
                           "tuning:\n"
                           "  profile: small\n"
                           "  tunables:\n"
                           "    vm.swappiness: {policy: check, want: 1}\n"
                           "    fs.file-max: {}\n";

static void test_parse__reads_every_key(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        (void)state;

        assert_int_equal(kt_spec_parse("f", full, strlen(full), &spec, &findings, NULL), 0);

        assert_int_equal(findings.count, 0);
        assert_string_equal(spec.file, "f");
        assert_string_equal(spec.kafka.version, "4.3");
        assert_int_equal(spec.kafka.roles, KT_ROLE_BROKER | KT_ROLE_CONTROLLER);
        assert_string_equal(spec.kafka.cluster_id, "MkU3OEVBNTcwNTJENDM2Qg");
        assert_int_equal(spec.kafka.node_id_base, 100);
        assert_string_equal(spec.kafka.service, "kafka");
        assert_string_equal(spec.kafka.namespace, "prod-1");
        assert_int_equal(spec.kafka.heap_bytes, 4ULL << 30);
        assert_int_equal(spec.kafka.allow.count, 2);
        assert_string_equal(spec.kafka.allow.items[1], "cruise.");
        assert_int_equal(spec.storage.uid, 1001);
        assert_int_equal(spec.storage.gid, 0);
        assert_int_equal(spec.storage.volumes.count, 2);
        assert_string_equal(spec.storage.volumes.items[1], "/data-00");
        assert_int_equal(spec.storage.format, KT_FORMAT_NEVER);
        assert_true(spec.storage.ephemeral);
        assert_int_equal(spec.storage.sustained_rate_bytes, 45000000);
        assert_int_equal(spec.workload.partitions, 2000);
        assert_int_equal(spec.workload.partition_size_bytes, 10ULL << 30);
        assert_int_equal(spec.workload.connections, 5000);
        assert_int_equal(spec.workload.write_rate_bytes, 60000000);
        assert_int_equal(spec.workload.buffer_time_ms, 60000);
        assert_int_equal(spec.workload.classpath_jars, 7);
        assert_int_equal(spec.limits.on_shortfall, KT_SHORTFALL_WARN);
        assert_int_equal(spec.limits.wait_for_agent_ms, 30000);
        assert_string_equal(spec.tuning.profile, "small");
}

static void test_parse__keeps_properties_and_tunables_in_order(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        const struct kt_spec_pair *pairs;
        (void)state;

        assert_int_equal(kt_spec_parse("f", full, strlen(full), &spec, &findings, NULL), 0);

        pairs = spec.kafka.properties.items;
        assert_int_equal(spec.kafka.properties.count, 3);
        assert_string_equal(pairs[0].key, "num.io.threads");
        assert_string_equal(pairs[0].value, "8");
        assert_int_equal(pairs[0].line, 11);
        assert_int_equal(pairs[0].column, 5);
        assert_string_equal(pairs[1].value, "/a,/b");
        assert_string_equal(pairs[2].value, "");
        assert_int_equal(spec.tuning.tunable_count, 2);
        assert_string_equal(spec.tuning.tunables[0].id, "vm.swappiness");
        assert_int_equal(spec.tuning.tunables[0].policy, KT_POLICY_CHECK);
        assert_string_equal(spec.tuning.tunables[0].want, "1");
        assert_int_equal(spec.tuning.tunables[0].line, 32);
        assert_int_equal(spec.tuning.tunables[1].policy, KT_POLICY_APPLY);
        assert_null(spec.tuning.tunables[1].want);
}

static void assert_is_default(const struct kt_spec *spec)
{
        assert_int_equal(spec->kafka.node_id_base, 0);
        assert_null(spec->kafka.cluster_id);
        assert_int_equal(spec->kafka.heap_bytes, 0);
        assert_int_equal(spec->storage.uid, 1000);
        assert_int_equal(spec->storage.gid, 1000);
        assert_int_equal(spec->storage.format, KT_FORMAT_FIRST_BOOT);
        assert_false(spec->storage.ephemeral);
        assert_int_equal(spec->storage.sustained_rate_bytes, 0);
        assert_int_equal(spec->workload.partitions, 1000);
        assert_int_equal(spec->workload.partition_size_bytes, 1 << 30);
        assert_int_equal(spec->workload.connections, 1000);
        assert_int_equal(spec->workload.write_rate_bytes, 10000000);
        assert_int_equal(spec->workload.buffer_time_ms, 30000);
        assert_int_equal(spec->workload.classpath_jars, 150);
        assert_int_equal(spec->limits.on_shortfall, KT_SHORTFALL_REFUSE);
        assert_int_equal(spec->limits.wait_for_agent_ms, 0);
        assert_string_equal(spec->tuning.profile, "kafka");
}

static void test_default__without_a_file(void **state)
{
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        (void)state;

        assert_int_equal(kt_spec_default(&spec), 0);
        assert_is_default(&spec);
        assert_null(spec.file);
        assert_null(spec.kafka.version);
}

#define ZK    "apiVersion: k8skafka/v1\nkafka:\n  version: 3.9\n"
#define KRAFT "apiVersion: k8skafka/v1\nkafka:\n  version: 4.3\n  roles: [broker]\n  clusterId: abc\n"

static void test_parse__takes(void **state)
{
        static const struct {
                const char *text;
                const char *why;
        } rows[] = {
                { ZK, "the least: everything else is default" },
                { KRAFT, "the least of KRaft" },
                { ZK "storage:\nworkload: ~\ntuning: {}\n", "empty sections" },
                { ZK "  properties:\ntuning:\n  tunables:\n", "empty maps" },
                { ZK "  allow: []\nstorage: {volumes: []}\n", "empty lists" },
                { ZK "  nodeId: {base: 2147483647}\n", "the largest node id" },
                { ZK "workload: {bufferTime: 0, connections: 0, writeRate: 0}\n", "nothing at all" },
                { ZK "storage: {volumes: [/a/b, /a/bc, /a/.b, /a/..b]}\n", "paths that only look alike" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                KT_AUTO(kt_spec_done) struct kt_spec spec;

                if (kt_spec_parse("f", rows[i].text, strlen(rows[i].text), &spec, &findings, NULL) < 0)
                        fail_msg("%s: %s: %s", rows[i].why, findings.items[0].source, findings.items[0].message);
        }
}

static void test_parse__leaves_defaults(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        (void)state;

        assert_int_equal(kt_spec_parse("f", ZK, strlen(ZK), &spec, &findings, NULL), 0);
        assert_is_default(&spec);
        assert_int_equal(spec.kafka.roles, 0);
}

#define LONG_ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_parse__finds_problems(void **state)
{
        static const struct {
                const char *text;
                const char *id;
                const char *source;
                const char *message;
        } rows[] = {
                { "a: [\n", "syntax", "f:2:1", "did not find expected node content while parsing a flow node" },
                { "- a\n", "wrong-type", "f:1:1", "the file is a list; expected: map" },
                { ZK "a: &x 1\n", "syntax", "f:4:4", "anchors and tags are not supported" },
                { "kafka:\n  version: 3.9\n", "missing-key", "f:1:1",
                  "'apiVersion' is missing: form of this file: k8skafka/v1" },
                { "apiVersion: k8skafka/v2\nkafka: {version: 3.9}\n", "bad-value", "f:1:13",
                  "apiVersion 'k8skafka/v2' is not known; this program knows: k8skafka/v1" },
                { "apiVersion: k8skafka/v1\nkafka:\n  service: a\n", "missing-key", "f:3:3",
                  "'kafka.version' is missing: minor or patch release of Kafka; decides the known properties and the formats on disk" },
                { ZK "  clusterID: a\n", "unknown-key", "f:4:3",
                  "unknown key 'kafka.clusterID'; did you mean clusterId?" },
                { ZK "owner: a\n", "unknown-key", "f:4:1", "unknown key 'owner'; did you mean storage.owner?" },
                { ZK "storage: {zzzz: a}\n", "unknown-key", "f:4:11",
                  "unknown key 'storage.zzzz'; known here: owner, volumes, format, ephemeral, sustainedRate" },
                { ZK "  zzzzzz: a\n", "unknown-key", "f:4:3", "unknown key 'kafka.zzzzzz'" },
                { ZK "storage: 1\n", "wrong-type", "f:4:10", "'storage' is a text; expected: map" },
                { ZK "  nodeId: 1\n", "wrong-type", "f:4:11", "'kafka.nodeId' is a text; expected: map" },
                { ZK "  heap:\n", "no-value", "f:4:8", "'kafka.heap' has no value; expected: size" },
                { ZK "  heap: [1]\n", "wrong-type", "f:4:9", "'kafka.heap' is a list; expected: size" },
                { ZK "  heap: 4GB\n", "wrong-type", "f:4:9", "'kafka.heap' is '4GB', no size" },
                { ZK "  heap: 1k\n", "out-of-range", "f:4:9", "'kafka.heap' is 1k; it has to be 1.0 MiB to 16.0 TiB" },
                { ZK "  nodeId: {base: \"1\"}\n", "wrong-type", "f:4:18",
                  "'kafka.nodeId.base' is '1', no whole number: write it without quotes" },
                { ZK "  nodeId: {base: -1}\n", "wrong-type", "f:4:18", "'kafka.nodeId.base' is '-1', no whole number" },
                { ZK "  nodeId: {base: 2147483648}\n", "out-of-range", "f:4:18",
                  "'kafka.nodeId.base' is 2147483648; it has to be 0..2147483647" },
                { ZK "workload: {partitions: 0}\n", "out-of-range", "f:4:24",
                  "'workload.partitions' is 0; it has to be 1..1000000" },
                { ZK "workload: {bufferTime: 25h}\n", "out-of-range", "f:4:24",
                  "'workload.bufferTime' is 25h; it has to be 0 to 86400 seconds" },
                { ZK "workload: {bufferTime: 30}\n", "wrong-type", "f:4:24",
                  "'workload.bufferTime' is '30', no duration" },
                { ZK "  service: Kafka\n", "bad-value", "f:4:12",
                  "'kafka.service' is 'Kafka', no name for Kubernetes: 1 to 63 of a-z, 0-9 and '-', a letter or digit at both ends" },
                { ZK "  properties: 1\n", "wrong-type", "f:4:15",
                  "'kafka.properties' is a text; expected: map of properties" },
                { ZK "  properties: {a: }\n", "no-value", "f:4:19", "property 'a' has no value" },
                { ZK "  properties: {a: {b: 1}}\n", "wrong-type", "f:4:19",
                  "property 'a' is a map; properties are not nested" },
                { ZK "  properties: {a: [b, ~]}\n", "wrong-type", "f:4:23",
                  "an entry of property 'a' is nothing; expected: text" },
                { ZK "  allow: a\n", "wrong-type", "f:4:10", "'kafka.allow' is a text; expected: list of texts" },
                { ZK "  allow: ['']\n", "wrong-type", "f:4:11",
                  "an entry of 'kafka.allow' is empty; expected: list of texts" },
                { "apiVersion: k8skafka/v1\nkafka: {version: 9.9}\n", "bad-value", "f:2:18",
                  "Kafka '9.9' is not known; known are: 0.10.2, 3.9, 4.0, 4.1, 4.2, 4.3, 4.4" },
                { "apiVersion: k8skafka/v1\nkafka: {version: 4.3}\n", "missing-key", "f:2:8",
                  "Kafka 4.3 has no ZooKeeper mode, and without kafka.roles that is what was asked for" },
                { "apiVersion: k8skafka/v1\nkafka: {version: 4.3, roles: [broker]}\n", "missing-key", "f:2:8",
                  "'kafka.clusterId' is missing: KRaft storage is formatted with it" },
                { "apiVersion: k8skafka/v1\nkafka: {version: 0.10.2, roles: [broker]}\n", "conflict", "f:2:8",
                  "Kafka 0.10.2 knows no roles: it runs with ZooKeeper only" },
                { ZK "  clusterId: a\n  roles: []\n", "no-value", "f:5:10", "'kafka.roles' is an empty list" },
                { ZK "  clusterId: a\n  roles: [broker, broker]\n", "bad-value", "f:5:19",
                  "role 'broker' is there twice" },
                { ZK "  clusterId: a\n  roles: [brokr]\n", "bad-value", "f:5:11",
                  "'kafka.roles' is 'brokr', none of: broker, controller; did you mean broker?" },
                { ZK "  clusterId: ''\n", "bad-value", "f:4:14", "'kafka.clusterId' is empty" },
                { ZK "  clusterId: a b\n", "bad-value", "f:4:14",
                  "'kafka.clusterId' holds more than visible ASCII characters" },
                { ZK "  clusterId: -abc\n", "bad-value", "f:4:14",
                  "'kafka.clusterId' starts with '-', which the options of kafka-storage cannot take (KAFKA-15754)" },
                { ZK "  clusterId: " LONG_ID LONG_ID LONG_ID LONG_ID "\n", "bad-value", "f:4:14",
                  "'kafka.clusterId' is longer than 255 bytes" },
                { ZK "storage: {owner: kafka}\n", "bad-value", "f:4:18", "'storage.owner' is 'kafka', no UID:GID" },
                { ZK "storage: {owner: 1000:4294967295}\n", "bad-value", "f:4:18",
                  "'storage.owner' is '1000:4294967295', no UID:GID" },
                { ZK "storage: {owner: 0:1000}\n", "bad-value", "f:4:18",
                  "'storage.owner' gives the volumes to root, and a broker that is root is what this is here to avoid" },
                { ZK "storage: {volumes: [a]}\n", "bad-value", "f:4:21", "volume 'a' is not absolute" },
                { ZK "storage: {volumes: [/]}\n", "bad-value", "f:4:21", "volume '/' is the root of the filesystem" },
                { ZK "storage: {volumes: [/a/]}\n", "bad-value", "f:4:21",
                  "volume '/a/' has an empty part ('//', or '/' at its end)" },
                { ZK "storage: {volumes: [//a]}\n", "bad-value", "f:4:21",
                  "volume '//a' has an empty part ('//', or '/' at its end)" },
                { ZK "storage: {volumes: [/a/../b]}\n", "bad-value", "f:4:21",
                  "volume '/a/../b' has a part '.' or '..'" },
                { ZK "storage: {volumes: ['/a,b']}\n", "bad-value", "f:4:21",
                  "volume '/a,b' holds a comma, which log.dirs takes for the end of a path" },
                { ZK "storage: {volumes: [\"/a\\tb\"]}\n", "bad-value", "f:4:21",
                  "volume '/a\tb' holds a control character" },
                { ZK "storage: {volumes: [/a, /a]}\n", "bad-value", "f:4:25", "volume '/a' is there twice, as '/a'" },
                { ZK "storage: {volumes: [/a, /a/b]}\n", "bad-value", "f:4:25", "volume '/a/b' is inside '/a'" },
                { ZK "storage: {volumes: [/a/b, /a]}\n", "bad-value", "f:4:27", "volume '/a' is around '/a/b'" },
                { ZK "storage: {format: always}\n", "bad-value", "f:4:19",
                  "'storage.format' is 'always', none of: first-boot, never" },
                { ZK "storage: {sustainedRate: 0}\n", "out-of-range", "f:4:26",
                  "'storage.sustainedRate' is 0; it has to be 1.0 MiB to 1.0 TiB" },
                { ZK "storage: {ephemeral: true}\n", "bad-value", "f:4:22",
                  "'storage.ephemeral' is 'true', none of: refuse, allow" },
                { ZK "tuning: {tunables: [a]}\n", "wrong-type", "f:4:20",
                  "'tuning.tunables' is a list; expected: map of tunables" },
                { ZK "tuning: {tunables: {a: 1}}\n", "wrong-type", "f:4:24",
                  "'tuning.tunables.a' is a text; expected: map of policy and want" },
                { ZK "tuning: {tunables: {a: {x: 1}}}\n", "unknown-key", "f:4:25",
                  "unknown key 'tuning.tunables.a.x'; known here: policy, want" },
                { ZK "tuning: {tunables: {a: {policy: aply}}}\n", "bad-value", "f:4:33",
                  "'tuning.tunables.a.policy' is 'aply', none of: apply, check, ignore; did you mean apply?" },
                { ZK "tuning: {tunables: {a: {want: }}}\n", "no-value", "f:4:31",
                  "'tuning.tunables.a.want' has no value; expected: text" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                KT_AUTO(kt_spec_done) struct kt_spec spec;
                struct kt_err e = { 0 };

                assert_int_equal(kt_spec_parse("f", rows[i].text, strlen(rows[i].text), &spec, &findings, &e), -EINVAL);
                assert_string_equal(findings.items[0].message, rows[i].message);
                assert_string_equal(findings.items[0].source, rows[i].source);
                assert_string_equal(findings.items[0].id, rows[i].id);
                assert_int_equal(findings.count, 1);
                assert_int_equal(e.code, 0);
        }
}

static void test_parse__reports_all_in_one_run(void **state)
{
        static const char text[] = "apiVersion: v1\nkafka: {version: 3.9, hep: 1, heap: x}\nstorage: {owner: 0:0}\n";
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        (void)state;

        assert_int_equal(kt_spec_parse("f", text, strlen(text), &spec, &findings, NULL), -EINVAL);
        assert_int_equal(kt_findings_count(&findings, KT_LEVEL_ERROR), 4);
        assert_string_equal(spec.kafka.version, "3.9");
}

static void test_parse__counts_only_its_own_errors(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        (void)state;

        kt_findings_add(&findings, &(struct kt_finding){ .level = KT_LEVEL_ERROR }, "somebody else's");

        assert_int_equal(kt_spec_parse("f", ZK, strlen(ZK), &spec, &findings, NULL), 0);
}

static void test_parse__warns_of_the_shared_cluster_id(void **state)
{
        static const char text[] = ZK "  clusterId: 5L6g3nShT-eMCtK--X86sw\n";
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        (void)state;

        assert_int_equal(kt_spec_parse("f", text, strlen(text), &spec, &findings, NULL), 0);
        assert_int_equal(kt_findings_count(&findings, KT_LEVEL_WARNING), 1);
        assert_string_equal(spec.kafka.cluster_id, "5L6g3nShT-eMCtK--X86sw");
}

static void test_parse__limits_lists(void **state)
{
        static const struct {
                const char *head, *unit, *message;
        } rows[] = {
                { ZK "  allow:\n", "  - a\n", "'kafka.allow' has 1001 entries; at most 1000 are read" },
                { ZK "tuning:\n  tunables:\n", "    t%d: {}\n",
                  "'tuning.tunables' has 1001 entries; at most 1000 are read" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                KT_AUTO(kt_spec_done) struct kt_spec spec;
                KT_AUTO_STR struct kt_str text = { 0 };
                const char *number = strstr(rows[i].unit, "%d");

                kt_str_add(&text, rows[i].head);
                for (int k = 0; k < 1001; k++) {
                        if (number)
                                kt_str_addf(&text, "%.*s%d%s", (int)(number - rows[i].unit), rows[i].unit, k,
                                            number + 2);
                        else
                                kt_str_add(&text, rows[i].unit);
                }
                assert_int_equal(kt_spec_parse("f", kt_str_get(&text), text.len, &spec, &findings, NULL), -EINVAL);
                assert_string_equal(findings.items[0].message, rows[i].message);
        }
}

static void test_parse__cuts_long_values_at_characters(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        KT_AUTO_STR struct kt_str text = { 0 };
        (void)state;

        kt_str_add(&text, ZK "  service: a");
        for (int i = 0; i < 10000; i++)
                kt_str_add(&text, "\xc3\xbc");

        assert_int_equal(kt_spec_parse("f", kt_str_get(&text), text.len, &spec, &findings, NULL), -EINVAL);
        assert_non_null(strstr(findings.items[0].message, "\xc3\xbc', no name"));
        assert_true(strlen(findings.items[0].message) < 300);
}

static void test_load__reads_a_file(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        KT_AUTO_FREE char *path = test_path(tree, "kafka.yaml");

        test_write(tree, "..data/kafka.yaml", ZK);
        test_symlink(tree, "..data/kafka.yaml", "kafka.yaml"); /* as a ConfigMap volume does */

        assert_int_equal(kt_spec_load(path, &spec, &findings, NULL), 0);
        assert_string_equal(spec.file, path);
}

static void test_load__refuses(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *missing = test_path(tree, "missing.yaml");
        KT_AUTO_FREE char *large = test_path(tree, "large.yaml");
        KT_AUTO_FREE char *bytes = calloc(1, KT_YAML_FILE_MAX + 1);
        const struct {
                const char *path;
                int code;
        } rows[] = { { missing, -ENOENT }, { tree->path, -EISDIR }, { large, -EFBIG } };

        assert_non_null(bytes);
        test_write_bytes(tree, "large.yaml", bytes, KT_YAML_FILE_MAX + 1);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                KT_AUTO(kt_spec_done) struct kt_spec spec;
                struct kt_err e = { 0 };

                assert_int_equal(kt_spec_load(rows[i].path, &spec, &findings, &e), rows[i].code);
                assert_non_null(strstr(e.text, rows[i].path));
                assert_int_equal(findings.count, 0);
        }
}

static void test_load__standard_input_is_no_file(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec;
        (void)state;

        assert_int_equal(kt_spec_load("-", &spec, &findings, NULL), -EINVAL);
        assert_int_equal(kt_findings_count(&findings, KT_LEVEL_ERROR), 1);
}

/* The reference is checked row by row; run from the top of the tree, as make does. */
static void test_keys__are_in_the_reference(void **state)
{
        KT_AUTO_FILE FILE *file = fopen("docs/kafka.yaml.md", "re");
        KT_AUTO_FREE char *text = calloc(1, 65536);
        size_t rows = 0;
        (void)state;

        assert_non_null(text);
        if (!file) {
                print_message("docs/kafka.yaml.md is not here: run this from the top of the tree\n");
                skip();
        }
        assert_true(fread(text, 1, 65535, file) < 65535);

        for (size_t i = 0; i < kt_spec_key_count; i++) {
                const struct kt_spec_key *key = &kt_spec_keys[i];
                const char *none = key->is_required ? "required" : "none";
                const char *tick = key->preset ? "`" : "";
                KT_AUTO_FREE char *row = kt_str_make("\n| `%s` | %s | %s%s%s | %s |\n", key->path, key->type, tick,
                                                     key->preset ? key->preset : none, tick, key->help);

                assert_non_null(row);
                if (!strstr(text, row))
                        fail_msg("docs/kafka.yaml.md lacks:%s", row);
        }
        for (const char *at = strstr(text, "\n| `"); at; at = strstr(at + 1, "\n| `"))
                rows++;
        assert_int_equal(rows, kt_spec_key_count);
}

/* Finds the example in the reference and parses it. */
static void test_keys__example_of_the_reference_is_right(void **state)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        KT_AUTO_FILE FILE *file = fopen("docs/kafka.yaml.md", "re");
        KT_AUTO_FREE char *text = calloc(1, 65536);
        char *start;
        char *end;
        (void)state;

        assert_non_null(text);
        if (!file) {
                print_message("docs/kafka.yaml.md is not here: run this from the top of the tree\n");
                skip();
        }
        assert_true(fread(text, 1, 65535, file) < 65535);
        start = strstr(text, "```yaml\n");
        assert_non_null(start);
        start += strlen("```yaml\n");
        end = strstr(start, "```");
        assert_non_null(end);

        if (kt_spec_parse("example", start, (size_t)(end - start), &spec, &findings, NULL) < 0)
                fail_msg("%s: %s", findings.items[0].source, findings.items[0].message);
        assert_int_equal(findings.count, 0);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse__reads_every_key),
                cmocka_unit_test(test_parse__keeps_properties_and_tunables_in_order),
                cmocka_unit_test(test_default__without_a_file),
                cmocka_unit_test(test_parse__takes),
                cmocka_unit_test(test_parse__leaves_defaults),
                cmocka_unit_test(test_parse__finds_problems),
                cmocka_unit_test(test_parse__reports_all_in_one_run),
                cmocka_unit_test(test_parse__counts_only_its_own_errors),
                cmocka_unit_test(test_parse__warns_of_the_shared_cluster_id),
                cmocka_unit_test(test_parse__limits_lists),
                cmocka_unit_test(test_parse__cuts_long_values_at_characters),
                cmocka_unit_test_setup_teardown(test_load__reads_a_file, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__refuses, test_tree_setup, test_tree_teardown),
                cmocka_unit_test(test_load__standard_input_is_no_file),
                cmocka_unit_test(test_keys__are_in_the_reference),
                cmocka_unit_test(test_keys__example_of_the_reference_is_right),
        };

        return TEST_MAIN(tests);
}
