/* SPDX-License-Identifier: Apache-2.0 */
/* Diagrams. Heights are pixels and widths are percent, so that nothing but the curves is stretched: those are in an SVG
 * of their own inside, CURVE_WIDTH units wide, without an aspect ratio. */
#include "tuner/bench/charts.h"

#include <math.h>
#include <stdint.h>

#include "tuner/bench/markup.h"

#define BAND_MOST 0.3        /* of the rate: a wider band would hide what was measured */
#define HEADROOM  1.04       /* above the highest value */
#define GAP       "\xc2\xa0" /* U+00A0: a figure and its unit stay together */

enum {
        PLOT_TOP = 26,    /* room for the label of the highest line */
        PLOT_BOTTOM = 24, /* and for the figures below the lowest */
        TICK_ABOVE = 4,   /* a label of the grid over its line */
        TEXT_HEIGHT = 17, /* a line of text, and air */
        CURVE_WIDTH = 1000,
        POINTS_MAX = 600,  /* windows beyond that are averaged: nobody sees them one by one */
        LATENCIES_MAX = 8, /* series in one diagram */
};

/* What is drawn where: values from 0 (or, by decades, from `least`) to `most` over `height` pixels, seconds over all of
 * the width. */
struct plot {
        double seconds;
        double least; /* above 0: the axis is logarithmic */
        double most;
        double height;
};

static double y_of(const struct plot *plot, double value)
{
        double share = plot->least > 0 ? log(fmax(value, plot->least) / plot->least) / log(plot->most / plot->least)
                                       : value / plot->most;

        return PLOT_TOP + plot->height * (1 - fmin(fmax(share, 0), 1));
}

static double percent_of(const struct plot *plot, double seconds)
{
        return 100 * fmin(fmax(seconds / plot->seconds, 0), 1);
}

/* 1, 2 or 5 times a power of ten, so that at most `lines` of them reach value. */
static double nice_step(double value, double lines)
{
        static const double factors[] = { 1, 2, 5 };
        double power = pow(10, floor(log10(value / lines)));

        for (size_t i = 0; i < KT_COUNT(factors); i++) {
                if (power * factors[i] * lines >= value)
                        return power * factors[i];
        }
        return power * 10;
}

/* ---- Parts ---- */

/* kind and number make the ids; title and description are texts of ours or escaped ones. */
static void begin_chart(struct kt_str *out, const struct plot *plot, const char *kind, size_t number, const char *title,
                        const char *description)
{
        kt_str_addf(out, "<svg class=\"chart\" role=\"img\" height=\"%.0f\" aria-labelledby=\"%s-t%zu %s-d%zu\">",
                    PLOT_TOP + plot->height + PLOT_BOTTOM, kind, number, kind, number);
        kt_str_addf(out, "<title id=\"%s-t%zu\">%s</title><desc id=\"%s-d%zu\">%s</desc>\n", kind, number, title, kind,
                    number, description);
}

static void end_chart(struct kt_str *out)
{
        kt_str_add(out, "</svg>\n");
}

static void begin_curves(struct kt_str *out, const struct plot *plot)
{
        kt_str_addf(out,
                    "<svg x=\"0\" y=\"0\" width=\"100%%\" height=\"%.0f\" viewBox=\"0 0 %d %.0f\" "
                    "preserveAspectRatio=\"none\">\n",
                    PLOT_TOP + plot->height, CURVE_WIDTH, PLOT_TOP + plot->height);
}

static void end_curves(struct kt_str *out)
{
        kt_str_add(out, "</svg>\n");
}

static void add_grid_line(struct kt_str *out, const struct plot *plot, double value, const char *label)
{
        double y = y_of(plot, value);

        kt_str_addf(out, "<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>", y, y);
        kt_str_addf(out, "<text class=\"tick\" x=\"0\" y=\"%.1f\">%s</text>\n", y - TICK_ABOVE, label);
}

static double rate_step(const struct plot *plot)
{
        return nice_step(plot->most, plot->height / 40);
}

static void add_rate_grid(struct kt_str *out, const struct plot *plot)
{
        double step = rate_step(plot);
        bool is_giga = plot->most >= 1e10;

        for (int i = 0; i * step <= plot->most * 1.001; i++) {
                char label[64] = "";

                if (i > 0)
                        (void)snprintf(label, sizeof(label), "%.4g" GAP "%s", i * step / (is_giga ? 1e9 : 1e6),
                                       is_giga ? "GB/s" : "MB/s"); /* fits: a number */
                add_grid_line(out, plot, i * step, label);
        }
}

/* text is ours. The first label begins at the edge, a late one ends there. */
static void add_below(struct kt_str *out, const struct plot *plot, double percent, const char *text)
{
        const char *anchor = percent < 3 ? "start" : percent > 95 ? "end" : "middle";

        kt_str_addf(out, "<text class=\"tick\" x=\"%.2f%%\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", percent,
                    PLOT_TOP + plot->height + 17, anchor, text);
}

static void add_time_axis(struct kt_str *out, const struct plot *plot)
{
        double step = nice_step(plot->seconds, 5);

        for (int i = 0; i * step <= plot->seconds; i++) {
                char text[64];

                (void)snprintf(text, sizeof(text), "%.6g%s", i * step, i == 0 ? GAP "s" : ""); /* fits: a number */
                add_below(out, plot, percent_of(plot, i * step), text);
        }
}

/* A label beside a point: on the side that has room. */
static void add_label(struct kt_str *out, const char *class, double percent, double y, const char *text)
{
        bool is_right = percent > 62;

        kt_str_addf(out, "<text class=\"label %s\" x=\"%.2f%%\" y=\"%.1f\" dx=\"%d\" text-anchor=\"%s\">%s</text>\n",
                    class, percent, y, is_right ? -6 : 6, is_right ? "end" : "start", text);
}

static void add_band(struct kt_str *out, const char *class, const struct plot *plot, double begin, double end,
                     double high, double low)
{
        double left = percent_of(plot, begin);
        double top = y_of(plot, high);

        kt_str_addf(out, "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.1f\" height=\"%.1f\"/>\n", class, left,
                    percent_of(plot, end) - left, top, fmax(y_of(plot, low) - top, 0));
}

/* ---- Curves ---- */

typedef double rate_of(const struct kt_disk_window *window);

static double written(const struct kt_disk_window *window)
{
        return (double)window->write_bytes;
}

static double read_back(const struct kt_disk_window *window)
{
        return (double)window->read_bytes;
}

/* The mean rate of `count` windows from items on; *ret_seconds is how long they last. */
static double mean_rate(const struct kt_disk_window *items, size_t count, rate_of *bytes, double *ret_seconds)
{
        double sum = 0;
        double seconds = 0;

        for (size_t i = 0; i < count; i++) {
                sum += bytes(&items[i]);
                seconds += items[i].seconds;
        }
        *ret_seconds = seconds;
        return seconds > 0 ? sum / seconds : 0;
}

static double highest_rate(const struct kt_disk_phase *phase, rate_of *bytes)
{
        double highest = 0;
        double seconds;

        for (size_t i = 0; i < phase->window_count; i++)
                highest = fmax(highest, mean_rate(&phase->windows[i], 1, bytes, &seconds));
        return highest;
}

/* Points of a phase as steps, "x,y" in units of the curves; origin is the time of the left edge. */
static void add_steps(struct kt_str *out, const struct plot *plot, const struct kt_disk_phase *phase, double origin,
                      rate_of *bytes)
{
        size_t fold = (phase->window_count + POINTS_MAX - 1) / POINTS_MAX;

        for (size_t i = 0; i < phase->window_count; i += fold) {
                size_t count = phase->window_count - i < fold ? phase->window_count - i : fold;
                double seconds;
                double y = y_of(plot, mean_rate(&phase->windows[i], count, bytes, &seconds));
                double begin = phase->windows[i].begin_seconds - origin;

                kt_str_addf(out, "%.1f,%.1f %.1f,%.1f ", percent_of(plot, begin) * CURVE_WIDTH / 100, y,
                            percent_of(plot, begin + seconds) * CURVE_WIDTH / 100, y);
        }
}

/* The steps as a filled area with a line above it. */
static void add_area(struct kt_str *out, const char *class, const struct plot *plot, const struct kt_disk_phase *phase,
                     double origin, rate_of *bytes)
{
        const struct kt_disk_window *last = &phase->windows[phase->window_count - 1];
        double begin = percent_of(plot, phase->windows[0].begin_seconds - origin) * CURVE_WIDTH / 100;
        double end = percent_of(plot, last->begin_seconds + last->seconds - origin) * CURVE_WIDTH / 100;
        double floor_y = y_of(plot, 0);

        kt_str_addf(out, "<polygon class=\"area %s\" points=\"%.1f,%.1f ", class, begin, floor_y);
        add_steps(out, plot, phase, origin, bytes);
        kt_str_addf(out, "%.1f,%.1f\"/>\n<polyline class=\"line %s\" points=\"", end, floor_y, class);
        add_steps(out, plot, phase, origin, bytes);
        kt_str_add(out, "\"/>\n");
}

/* ---- The write phase ---- */

static void add_ramp(struct kt_str *out, const struct plot *plot, const struct kt_disk_phase *phase, double origin)
{
        double end = 0;

        for (size_t i = 0; i < phase->window_count && phase->windows[i].is_ramp; i++)
                end = phase->windows[i].begin_seconds - origin + phase->windows[i].seconds;
        if (end > 0)
                add_band(out, "ramp", plot, 0, end, plot->most, 0);
}

/* Where level i ends: where the next begins, or with the measurement. A knee is known better than its window. */
static double level_end(const struct kt_disk_fit *fit, size_t i, double seconds)
{
        const struct kt_fit *model = &fit->model;

        if (i + 1 >= model->level_count)
                return seconds;
        return fit->has_knee && model->level_count == 2 ? fit->knee_seconds : model->levels[i + 1].begin_s;
}

/* Of the levels whose rate is known well enough for the band to say something. */
static void add_intervals(struct kt_str *out, const struct plot *plot, const struct kt_disk_fit *fit)
{
        double begin = 0;

        for (size_t i = 0; i < fit->model.level_count; i++) {
                const struct kt_interval *rate = &fit->model.levels[i].rate;
                double end = level_end(fit, i, plot->seconds);

                if (rate->high - rate->low < rate->value * BAND_MOST)
                        add_band(out, "interval", plot, begin, end, rate->high, rate->low);
                begin = end;
        }
}

static void add_model(struct kt_str *out, const struct plot *plot, const struct kt_disk_fit *fit)
{
        double begin = 0;

        kt_str_add(out, "<polyline class=\"model\" points=\"");
        for (size_t i = 0; i < fit->model.level_count; i++) {
                double end = level_end(fit, i, plot->seconds);
                double y = y_of(plot, fit->model.levels[i].rate.value);

                kt_str_addf(out, "%.1f,%.1f %.1f,%.1f ", percent_of(plot, begin) * CURVE_WIDTH / 100, y,
                            percent_of(plot, end) * CURVE_WIDTH / 100, y);
                begin = end;
        }
        kt_str_add(out, "\"/>\n");
}

/* The nearest place from y downwards where a line of text lies beside none of the grid's labels. */
static double between_ticks(const struct plot *plot, double y)
{
        double step = rate_step(plot);

        for (int i = (int)(plot->most * 1.001 / step); i > 0; i--) {
                double tick = y_of(plot, i * step) - TICK_ABOVE;

                if (fabs(y - tick) < TEXT_HEIGHT)
                        y = tick + TEXT_HEIGHT;
        }
        return y;
}

/* At the level's right end: above the last one, where the grid has no labels, below the others. */
static void add_level_labels(struct kt_str *out, const struct plot *plot, const struct kt_disk_fit *fit)
{
        double begin = 0;

        for (size_t i = 0; i < fit->model.level_count; i++) {
                bool is_last = i + 1 == fit->model.level_count;
                double end = level_end(fit, i, plot->seconds);
                double y = y_of(plot, fit->model.levels[i].rate.value);

                if (percent_of(plot, end) - percent_of(plot, begin) >= 22) {
                        kt_str_addf(out, "<text class=\"label\" x=\"%.2f%%\" y=\"%.1f\" text-anchor=\"end\" dx=\"-8\">",
                                    percent_of(plot, end), is_last ? y - 7 : between_ticks(plot, y + 18));
                        kt_markup_rate(out, fit->model.levels[i].rate.value);
                        kt_str_add(out, "</text>\n");
                }
                begin = end;
        }
}

static void add_knee(struct kt_str *out, const struct plot *plot, const struct kt_disk_fit *fit)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        double percent = percent_of(plot, fit->knee_seconds);

        if (!fit->has_knee)
                return;

        kt_str_addf(out, "<line class=\"knee\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%.1f\"/>\n", percent, percent,
                    PLOT_TOP - 8, PLOT_TOP + plot->height);
        kt_str_add(&text, "knee at ");
        kt_markup_seconds(&text, fit->knee_seconds);
        add_label(out, "", percent, PLOT_TOP - 8, kt_str_get(&text));
}

static void describe_write(const struct kt_disk_volume *volume, double seconds, struct kt_str *out)
{
        const struct kt_disk_fit *fit = &volume->fit;

        kt_str_add(out, "Over ");
        kt_markup_seconds(out, seconds);
        if (fit->has_knee) {
                kt_str_add(out, " it began with ");
                kt_markup_rate(out, fit->burst.value);
                kt_str_add(out, ", fell after ");
                kt_markup_seconds(out, fit->knee_seconds);
        }
        if (fit->sustained.is_known) {
                kt_str_add(out, fit->has_knee ? " and went on with " : " it went on with ");
                kt_markup_rate(out, fit->sustained.value);
        }
        if (!fit->has_knee && !fit->sustained.is_known)
                kt_str_add(out, " it held no rate");
        kt_str_add(out, ".");
}

static double end_of(const struct kt_disk_phase *phase)
{
        const struct kt_disk_window *last = &phase->windows[phase->window_count - 1];

        return last->begin_seconds + last->seconds;
}

bool kt_chart_write(const struct kt_disk_volume *volume, size_t number, struct kt_str *out)
{
        const struct kt_disk_phase *phase = &volume->phases[KT_PHASE_WRITE];
        KT_AUTO_STR struct kt_str description = { 0 };
        struct plot plot = { .height = 230 };
        double origin;

        if (phase->window_count == 0)
                return false;

        origin = phase->windows[0].begin_seconds;
        plot.seconds = end_of(phase) - origin;
        plot.most = highest_rate(phase, written) * HEADROOM;
        if (!(plot.most > 0) || !(plot.seconds > 0))
                return false;

        describe_write(volume, plot.seconds, &description);
        begin_chart(out, &plot, "write", number, "Rate of writing over time", kt_str_get(&description));
        add_ramp(out, &plot, phase, origin);
        add_rate_grid(out, &plot);
        add_time_axis(out, &plot);
        begin_curves(out, &plot);
        add_area(out, "write", &plot, phase, origin, written);
        end_curves(out);
        add_intervals(out, &plot, &volume->fit);
        begin_curves(out, &plot);
        add_model(out, &plot, &volume->fit);
        end_curves(out);
        add_knee(out, &plot, &volume->fit);
        add_level_labels(out, &plot, &volume->fit);
        end_chart(out);
        return true;
}

/* ---- The whole run ---- */

static void add_phase(struct kt_str *out, const struct plot *plot, const struct kt_disk_phase *phase, size_t number)
{
        double begin = phase->windows[0].begin_seconds;
        double end = end_of(phase);

        add_band(out, number % 2 ? "phase odd" : "phase", plot, begin, end, plot->most, 0);
        kt_str_addf(out, "<text class=\"tick\" x=\"%.2f%%\" y=\"%d\" text-anchor=\"middle\">%zu</text>\n",
                    (percent_of(plot, begin) + percent_of(plot, end)) / 2, PLOT_TOP - 14, number);
}

static void add_phase_curves(struct kt_str *out, const struct plot *plot, const struct kt_disk_phase *phase)
{
        double seconds;

        if (mean_rate(phase->windows, phase->window_count, written, &seconds) > 0)
                add_area(out, "write", plot, phase, 0, written);
        if (mean_rate(phase->windows, phase->window_count, read_back, &seconds) > 0)
                add_area(out, "read", plot, phase, 0, read_back);
}

size_t kt_chart_phases(const struct kt_disk_volume *volume, const struct kt_disk_phase *ret[KT_PHASE_COUNT_])
{
        size_t count = 0;

        for (size_t p = 0; p < KT_PHASE_COUNT_; p++) {
                const struct kt_disk_phase *phase = &volume->phases[p];
                size_t at = count;

                if (phase->window_count == 0)
                        continue;
                for (; at > 0 && ret[at - 1]->windows[0].begin_seconds > phase->windows[0].begin_seconds; at--)
                        ret[at] = ret[at - 1];
                ret[at] = phase;
                count++;
        }
        return count;
}

bool kt_chart_run(const struct kt_disk_volume *volume, size_t number, struct kt_str *out)
{
        const struct kt_disk_phase *phases[KT_PHASE_COUNT_];
        size_t count = kt_chart_phases(volume, phases);
        struct plot plot = { .height = 130 };

        for (size_t p = 0; p < count; p++) {
                plot.seconds = fmax(plot.seconds, end_of(phases[p]));
                plot.most = fmax(plot.most, fmax(highest_rate(phases[p], written), highest_rate(phases[p], read_back)));
        }
        if (!(plot.most > 0) || !(plot.seconds > 0))
                return false;

        plot.most *= HEADROOM;
        begin_chart(out, &plot, "run", number, "All phases of the run",
                    "Rates of writing and reading; the table of phases has the figures.");
        for (size_t p = 0; p < count; p++)
                add_phase(out, &plot, phases[p], p + 1);
        add_rate_grid(out, &plot);
        add_time_axis(out, &plot);
        begin_curves(out, &plot);
        for (size_t p = 0; p < count; p++)
                add_phase_curves(out, &plot, phases[p]);
        end_curves(out);
        end_chart(out);
        return true;
}

/* ---- Latencies ---- */

size_t kt_chart_latencies(const struct kt_disk_volume *volume, struct kt_chart_latency_row *rows, size_t max)
{
        const struct kt_disk_phase *phases = volume->phases;
        const struct kt_chart_latency_row all[] = {
                { "fdatasync, 50" GAP "% load", &phases[KT_PHASE_SYNC_50].sync_latency },
                { "fdatasync, 80" GAP "% load", &phases[KT_PHASE_SYNC_80].sync_latency },
                { "write, full load", &phases[KT_PHASE_WRITE].write_latency },
                { "cold read, full load", &phases[KT_PHASE_READ].read_latency },
                { "write beside read", &phases[KT_PHASE_MIXED].write_latency },
                { "read beside write", &phases[KT_PHASE_MIXED].read_latency },
        };
        size_t count = 0;

        for (size_t i = 0; i < KT_COUNT(all); i++) {
                if (all[i].latency->count > 0 && count < max)
                        rows[count++] = all[i];
        }
        return count;
}

/* Decades that hold all that is drawn. */
static void frame_latencies(const struct kt_chart_latency_row *rows, size_t count, struct plot *plot)
{
        double least = 1e18;
        double most = 1;

        for (size_t i = 0; i < count; i++) {
                least = fmin(least, (double)rows[i].latency->quantile_ns[0]);
                most = fmax(most, (double)rows[i].latency->quantile_ns[KT_DISK_QUANTILE_COUNT - 1]);
        }
        plot->least = pow(10, floor(log10(fmax(least, 1))));
        plot->most = pow(10, ceil(log10(fmax(most, plot->least * 2))));
}

/* 10 ms: of a power of ten in nanoseconds. */
static void decade_label(double ns, char *buf, size_t size)
{
        static const char *const units[] = { "ns", "\xc2\xb5s", "ms", "s", "ks" };
        size_t unit = 0;

        for (; ns >= 999.5 && unit + 1 < KT_COUNT(units); unit++)
                ns /= 1000;
        (void)snprintf(buf, size, "%.0f" GAP "%s", ns, units[unit]); /* fits: a number */
}

static double quantile_percent(size_t q)
{
        return 14 + 80.0 * (double)q / (KT_DISK_QUANTILE_COUNT - 1);
}

static void add_latency_curve(struct kt_str *out, const struct plot *plot, const struct kt_disk_latency *latency,
                              size_t i)
{
        begin_curves(out, plot);
        kt_str_addf(out, "<polyline class=\"line s%zu\" points=\"", i);
        for (size_t q = 0; q < KT_DISK_QUANTILE_COUNT; q++)
                kt_str_addf(out, "%.1f,%.1f ", quantile_percent(q) * CURVE_WIDTH / 100,
                            y_of(plot, (double)latency->quantile_ns[q]));
        kt_str_add(out, "\"/>\n");
        end_curves(out);
        for (size_t q = 0; q < KT_DISK_QUANTILE_COUNT; q++)
                kt_str_addf(out, "<circle class=\"dot s%zu\" cx=\"%.2f%%\" cy=\"%.1f\" r=\"3.5\"/>", i,
                            quantile_percent(q), y_of(plot, (double)latency->quantile_ns[q]));
        kt_str_add_char(out, '\n');
}

bool kt_chart_latency(const struct kt_disk_volume *volume, size_t number, struct kt_str *out)
{
        struct kt_chart_latency_row rows[LATENCIES_MAX];
        struct plot plot = { .height = 200 };
        size_t count = kt_chart_latencies(volume, rows, LATENCIES_MAX);

        if (count == 0)
                return false;

        frame_latencies(rows, count, &plot);
        begin_chart(out, &plot, "latency", number, "Latency by percentile",
                    "A line for each kind of request, on a logarithmic scale; the table has the figures.");
        for (double value = plot.least; value <= plot.most * 1.001; value *= 10) {
                char label[64];

                decade_label(value, label, sizeof(label));
                add_grid_line(out, &plot, value, label);
        }
        for (size_t q = 0; q < KT_DISK_QUANTILE_COUNT; q++) {
                char text[32];

                (void)snprintf(text, sizeof(text), "%s%.6g", q == 0 ? "p" : "", kt_disk_quantiles[q] * 100); /* fits */
                add_below(out, &plot, quantile_percent(q), text);
        }
        for (size_t i = 0; i < count; i++)
                add_latency_curve(out, &plot, rows[i].latency, i);
        end_chart(out);
        return true;
}

/* ---- The cap ---- */

enum { BAR_HEIGHT = 34 };

static const struct kt_disk_rate *alone(const struct kt_disk_volume *volume, bool is_read)
{
        return is_read ? &volume->phases[KT_PHASE_READ_SOLO].read : &volume->phases[KT_PHASE_SOLO].write;
}

/* One bar, from `from` on, with its caption above when it has one. */
static void add_bar(struct kt_str *out, const struct plot *plot, const char *class, double from, double value, double y)
{
        kt_str_addf(out, "<rect class=\"bar %s\" x=\"%.2f%%\" width=\"%.2f%%\" y=\"%.0f\" height=\"%d\"/>", class,
                    percent_of(plot, from), percent_of(plot, value), y, BAR_HEIGHT);
}

static void add_caption(struct kt_str *out, const char *what, double rate, double y)
{
        kt_str_addf(out, "<text class=\"label\" x=\"0\" y=\"%.0f\">%s: ", y, what);
        kt_markup_rate(out, rate);
        kt_str_add(out, "</text>\n");
}

static void add_alone(struct kt_str *out, const struct kt_disk_result *result, bool is_read, const struct plot *plot,
                      double y)
{
        double sum = 0;

        for (size_t v = 0; v < result->volume_count; v++) {
                const struct kt_disk_rate *rate = alone(&result->volumes[v], is_read);

                add_bar(out, plot, v % 2 ? "alone odd" : "alone", sum, rate->value, y);
                kt_str_addf(out, "<text class=\"inside\" x=\"%.2f%%\" y=\"%.0f\" text-anchor=\"middle\">%zu</text>\n",
                            percent_of(plot, sum + rate->value / 2), y + 22, v + 1);
                sum += rate->value;
        }
}

bool kt_chart_cap(const struct kt_disk_result *result, bool is_read, struct kt_str *out)
{
        const struct kt_disk_cap *cap = is_read ? &result->node.read : &result->node.write;
        struct plot plot = { .height = 2 * (BAR_HEIGHT + 26) - 20, .most = 1 };
        double x;

        plot.seconds = fmax(cap->alone, cap->together.value) * 1.0001; /* the axis is a rate here */
        if (!cap->is_known || !(plot.seconds > 1))
                return false;

        begin_chart(out, &plot, is_read ? "cap-read" : "cap-write", 0, "The volumes alone, and all of them together",
                    "The two bars are as long as the rates in their captions.");
        add_caption(out, "each alone, added up", cap->alone, 16);
        add_alone(out, result, is_read, &plot, PLOT_TOP);
        add_caption(out, "all together", cap->together.value, PLOT_TOP + BAR_HEIGHT + 24);
        add_bar(out, &plot, is_read ? "together read" : "together", 0, cap->together.value, PLOT_TOP + BAR_HEIGHT + 34);
        x = percent_of(&plot, cap->together.value);
        if (cap->verdict == KT_CAP_SHARED)
                kt_str_addf(out, "<line class=\"knee\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"%d\" y2=\"%d\"/>\n", x, x,
                            PLOT_TOP - 4, PLOT_TOP + 2 * BAR_HEIGHT + 38);
        end_chart(out);
        return true;
}
