/* SPDX-License-Identifier: Apache-2.0 */
/* Escaping, and figures with units. */
#include "tuner/bench/markup.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/text/num.h"

#define GAP "\xc2\xa0" /* U+00A0: a figure and its unit stay on one line */

/* ' is escaped too: attributes may be quoted either way. */
static const char *entity_of(char c)
{
        static const struct {
                char c;
                const char *entity;
        } rows[] = {
                { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                if (rows[i].c == c)
                        return rows[i].entity;
        }
        return NULL;
}

void kt_markup_text(struct kt_str *out, const char *text)
{
        KT_AUTO_STR struct kt_str shown = { 0 };
        const char *at;

        kt_str_add_printable(&shown, text);
        out->error = out->error ? out->error : shown.error;
        for (at = kt_str_get(&shown); *at; at++) {
                const char *entity = entity_of(*at);

                if (entity)
                        kt_str_add(out, entity);
                else
                        kt_str_add_char(out, *at);
        }
}

void kt_markup_value(struct kt_str *out, const char *text)
{
        kt_str_add(out, "<bdi>");
        kt_markup_text(out, text);
        kt_str_add(out, "</bdi>");
}

/* A figure of three digits or more: 0.42, 4.21, 42.1, 421, 4,210. */
static void add_figure(struct kt_str *out, double value, const char *unit)
{
        if (value < 9.995)
                kt_str_addf(out, "%.2f", value);
        else if (value < 99.95)
                kt_str_addf(out, "%.1f", value);
        else
                kt_markup_count(out, (uint64_t)llround(value));
        kt_str_add(out, GAP);
        kt_str_add(out, unit);
}

/* Shows what cannot be a figure. False then. */
static bool is_figure(struct kt_str *out, double value)
{
        if (isfinite(value) && value >= 0 && value < 1e18)
                return true;

        kt_str_add(out, "-");
        return false;
}

void kt_markup_rate(struct kt_str *out, double bytes_per_second)
{
        double value = bytes_per_second / 1e6;

        if (!is_figure(out, bytes_per_second))
                return;

        /* Rates are read side by side: one place behind the point from 1 MB/s on, so that 45.0 stands below 20.0. */
        if (value >= 0.995 && value < 99.95)
                kt_str_addf(out, "%.1f" GAP "MB/s", value);
        else if (value < 9999.5)
                add_figure(out, value, "MB/s");
        else
                add_figure(out, value / 1e3, "GB/s");
}

void kt_markup_bytes(struct kt_str *out, double bytes)
{
        char text[KT_NUM_TEXT_MAX];

        if (!is_figure(out, bytes))
                return;

        for (const char *at = kt_num_format_decimal((uint64_t)llround(bytes), text); *at; at++)
                kt_str_add(out, *at == ' ' ? GAP : (const char[]){ *at, '\0' });
}

void kt_markup_seconds(struct kt_str *out, double seconds)
{
        if (!is_figure(out, seconds))
                return;

        if (seconds < 100)
                kt_str_addf(out, "%.1f" GAP "s", seconds);
        else if (seconds < 6000)
                add_figure(out, seconds, "s");
        else
                add_figure(out, seconds / 3600, "h");
}

void kt_markup_latency(struct kt_str *out, int64_t ns)
{
        double value = (double)ns;

        if (!is_figure(out, value))
                return;

        if (value < 999.5e3)
                add_figure(out, value / 1e3, "\xc2\xb5s"); /* U+00B5: the micro sign */
        else if (value < 999.5e6)
                add_figure(out, value / 1e6, "ms");
        else
                add_figure(out, value / 1e9, "s");
}

void kt_markup_percent(struct kt_str *out, double share)
{
        if (is_figure(out, share))
                kt_str_addf(out, "%.1f" GAP "%%", share * 100);
}

void kt_markup_count(struct kt_str *out, uint64_t count)
{
        char text[KT_NUM_TEXT_MAX];

        kt_str_add(out, kt_num_format_count(count, text));
}
