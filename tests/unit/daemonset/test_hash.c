/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a against values that its authors publish. */
#include "daemonset/hash.h"

#include "tests/unit/support.h"

static void test_hash_text__published_values(void **state)
{
        static const struct {
                const char *text;
                const char *want;
        } rows[] = {
                { "", "cbf29ce484222325" },
                { "a", "af63dc4c8601ec8c" },
                { "foobar", "85944171f73967e8" },
        };
        char buf[KT_HASH_MAX];

        (void)state;
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_string_equal(kt_hash_text(rows[i].text, buf), rows[i].want);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_hash_text__published_values) };

        return TEST_MAIN(tests);
}
