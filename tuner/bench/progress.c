/* SPDX-License-Identifier: Apache-2.0 */
/* The live line. Whether it could be written does not matter: the report is what counts. */
#include "tuner/bench/progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/attr.h"
#include "lib/text/num.h"

static const double line_seconds = 5; /* between plain lines */

static bool says_utf8(void)
{
        static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

        for (size_t i = 0; i < KT_COUNT(names); i++) {
                const char *value = getenv(names[i]);

                if (value && value[0] != '\0')
                        return strstr(value, "UTF-8") || strstr(value, "utf8");
        }
        return false;
}

void kt_progress_init(struct kt_progress *progress, FILE *stream, double seconds)
{
        const char *term = getenv("TERM");

        *progress = (struct kt_progress){
                .stream = stream,
                .is_live = stream && isatty(fileno(stream)) && term && strcmp(term, "dumb") != 0,
                .is_utf8 = says_utf8(),
                .seconds = seconds,
                .last_line = -line_seconds,
        };
}

void kt_progress_phase(struct kt_progress *progress)
{
        progress->count = 0;
}

void kt_progress_spark(const double *rates, size_t count, bool is_utf8, struct kt_str *out)
{
        static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
        static const char *const letters[] = { "_", ".", ",", "-", "=", "+", "*", "#" };
        double most = 0;

        for (size_t i = 0; i < count; i++)
                most = rates[i] > most ? rates[i] : most;
        for (size_t i = 0; i < count; i++) {
                double share = most > 0 ? rates[i] / most : 0;
                size_t level = (size_t)(share * (KT_COUNT(blocks) - 1) + 0.5);

                kt_str_add(out, (is_utf8 ? blocks : letters)[level]);
        }
}

static void print(struct kt_progress *progress, const struct kt_str *text)
{
        if (kt_str_error(text) < 0)
                return;
        (void)fwrite(kt_str_get(text), 1, text->len, progress->stream); /* see above */
        (void)fflush(progress->stream);
}

void kt_progress_window(struct kt_progress *progress, double elapsed, const char *phase, double rate,
                        const char *so_far)
{
        KT_AUTO_STR struct kt_str line = { 0 };
        char text[KT_NUM_TEXT_MAX];

        if (!progress->stream)
                return;
        if (progress->count == KT_PROGRESS_BARS)
                memmove(progress->rates, progress->rates + 1, --progress->count * sizeof(progress->rates[0]));
        progress->rates[progress->count++] = rate;
        if (!progress->is_live && elapsed - progress->last_line < line_seconds)
                return;

        progress->last_line = elapsed;
        kt_str_addf(&line, "%s%3.0f of %.0f s  %-22s %9s/s", progress->is_live ? "\r\033[K" : "", elapsed,
                    progress->seconds, phase, kt_num_format_decimal((uint64_t)rate, text));
        if (progress->is_live) {
                kt_str_add(&line, "  ");
                kt_progress_spark(progress->rates, progress->count, progress->is_utf8, &line);
        }
        kt_str_addf(&line, "%s%s%s", so_far[0] != '\0' ? "  " : "", so_far, progress->is_live ? "" : "\n");
        progress->is_open = progress->is_live;
        print(progress, &line);
}

void kt_progress_say(struct kt_progress *progress, const char *text)
{
        KT_AUTO_STR struct kt_str line = { 0 };

        if (!progress->stream)
                return;
        kt_str_addf(&line, "%s%s\n", progress->is_open ? "\r\033[K" : "", text);
        progress->is_open = false;
        print(progress, &line);
}

void kt_progress_done(struct kt_progress *progress)
{
        KT_AUTO_STR struct kt_str line = { 0 };

        if (!progress->is_open)
                return;
        kt_str_add(&line, "\r\033[K");
        progress->is_open = false;
        print(progress, &line);
}
