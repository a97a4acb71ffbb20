/* SPDX-License-Identifier: Apache-2.0 */
/* What a run tells: a line a step as it happens, or all of it as one JSON object at the end. */
#ifndef KT_INITC_STEPS_H
#define KT_INITC_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "initc/args.h"
#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/text/finding.h"

enum kt_step_state {
        KT_STEP_DONE,
        KT_STEP_UNCHANGED,
        KT_STEP_PLANNED,
        KT_STEP_REFUSED,
        KT_STEP_FAILED,
        KT_STEP_COUNT_
};

struct kt_step {
        const char *name; /* static */
        enum kt_step_state state;
        char *message;
};

struct kt_steps {
        bool is_text; /* print lines as they come */
        bool colour;
        struct kt_step *items;
        size_t count;
        size_t cap;
};

void kt_steps_init(struct kt_steps *steps, const struct kt_args *args);
void kt_steps_done(struct kt_steps *steps);

/* Records the step and, in text mode, prints "name       message" with aside (may be NULL) in a column of its own. */
void kt_steps_add(struct kt_steps *steps, const char *name, enum kt_step_state state, const char *aside,
                  const char *format, ...) KT_PRINTF(5, 6);

/* Prints a line that is no step, in text mode only: a heading, the verdict. */
void kt_steps_say(const struct kt_steps *steps, const char *name, const char *format, ...) KT_PRINTF(3, 4);

/* Prints the warnings (and notes when verbose), then every error under the word "refused", each with its next step. */
void kt_steps_say_findings(const struct kt_steps *steps, const struct kt_findings *findings, bool verbose);

/* A finding as it is told everywhere: its place where the message does not name it, the message, and "Next: ..." in a line
 * of its own. Owned by the caller; NULL when memory ran out. */
KT_MUST_CHECK char *kt_steps_finding_text(const struct kt_finding *finding);

/* Adds "steps": [{name, state, message}] to the document. */
void kt_steps_json(const struct kt_steps *steps, struct kt_json *document);

const char *kt_step_state_name(enum kt_step_state state);

#endif
