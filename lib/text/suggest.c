/* SPDX-License-Identifier: Apache-2.0 */
/* Nearest known word, by optimal string alignment distance. */
#include "lib/text/suggest.h"

#include <stdint.h>
#include <string.h>

enum { WORD_MAX = 128, NEAR_MAX = 4 };

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

size_t kt_suggest_distance(const char *a, const char *b, size_t limit)
{
        size_t len_a = strlen(a);
        size_t len_b = strlen(b);
        size_t rows[3][WORD_MAX + 1]; /* the row before last, the last, this one */
        size_t *before = rows[0];
        size_t *last = rows[1];
        size_t *now = rows[2];

        if (len_a >= WORD_MAX || len_b >= WORD_MAX || (len_a > len_b ? len_a - len_b : len_b - len_a) > limit)
                return limit + 1;

        memset(rows, 0, sizeof(rows));
        for (size_t j = 0; j <= len_b; j++)
                last[j] = j;
        for (size_t i = 1; i <= len_a; i++) {
                size_t *free_row = before;
                size_t row_least = i;

                now[0] = i;
                for (size_t j = 1; j <= len_b; j++) {
                        now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                now[j] = least(now[j], before[j - 2] + 1);
                        row_least = least(row_least, now[j]);
                }
                if (row_least > limit)
                        return limit + 1;
                before = last;
                last = now;
                now = free_row;
        }
        return least(last[len_b], limit + 1);
}

void kt_suggest_consider(const char *wanted, const char *known, const char **best, size_t *best_distance)
{
        size_t limit = least(strlen(wanted) / 3, NEAR_MAX);
        size_t distance;

        if (*best)
                limit = *best_distance > 0 ? *best_distance - 1 : 0;
        distance = kt_suggest_distance(wanted, known, limit);
        if (distance > limit || (*best && distance >= *best_distance))
                return;

        *best = known;
        *best_distance = distance;
}
