/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns. */
#ifndef KT_TUNER_TABLE_H
#define KT_TUNER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"

enum { KT_TABLE_COLUMNS_MAX = 6 };

/* Zero-initialise but for columns; release with kt_table_done. */
struct kt_table {
        size_t columns;
        struct kt_str cells; /* row by row, each with its NUL */
};

void kt_table_done(struct kt_table *table);

/* Adds a copy of text as the next cell. */
void kt_table_add(struct kt_table *table, const char *text);

/* Appends all rows: two blanks between columns, none at a line's end; words of the first column painted when colour is
 * true. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_table_render(const struct kt_table *table, bool colour, struct kt_str *out);

#endif
