/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of properties and of what changed between releases. */
#include "tests/unit/support.h"

#include <string.h>

#include "initc/explain.h"

static const struct kt_kafka_version *version(const char *name)
{
        const struct kt_kafka_version *found = kt_kafka_version_find(name);

        assert_non_null(found);
        return found;
}

static void test_key__tells_each_definition(void **state)
{
        static const struct {
                const char *key;
                int known;
                const char *has; /* in the text */
                const char *why;
        } rows[] = {
                { "log.segment.bytes", 1, "0.10.2 to 3.9  int, default 1073741824, allowed [14,...]",
                  "a range that changed" },
                { "log.segment.bytes", 1, "4.0 to 4.4     int, default 1073741824, allowed [1048576,...]",
                  "and since" },
                { "node.id", 1, "default (required)", "no default at all" },
                { "zookeeper.connect", 1, "not in 4.3: KRaft needs controller.quorum.bootstrap.servers", "gone" },
                { "listener.name.internal.ssl.keystore.location", 1, "legal", "in no definition" },
                { "num.io.thread", 0, "", "misspelt" },
        };

        (void)state; /* no fixture */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };
                int r = kt_explain_key(version("4.3"), rows[i].key, false, &out);

                if (r != rows[i].known || !strstr(kt_str_get(&out), rows[i].has))
                        fail_msg("%s (%s): %d, %s", rows[i].key, rows[i].why, r, kt_str_get(&out));
        }
}

static void test_diff__tells_each_kind_of_change_once(void **state)
{
        static const struct {
                const char *from, *to, *line, *has;
        } rows[] = {
                { "3.9", "4.0", "- zookeeper.connect ", "KRaft needs" },
                { "3.9", "4.0", "~ log.segment.bytes ", "allowed [14,...] -> [1048576,...]" },
                { "3.9", "4.0", "~ num.recovery.threads.per.data.dir ", "default 1 -> 2" },
                { "4.1", "4.2", "~ listeners ", "type string -> list" },
                { "4.0", "3.9", "+ zookeeper.connect ", "string, default" },
        };

        (void)state; /* no fixture */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str out = { 0 };
                const char *line;

                assert_int_equal(kt_explain_diff(version(rows[i].from), version(rows[i].to), false, &out), 0);
                line = strstr(kt_str_get(&out), rows[i].line);
                if (!line || strstr(line + 1, rows[i].line))
                        fail_msg("'%s' is not there once", rows[i].line);
                if (!memmem(line, strcspn(line, "\n"), rows[i].has, strlen(rows[i].has)))
                        fail_msg("%.*s", (int)strcspn(line, "\n"), line);
        }
}

static void test_diff__same_version_has_nothing(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state; /* no fixture */
        assert_int_equal(kt_explain_diff(version("4.3"), version("4.3"), false, &out), 0);
        assert_int_equal(out.len, 0);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key__tells_each_definition),
        cmocka_unit_test(test_diff__tells_each_kind_of_change_once),
        cmocka_unit_test(test_diff__same_version_has_nothing),
};

int main(void)
{
        return TEST_MAIN(tests);
}
