/* SPDX-License-Identifier: Apache-2.0 */
/* Proof of benefit: old and new value in turn, a measurement of each, and only what is not worse stays. */
#ifndef KT_TUNER_PROVE_H
#define KT_TUNER_PROVE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/effect.h"
#include "tuner/journal.h"
#include "tuner/plan.h"

enum { KT_PROVE_ROUNDS = 10, KT_PROVE_WAIT_MS = 100 };

struct kt_prove_how {
        size_t rounds;    /* pairs of measurements, KT_EFFECT_ROUNDS_MIN to KT_EFFECT_ROUNDS_MAX */
        unsigned wait_ms; /* between a write and the measurement behind it */
        /* A rate, more of which is better. */
        int (*measure)(void *context, double *ret, struct kt_err *e);
        void *context;
        bool (*is_stopped)(void); /* somebody wants the process to end; NULL: nobody does */
};

struct kt_proof {
        bool is_measured; /* effect holds */
        bool is_kept;     /* the new value stays */
        struct kt_effect effect;
};

/* Proves all steps of the plan together: they are one row's. Each is announced in the journal before its first write,
 * and a run that is killed leaves changes that kt_apply_settle takes back. Whatever happens, each step ends with its
 * old value, unless the verdict is better or no difference; or somebody else changed it meanwhile, and then it is left
 * alone. The steps' verdicts say what became of them. 0; -EINTR when stopped, and e says so when all old values are
 * back; -ENOMEM, or the error after which the journal is no longer to be relied on. */
KT_MUST_CHECK int kt_prove(const struct kt_plan *plan, struct kt_journal *journal, const struct kt_prove_how *how,
                           struct kt_proof *ret, struct kt_err *e);

#endif
