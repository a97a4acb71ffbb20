/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns. */
#include "tuner/table.h"

#include <string.h>

#include "lib/app/report.h"

enum { GAP = 2, PAINTED_MAX = 64 };

void kt_table_done(struct kt_table *table)
{
        kt_str_done(&table->cells);
}

void kt_table_add(struct kt_table *table, const char *text)
{
        kt_str_add_bytes(&table->cells, text, strlen(text) + 1);
}

static const char *next_cell(const char *cell)
{
        return cell + strlen(cell) + 1;
}

static void measure(const struct kt_table *table, size_t widths[KT_TABLE_COLUMNS_MAX])
{
        const char *cell = kt_str_get(&table->cells);
        const char *end = cell + table->cells.len;

        for (size_t i = 0; cell < end; cell = next_cell(cell), i++) {
                size_t *width = &widths[i % table->columns];
                size_t len = strlen(cell);

                *width = len > *width ? len : *width;
        }
}

/* Appends one row and returns the first cell of the next one. */
static const char *render_row(const struct kt_table *table, const char *cell, const size_t *widths, bool colour,
                              struct kt_str *out)
{
        size_t missing = 0; /* blanks that are due before the next cell that is not empty */

        for (size_t column = 0; column < table->columns; column++, cell = next_cell(cell)) {
                char painted[PAINTED_MAX];

                for (; cell[0] != '\0' && missing > 0; missing--)
                        kt_str_add_char(out, ' ');
                kt_str_add(out, column == 0 ? kt_report_word(cell, colour, painted, sizeof(painted)) : cell);
                missing += widths[column] + GAP - strlen(cell);
        }
        kt_str_add_char(out, '\n');
        return cell;
}

int kt_table_render(const struct kt_table *table, bool colour, struct kt_str *out)
{
        const char *cell = kt_str_get(&table->cells);
        const char *end = cell + table->cells.len;
        size_t widths[KT_TABLE_COLUMNS_MAX] = { 0 };

        if (kt_str_error(&table->cells) < 0)
                return kt_str_error(&table->cells);

        measure(table, widths);
        while (cell < end)
                cell = render_row(table, cell, widths, colour, out);
        return kt_str_error(out);
}
