/* SPDX-License-Identifier: Apache-2.0 */
/* Facts against wishes: one verdict for each row. Reads, judges, changes nothing. */
#ifndef KT_TUNER_ENGINE_H
#define KT_TUNER_ENGINE_H

#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/facts.h"
#include "tuner/wish.h"

/* In the order in which reports list them: what a person has to look at comes first. */
enum kt_state {
        KT_STATE_DRIFT,       /* falls short of the wish */
        KT_STATE_ERROR,       /* holds something that is no value, or reading failed */
        KT_STATE_DENIED,      /* may not be read here */
        KT_STATE_UNSUPPORTED, /* this kernel has no such file */
        KT_STATE_OK,
        KT_STATE_COUNT_
};

/* Texts but wish are owned; have is NULL when it is not known, next when there is nothing to do. */
struct kt_tuner_verdict {
        const struct kt_wish *wish; /* borrowed */
        enum kt_state state;
        char *object;
        char *have;
        char *reason;
        char *next; /* a command for a shell, or a sentence */
};

struct kt_tuner_verdicts {
        struct kt_tuner_verdict *items; /* by state, then in the order of the wishes */
        size_t count;
        size_t cap;
        size_t states[KT_STATE_COUNT_]; /* how many there are of each */
};

/* Judges every wish. What cannot be read is a verdict too; the only error is -ENOMEM. Borrows wishes for as long as ret
 * lives; release it with kt_tuner_verdicts_done. */
KT_MUST_CHECK int kt_engine_check(const struct kt_tuner_facts *facts, const struct kt_wishes *wishes,
                                  struct kt_tuner_verdicts *ret, struct kt_err *e);
void kt_tuner_verdicts_done(struct kt_tuner_verdicts *verdicts);

const char *kt_state_name(enum kt_state state);

/* The exit code of a check: drift is 1, else an error 4, else what is denied or unsupported 3, else 0. */
int kt_engine_exit_code(const struct kt_tuner_verdicts *verdicts);

#endif
