/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of kafka-tuner: one function each, with the arguments that main.c's options fill. */
#ifndef KT_TUNER_VERBS_H
#define KT_TUNER_VERBS_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"
#include "tuner/inputs.h"
#include "tuner/wish.h"

enum kt_output { KT_OUTPUT_TEXT, KT_OUTPUT_JSON };

struct kt_tuner_args {
        const char *config; /* NULL: KT_SPEC_PATH, if it is there */
        int output;         /* enum kt_output */
        const char *sysroot;
        bool verbose;
        const char *only;
        const char *pid;
};

/* Each takes a struct kt_tuner_args and returns the exit code. */
int kt_tuner_check(void *args);
int kt_tuner_list(void *args);

/* What every verb starts with: kafka.yaml, and the wishes of the selection. Complaints go to stderr. Returns 0, or the
 * exit code to end with. Release both in any case. */
KT_MUST_CHECK int kt_tuner_prepare(const struct kt_tuner_args *args, const struct kt_selection *selection,
                                   struct kt_inputs *inputs, struct kt_wishes *wishes);

/* Says on stderr what failed and returns code. */
int kt_tuner_fail(const struct kt_err *e, int code);

/* Prints the report and returns code, or KT_EXIT_FAILED when it could not be built (r < 0) or printed. */
int kt_tuner_finish(const struct kt_str *out, int r, int code);

#endif
