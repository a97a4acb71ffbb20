/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns. */
#include "tuner/table.h"

#include <string.h>

#include "lib/app/report.h"

enum {
        GAP = 2,
        PAINTED_MAX = 64,
        LAST_MIN = 24,  /* a last column that would be narrower gets lines of its own */
        OWN_INDENT = 6, /* and there it starts here */
        DOTS = 3,
};

/* In front of a cell that is not cut. No text for a terminal has it. */
#define WHOLE '\v'

void kt_table_done(struct kt_table *table)
{
        kt_str_done(&table->cells);
}

void kt_table_add(struct kt_table *table, const char *text)
{
        kt_str_add_bytes(&table->cells, text, strlen(text) + 1);
}

void kt_table_add_whole(struct kt_table *table, const char *text)
{
        kt_str_add_char(&table->cells, WHOLE);
        kt_table_add(table, text);
}

static const char *next_cell(const char *cell)
{
        return cell + strlen(cell) + 1;
}

static size_t smaller(size_t a, size_t b)
{
        return a < b ? a : b;
}

static size_t column_of_end(const struct kt_str *out)
{
        const char *text = kt_str_get(out);
        const char *newline = strrchr(text, '\n');

        return strlen(newline ? newline + 1 : text);
}

/* How many bytes of text fit into width: up to a blank where there is one in the second half. */
static size_t fitting(const char *text, size_t width)
{
        size_t len = strlen(text);

        if (len <= width)
                return len;
        for (size_t i = width; i > width / 2; i--)
                if (text[i] == ' ')
                        return i;
        return width;
}

/* at: how wide the line is by now, without what paints. */
static void wrap(const char *text, size_t at, size_t column, struct kt_str *out)
{
        column = smaller(column, KT_TABLE_WIDTH / 2);
        for (;;) {
                size_t n = fitting(text, at < KT_TABLE_WIDTH ? KT_TABLE_WIDTH - at : 1);

                kt_str_add_bytes(out, text, n);
                kt_str_add_char(out, '\n');
                text += n;
                text += strspn(text, " ");
                if (*text == '\0' || kt_str_error(out) < 0)
                        return;
                kt_str_pad(out, column, ' ');
                at = column;
        }
}

void kt_table_wrap(const char *text, size_t column, struct kt_str *out)
{
        wrap(text, column_of_end(out), column, out);
}

/* At the end of a clause or at least of a word. */
static void add_cut(const char *text, size_t width, struct kt_str *out)
{
        size_t len = strlen(text);
        size_t n;

        if (len <= width) {
                kt_str_add(out, text);
                return;
        }
        n = fitting(text, width > DOTS ? width - DOTS : 0);
        while (n > 0 && strchr(" ,;:", text[n - 1]))
                n--;
        kt_str_add_bytes(out, text, n);
        kt_str_add(out, "...");
}

static void measure(const struct kt_table *table, size_t widths[KT_TABLE_COLUMNS_MAX])
{
        const char *cell = kt_str_get(&table->cells);
        const char *end = cell + table->cells.len;

        for (size_t i = 0; cell < end; cell = next_cell(cell), i++) {
                size_t column = i % table->columns;
                size_t len = strlen(cell);

                if (table->widest[column] > 0)
                        len = smaller(len, table->widest[column]);
                widths[column] = len > widths[column] ? len : widths[column];
        }
}

static void pad(size_t at, size_t start, struct kt_str *out)
{
        for (; at < start; at++)
                kt_str_add_char(out, ' ');
}

/* The last cell, behind the others of its row, which end at at, or below them. */
static void add_last(const char *cell, size_t at, size_t start, struct kt_str *out)
{
        const bool is_whole = cell[0] == WHOLE;
        const char *text = cell + is_whole;

        if (text[0] == '\0') {
                kt_str_add_char(out, '\n');
                return;
        }
        if (start + strlen(text) > KT_TABLE_WIDTH && KT_TABLE_WIDTH < start + LAST_MIN) {
                kt_str_add_char(out, '\n');
                at = 0;
                start = OWN_INDENT;
        }
        pad(at, start, out);
        if (is_whole) {
                wrap(text, start, start, out);
                return;
        }
        add_cut(text, KT_TABLE_WIDTH - start, out);
        kt_str_add_char(out, '\n');
}

/* Appends one row and returns the first cell of the next one. */
static const char *render_row(const struct kt_table *table, const char *cell, const size_t *widths, bool colour,
                              struct kt_str *out)
{
        size_t start = 0; /* where the column begins */
        size_t at = 0;    /* where the line ends; what paints is not counted */

        for (size_t column = 0; column + 1 < table->columns; column++, cell = next_cell(cell)) {
                KT_AUTO_STR struct kt_str shown = { 0 };
                char painted[PAINTED_MAX];

                add_cut(cell, widths[column], &shown);
                if (shown.len > 0) {
                        pad(at, start, out);
                        at = start + shown.len;
                }
                kt_str_add(out, column == 0 ? kt_report_word(kt_str_get(&shown), colour, painted, sizeof(painted))
                                            : kt_str_get(&shown));
                start += widths[column] + GAP;
                out->error = shown.error ? shown.error : out->error;
        }
        add_last(cell, at, start, out);
        return next_cell(cell);
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
