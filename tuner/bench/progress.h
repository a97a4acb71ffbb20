/* SPDX-License-Identifier: Apache-2.0 */
/* What a person sees while it runs, on stderr: one live line on a terminal, otherwise a plain line now and then. */
#ifndef KT_TUNER_BENCH_PROGRESS_H
#define KT_TUNER_BENCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/text/str.h"

enum { KT_PROGRESS_BARS = 32 };

struct kt_progress {
        FILE *stream; /* NULL: say nothing */
        bool is_live;
        bool is_utf8;
        double seconds;                 /* the whole run may take */
        double rates[KT_PROGRESS_BARS]; /* the last ones of this phase */
        size_t count;
        double last_line; /* when the last plain line was printed */
        bool is_open;     /* a live line waits to be wiped */
};

/* Looks at stream (borrowed) and the environment. */
void kt_progress_init(struct kt_progress *progress, FILE *stream, double seconds);

/* A new phase begins. */
void kt_progress_phase(struct kt_progress *progress);

/* One more window: elapsed seconds of the run, the phase, bytes per second, and what can be said so far (may be ""). */
void kt_progress_window(struct kt_progress *progress, double elapsed, const char *phase, double rate,
                        const char *so_far);

/* A line of its own, above the live one. */
void kt_progress_say(struct kt_progress *progress, const char *text);

/* Wipes the live line. */
void kt_progress_done(struct kt_progress *progress);

/* Appends one bar for each rate, scaled to the largest of them. */
void kt_progress_spark(const double *rates, size_t count, bool is_utf8, struct kt_str *out);

#endif
