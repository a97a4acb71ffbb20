/* SPDX-License-Identifier: Apache-2.0 */
/* Facts against wishes: one verdict for each object of each row. Reads, judges, changes nothing. */
#ifndef KT_TUNER_ENGINE_H
#define KT_TUNER_ENGINE_H

#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/facts.h"
#include "tuner/netns.h"
#include "tuner/wish.h"

/* In the order in which reports list them: what a person has to look at comes first. */
enum kt_state {
        KT_STATE_CONFLICT,    /* somebody else changed it meanwhile; left alone */
        KT_STATE_DRIFT,       /* falls short of the wish */
        KT_STATE_ERROR,       /* holds something that is no value, or reading or writing failed */
        KT_STATE_DENIED,      /* may not be read or written here */
        KT_STATE_UNSUPPORTED, /* this kernel has no such file */
        KT_STATE_APPLIED,     /* written by this run, read back, and right */
        KT_STATE_OK,
        KT_STATE_COUNT_
};

/* Texts are owned; have is NULL when it is not known, next when there is nothing to do. */
struct kt_tuner_verdict {
        const struct kt_wish *wish; /* borrowed; NULL for what a journal asks for */
        size_t order;               /* in which it was added: that of the wishes */
        char *id;                   /* of the row */
        struct kt_tuner_facts at;   /* the object; borrows the machine */
        enum kt_state state;
        enum kt_reach reach; /* of a row of a network namespace */
        char *object;
        char *have;
        char *want; /* where there is no wish: the value itself */
        char *reason;
        char *next; /* a command for a shell, or a sentence */
};

struct kt_tuner_verdicts {
        struct kt_tuner_verdict *items; /* by state, then in the order of the wishes */
        size_t count;
        size_t cap;
        size_t states[KT_STATE_COUNT_]; /* how many there are of each */
};

/* Adds an empty verdict; NULL when memory ran out. */
struct kt_tuner_verdict *kt_tuner_verdicts_add(struct kt_tuner_verdicts *verdicts);

/* Gives the verdict another state, with copies of its reason and next step (may be NULL). 0 or -ENOMEM. */
KT_MUST_CHECK int kt_tuner_verdict_set(struct kt_tuner_verdict *verdict, enum kt_state state, const char *reason,
                                       const char *next);

/* Sorts by state, and counts the states anew. */
void kt_tuner_verdicts_sort(struct kt_tuner_verdicts *verdicts);

/* The state of a row whose file could not be read or written. */
enum kt_state kt_state_of_failure(int code);

/* Judges every wish. What cannot be read is a verdict too; the only error is -ENOMEM. Borrows wishes for as long as ret
 * lives; release it with kt_tuner_verdicts_done. */
KT_MUST_CHECK int kt_engine_check(const struct kt_tuner_facts *facts, const struct kt_wishes *wishes,
                                  struct kt_tuner_verdicts *ret, struct kt_err *e);

/* Asks the running kernel how far values of network namespaces reach, and says so in their reasons. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_engine_add_reach(struct kt_tuner_verdicts *verdicts, struct kt_err *e);
void kt_tuner_verdicts_done(struct kt_tuner_verdicts *verdicts);

const char *kt_state_name(enum kt_state state);

/* The exit code of a check: a conflict or drift is 1, else an error 4, else what is denied or unsupported 3, else 0.
 * When something was applied and something was not: 5. */
int kt_engine_exit_code(const struct kt_tuner_verdicts *verdicts);

#endif
