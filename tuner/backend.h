/* SPDX-License-Identifier: Apache-2.0 */
/* A back end is one way to reach values: a table of functions. A new one is a struct like these, its enum
 * kt_row_backend and its line in facts.c; engine, plan, journal and reports stay as they are. */
#ifndef KT_TUNER_BACKEND_H
#define KT_TUNER_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/text/str.h"
#include "tuner/facts.h"
#include "tuner/row.h"

enum { KT_BACKEND_NO_CAPABILITY = -1 };

/* facts->place says which of the row's objects is meant. What is marked may be NULL. */
struct kt_backend {
        /* Appends the value, in the form in which it is compared. The codes of kt_tuner_facts_read. */
        int (*read)(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                    struct kt_err *e);
        /* Writes once and believes nothing: 0 says no more than that the kernel did not complain. -ESTALE: facts->seen
         * was not there, and what was there is. */
        int (*write)(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value, struct kt_err *e);
        /* How many objects the row has here; NULL: one. 0 is an error for every row that asks. */
        size_t (*count)(const struct kt_tuner_facts *facts, const struct kt_row *row);
        /* Appends what the object is called in reports; NULL: the row's id. */
        void (*object)(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out);
        /* Appends what else a person has to know of the object, one clause; NULL: nothing. */
        void (*note)(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out);
        /* Appends what makes the object the same one later (a serial number, a start time), never a mere name; 0 or
         * -errno. NULL: there is one on this machine. */
        int (*identify)(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out,
                        struct kt_err *e);
        /* Points facts at the object with that identity: 0; -ESRCH: it is gone for good; -EXDEV: it is elsewhere; or
         * another -errno. NULL: identities are compared. */
        int (*locate)(const char *identity, const struct kt_row *row, struct kt_tuner_facts *facts, struct kt_err *e);
        /* True when that is a value which the kernel itself gives the row when one that disturbs it is written. NULL:
         * no row is disturbed. */
        bool (*is_reset)(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value);
        /* Appends the command that a person types to set the value. */
        void (*command)(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                        struct kt_str *out);
        /* Appends the call of one of kt_plan_script's shell functions that does it with all guards. NULL: all of the
         * rows are only looked at. */
        void (*script)(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *old_value,
                       const char *new_value, struct kt_str *out);
        int capability; /* that a write needs, or KT_BACKEND_NO_CAPABILITY */
};

extern const struct kt_backend kt_backend_sysctl;
extern const struct kt_backend kt_backend_sysfs;
extern const struct kt_backend kt_backend_limit;
extern const struct kt_backend kt_backend_queue;
extern const struct kt_backend kt_backend_mount;

const struct kt_backend *kt_backend_of(const struct kt_row *row);

enum { KT_BACKEND_CAPABILITIES_MAX = 4 }; /* different ones that back ends ask for */

struct kt_backend_capabilities {
        int items[KT_BACKEND_CAPABILITIES_MAX];
        size_t count;
};

/* Adds what a write of the row needs, unless it is in the set already. */
void kt_backend_add_capability(const struct kt_row *row, struct kt_backend_capabilities *set);

#endif
