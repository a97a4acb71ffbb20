/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of kafka-tuner: one function each, with the arguments that main.c's options fill. */
#ifndef KT_TUNER_VERBS_H
#define KT_TUNER_VERBS_H

#include <stdbool.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"
#include "tuner/inputs.h"
#include "tuner/queue.h"
#include "tuner/wish.h"

enum kt_output { KT_OUTPUT_TEXT, KT_OUTPUT_JSON };

struct kt_tuner_args {
        const char *config; /* NULL: KT_SPEC_PATH, if it is there */
        int output;         /* enum kt_output */
        const char *sysroot;
        bool verbose;
        const char *only;
        const char *pid;
        const char *journal; /* NULL: KT_JOURNAL_PATH */
        bool script;
        const char *node_cap; /* bytes per second that the node's volumes take together, as a size */
        char **operands;      /* NULL-terminated */
        const char *version;  /* of the program */
        const char *device;
        const char *prove; /* the id of the row that apply proves */
};

/* Each takes a struct kt_tuner_args and returns the exit code. */
int kt_tuner_check(void *args);
int kt_tuner_list(void *args);
int kt_tuner_plan(void *args);
int kt_tuner_apply(void *args);
int kt_tuner_revert(void *args);
int kt_tuner_doctor(void *args);
int kt_tuner_snapshot(void *args);
int kt_tuner_size(void *args);

/* Reads --pid; text may be NULL, and then ret stays. 0 or -EINVAL. */
KT_MUST_CHECK int kt_tuner_parse_pid(const char *text, uint64_t *ret, struct kt_err *e);

/* What every verb starts with: kafka.yaml, and the wishes of the selection. Complaints go to stderr. Returns 0, or the
 * exit code to end with. Release both in any case. */
KT_MUST_CHECK int kt_tuner_prepare(const struct kt_tuner_args *args, const struct kt_selection *selection,
                                   struct kt_inputs *inputs, struct kt_wishes *wishes);

/* Complains on stderr about ids that no row has. Returns 0, or the exit code to end with. */
KT_MUST_CHECK int kt_tuner_check_ids(const char *ids, const char *option);

/* Resolves --device, or else the volumes of kafka.yaml, when a wish is about block devices. Complaints go to stderr.
 * Returns 0, or the exit code to end with. Release ret in any case. */
KT_MUST_CHECK int kt_tuner_load_queues(const struct kt_tuner_args *args, const struct kt_inputs *inputs,
                                       const struct kt_wishes *wishes, const struct kt_root *root,
                                       struct kt_queues *ret);

/* Appends an option and its value as arguments of a shell: " --journal '/a b'"; nothing when value is NULL. */
void kt_tuner_add_option(const char *option, const char *value, struct kt_str *out);

/* Appends what selects the same rows again, as arguments of a shell: " --device /mnt". */
void kt_tuner_add_arguments(const struct kt_tuner_args *args, struct kt_str *out);

/* Says on stderr what failed and returns code. */
int kt_tuner_fail(const struct kt_err *e, int code);

/* Prints the report and returns code, or KT_EXIT_FAILED when it could not be built (r < 0) or printed. */
int kt_tuner_finish(const struct kt_str *out, int r, int code);

#endif
