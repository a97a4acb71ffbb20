/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the nearest of a set of known words. */
#ifndef KT_TEXT_SUGGEST_H
#define KT_TEXT_SUGGEST_H

#include <stddef.h>

/* Steps (insert, delete, replace, swap of neighbours: optimal string alignment) from a to b; limit + 1 as soon as it is
 * known to be more than limit. Words longer than 127 bytes are never near anything. */
size_t kt_suggest_distance(const char *a, const char *b, size_t limit);

/* Call for each known word; *best and *best_distance (start: NULL, 0) hold the nearest so far. A word is near when its
 * distance is at most a third of the wanted word's length, and at most 4. */
void kt_suggest_consider(const char *wanted, const char *known, const char **best, size_t *best_distance);

#endif
