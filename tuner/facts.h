/* SPDX-License-Identifier: Apache-2.0 */
/* What is: reads the present value of a row, of this machine or of a captured one. */
#ifndef KT_TUNER_FACTS_H
#define KT_TUNER_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/device.h"
#include "lib/os/root.h"
#include "lib/text/str.h"
#include "tuner/row.h"

struct kt_processes;
struct kt_queues;

/* A machine, and one of the objects on it that a row is about. A copy points at the same machine. */
struct kt_tuner_facts {
        const struct kt_root *root;
        uint64_t pid;                   /* the process whose limits count; 0: those of processes, or the own one */
        const struct kt_queues *queues; /* the block devices that count; NULL: none */
        const struct kt_processes *processes; /* those whose limits count when there is no pid; NULL or empty: none */
        char disk[KT_DEVICE_NAME_MAX];        /* the one that kt_tuner_facts_locate found; "": place says which */
        size_t place;                         /* which of several objects of a row, from 0 */
        const char *seen; /* what the writer takes for the present value; NULL: anything. Of a limit nothing else is
                           * overwritten: a number may have gone to another process since it was looked at */
};

/* How many objects the row has on this machine. */
size_t kt_tuner_facts_count(const struct kt_tuner_facts *facts, const struct kt_row *row);

/* Appends the row's value: tabs become blanks, of a choice only the word in force. -ENOENT: there is no such file;
 * -EACCES, -EPERM: it may not be read; -ESRCH: there is no such process; -EBADMSG: it holds something else. */
KT_MUST_CHECK int kt_tuner_facts_read(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                                      struct kt_err *e);

/* Appends what the row is about: its id, and for a process's row which process. */
void kt_tuner_facts_object(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out);

/* Appends what else a person has to know of the object, one clause; nothing when there is nothing. */
void kt_tuner_facts_note(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out);

/* Appends what tells the object from another one of the same name; "" when there is only one. */
KT_MUST_CHECK int kt_tuner_facts_identify(const struct kt_tuner_facts *facts, const struct kt_row *row,
                                          struct kt_str *out, struct kt_err *e);

/* Points facts at the object with that identity. 0; -ESRCH: gone for good; -EXDEV: not to be reached from here. */
KT_MUST_CHECK int kt_tuner_facts_locate(const char *identity, const struct kt_row *row, struct kt_tuner_facts *facts,
                                        struct kt_err *e);

/* Appends the command that sets the row to value. */
void kt_tuner_facts_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                            struct kt_str *out);

#endif
