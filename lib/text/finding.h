/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: what a check has to say, collected instead of printed, so that one run reports everything it saw. */
#ifndef KT_TEXT_FINDING_H
#define KT_TEXT_FINDING_H

#include <stdarg.h>
#include <stddef.h>

#include "lib/base/attr.h"

enum kt_level {
        KT_LEVEL_NOTE,
        KT_LEVEL_WARNING,
        KT_LEVEL_ERROR, /* what was asked for is not done while this stands */
        KT_LEVEL_COUNT_
};

/* Every text but id is owned by the list it stands in; all but message may be NULL. */
struct kt_finding {
        enum kt_level level;
        const char *id;      /* static and stable: names the kind of finding in JSON, kebab-case */
        const char *key;     /* property or setting it is about */
        const char *value;   /* its offending value; never a secret */
        const char *source;  /* where it came from: "kafka.yaml:14:5", "env KAFKA_LISTENERS", a path */
        const char *message; /* one sentence, no newline at the end */
        const char *next;    /* what a person does about it */
};

/* Zero-initialise; release with kt_findings_done. */
struct kt_findings {
        struct kt_finding *items;
        size_t count;
        size_t cap;
        int error; /* -ENOMEM when a finding got lost */
};

void kt_findings_done(struct kt_findings *list);

/* Adds a copy of *head (its message is ignored) with the formatted message. Memory trouble is kept in list->error. */
void kt_findings_add(struct kt_findings *list, const struct kt_finding *head, const char *format, ...) KT_PRINTF(3, 4);

void kt_findings_vadd(struct kt_findings *list, const struct kt_finding *head, const char *format, va_list args)
        KT_PRINTF(3, 0);

/* How many findings have that level. */
size_t kt_findings_count(const struct kt_findings *list, enum kt_level level);

/* First finding of that level, NULL when there is none; borrowed. */
const struct kt_finding *kt_findings_first(const struct kt_findings *list, enum kt_level level);

/* "error", "warning", "note": as printed and as in JSON. */
const char *kt_level_name(enum kt_level level);

#endif
