/* SPDX-License-Identifier: Apache-2.0 */
/* The heap: what follows from a memory limit, and when somebody set it already. */
#include "initc/heap.h"

#include "lib/os/cgroup.h"
#include "tests/unit/support.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static void test_from_limit__rows(void **state)
{
        static const struct {
                uint64_t limit;
                uint64_t expect_mib;
                const char *why;
        } rows[] = {
                { KT_CGROUP_UNLIMITED, 1024, "no limit: as Kafka's scripts" },
                { 8 * GIB, 3276, "40 %, whole MiB" },
                { 2 * GIB, 819, "40 %" },
                { 640 * MIB, 256, "exactly the least" },
                { 600 * MIB, 256, "the least" },
                { 512 * MIB, 256, "the least is half" },
                { 400 * MIB, 200, "no more than half" },
                { 64 * MIB, 32, "no more than half of little" },
                { 16 * GIB, 6144, "40 % is more than the most" },
                { 256 * GIB, 6144, "the most: the rest is page cache" },
                { UINT64_MAX - 1, 6144, "no overflow" },
                { 0, 0, "nothing" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_heap_from_limit(rows[i].limit) != rows[i].expect_mib * MIB)
                        fail_msg("%s: %llu", rows[i].why, (unsigned long long)kt_heap_from_limit(rows[i].limit));
}

static void test_is_set__rows(void **state)
{
        static const struct {
                const char *arguments[4];
                const char *text;
                bool expect;
        } rows[] = {
                { { NULL }, NULL, false },
                { { "java", "-Xmx1G" }, NULL, true },
                { { "java", "-XX:MaxHeapSize=1g" }, NULL, true },
                { { "java", "-XX:MaxRAMPercentage=50" }, NULL, true },
                { { "java", "-Xms1G" }, NULL, false },
                { { "java", "kafka.Kafka" }, "", false },
                { { "sh" }, "-Xmx1G", true },
                { { "sh" }, "-Xms1G  \t-Xmx1G", true },
                { { "sh" }, "-Xms1G -server", false },
                { { "sh" }, "-Dname=-Xmx1G", false },
                { { NULL }, " -Xmx1G", true },
                { { NULL }, "-Xss1m\n-Xmx1G\n", true }, /* a block of YAML */
        };

        (void)state; /* no tree needed */
        assert_false(kt_heap_is_set(NULL, NULL));
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_heap_is_set((char *const *)rows[i].arguments, rows[i].text) != rows[i].expect)
                        fail_msg("row %zu: %s", i, rows[i].text ? rows[i].text : "NULL");
}

static void test_is_java__rows(void **state)
{
        static const struct {
                const char *program;
                bool expect;
        } rows[] = {
                { "java", true },   { "/opt/jdk/bin/java", true },   { "./java", true },
                { "javac", false }, { "/opt/java/start.sh", false }, { "/java/", false },
                { "", false },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                if (kt_heap_is_java(rows[i].program) != rows[i].expect)
                        fail_msg("%s", rows[i].program);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_limit__rows),
        cmocka_unit_test(test_is_set__rows),
        cmocka_unit_test(test_is_java__rows),
};

int main(void)
{
        return TEST_MAIN(tests);
}
