/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest known word. */
#include "lib/text/suggest.h"

#include <string.h>

#include "tests/unit/support.h"

static void test_distance__rows(void **state)
{
        static const struct {
                const char *a, *b;
                size_t limit, expect;
                const char *why;
        } rows[] = {
                { "", "", 0, 0, "nothing" },
                { "abc", "abc", 0, 0, "the same" },
                { "abc", "abd", 4, 1, "replace" },
                { "abc", "ab", 4, 1, "delete" },
                { "abc", "xabc", 4, 1, "insert" },
                { "abc", "acb", 4, 1, "swap of neighbours" },
                { "ab", "ba", 1, 1, "swap within the limit" },
                { "ca", "abc", 4, 3,
                  "no edit inside a swapped pair: this is what sets it apart from Damerau-Levenshtein" },
                { "kitten", "sitting", 4, 3, "the known example" },
                { "num.io.thread", "num.io.threads", 4, 1, "a property" },
                { "abc", "xyz", 1, 2, "beyond the limit" },
                { "abcdef", "uvwxyz", 3, 4, "beyond the limit in the middle" },
                { "ax", "bbbx", 2, 3, "beyond the limit in the last cell only" },
                { "", "abcd", 4, 4, "all inserted" },
                { "", "abcde", 4, 5, "lengths too far apart" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                size_t there = kt_suggest_distance(rows[i].a, rows[i].b, rows[i].limit);
                size_t back = kt_suggest_distance(rows[i].b, rows[i].a, rows[i].limit);

                if (there != rows[i].expect || back != rows[i].expect)
                        fail_msg("%s (%s, %s): %zu, %zu", rows[i].why, rows[i].a, rows[i].b, there, back);
        }
}

static void test_distance__is_never_more_than_limit_and_one(void **state)
{
        static const char *const words[] = { "abcd", "dcba", "abdc", "xbcy", "", "aaaa", "abcdefgh", "badc" };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(words); i++)
                for (size_t j = 0; j < KT_COUNT(words); j++)
                        for (size_t limit = 0; limit < 9; limit++) {
                                size_t whole = kt_suggest_distance(words[i], words[j], 100);
                                size_t limited = kt_suggest_distance(words[i], words[j], limit);

                                assert_int_equal(limited, whole > limit ? limit + 1 : whole);
                        }
}

static void test_distance__long_words_are_never_near(void **state)
{
        char word[129];
        (void)state;

        memset(word, 'a', sizeof(word) - 1);
        word[128] = '\0';
        assert_int_equal(kt_suggest_distance(word, word, 4), 5);
        word[127] = '\0';
        assert_int_equal(kt_suggest_distance(word, word, 4), 0);
}

static const char *nearest(const char *wanted, const char *const *words)
{
        const char *best = NULL;
        size_t distance = 0;

        for (size_t i = 0; words[i]; i++)
                kt_suggest_consider(wanted, words[i], &best, &distance);
        return best;
}

static void test_consider__finds_the_nearest(void **state)
{
        static const char *const words[] = { "prepare", "prefer", "exec", "chown", "explain", "explainer", NULL };
        static const struct {
                const char *wanted;
                const char *expect;
                const char *why;
        } rows[] = {
                { "prepre", "prepare", "" },
                { "prefre", "prefer", "a nearer one comes later" },
                { "explain", "explain", "an exact one stays the best" },
                { "explaine", "explain", "the first of two that are as near" },
                { "cown", "chown", "" },
                { "xxxx", NULL, "nothing is near" },
                { "ex", NULL, "short words are near to nothing else" },
                { "", NULL, "" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const char *best = nearest(rows[i].wanted, words);

                assert_string_equal(best ? best : "none", rows[i].expect ? rows[i].expect : "none");
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_distance__rows),
                cmocka_unit_test(test_distance__is_never_more_than_limit_and_one),
                cmocka_unit_test(test_distance__long_words_are_never_near),
                cmocka_unit_test(test_consider__finds_the_nearest),
        };

        return TEST_MAIN(tests);
}
