/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns, and sentences in lines. */
#ifndef KT_TUNER_TABLE_H
#define KT_TUNER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"

enum {
        KT_TABLE_COLUMNS_MAX = 8,
        KT_TABLE_WIDTH = 100, /* of every line that is printed for a person */
};

/* Zero-initialise but for columns and widest; release with kt_table_done. */
struct kt_table {
        size_t columns;
        size_t widest[KT_TABLE_COLUMNS_MAX]; /* what is longer is cut and ends in "..."; 0: no bound but the line */
        struct kt_str cells;                 /* row by row, each with its NUL */
};

void kt_table_done(struct kt_table *table);

/* Adds a copy of text as the next cell. */
void kt_table_add(struct kt_table *table, const char *text);

/* Adds the last cell of a row: it goes on in more lines when it is long, instead of being cut. */
void kt_table_add_whole(struct kt_table *table, const char *text);

/* Appends all rows: two blanks between columns, none at a line's end, no line longer than KT_TABLE_WIDTH; words of the
 * first column painted when colour is true. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_table_render(const struct kt_table *table, bool colour, struct kt_str *out);

/* Appends text to the line that out ends with, and a newline: broken at blanks where it would get longer than
 * KT_TABLE_WIDTH, and going on at column. A word that is longer than a line is broken, too. */
void kt_table_wrap(const char *text, size_t column, struct kt_str *out);

#endif
