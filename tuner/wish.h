/* SPDX-License-Identifier: Apache-2.0 */
/* What shall be: the rows that count in this run, and the value wanted of each. */
#ifndef KT_TUNER_WISH_H
#define KT_TUNER_WISH_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/finding.h"
#include "tuner/inputs.h"
#include "tuner/row.h"

/* Texts are owned. */
struct kt_wish {
        const struct kt_row *row;
        char *want; /* passes kt_tuner_judge_want */
        char *why;
        bool is_check_only; /* the row, or policy: check in kafka.yaml: looked at, never written */
};

struct kt_wishes {
        struct kt_wish *items;
        size_t count;
        size_t cap;
        size_t ignored; /* rows of the profile that kafka.yaml leaves out (policy: ignore) */
};

/* Which rows: those of the profile and those that kafka.yaml names, unless one of these says otherwise. */
struct kt_selection {
        const char *only; /* ids, separated by commas; NULL: no restriction */
        bool all;         /* every row there is */
        bool no_process;  /* unless only names them: no limits of processes, for there is no process to write to */
        bool devices;     /* a device was named: the rows about block devices count, too */
};

/* Makes the list, in the order of the rows. 0; -EINVAL when kafka.yaml or only names an unknown row or a value that is
 * none, with the reasons in findings; or another -errno with its reason in e. Release it with kt_wishes_done. */
KT_MUST_CHECK int kt_wishes_make(const struct kt_inputs *inputs, const struct kt_selection *selection,
                                 struct kt_wishes *ret, struct kt_findings *findings, struct kt_err *e);
void kt_wishes_done(struct kt_wishes *wishes);

/* Adds an error, with a suggestion where there is one, for each of these ids that no row has. */
void kt_wish_check_only(const char *only, const char *option, struct kt_findings *findings);

/* True when the ids in only, separated by commas, hold id. */
bool kt_wish_is_listed(const char *only, const char *id);

/* Appends the wish as a person reads it: ">= 262144", "1 to 10", "madvise or always". */
void kt_wish_show(const struct kt_wish *wish, struct kt_str *out);

/* Appends a value as a person reads it: a number of more than twelve digits as 9.2e18. */
void kt_wish_show_value(const char *value, struct kt_str *out);

#endif
