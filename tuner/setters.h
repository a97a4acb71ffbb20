/* SPDX-License-Identifier: Apache-2.0 */
/* Who else sets a tunable: the files that sysctl.d(5) and TuneD read, of this machine or of a captured one. */
#ifndef KT_TUNER_SETTERS_H
#define KT_TUNER_SETTERS_H

#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"
#include "lib/text/str.h"
#include "tuner/row.h"

/* One line of such a file that sets a row. */
struct kt_setter {
        const struct kt_row *row;
        const char *who; /* static: "sysctl.d", "TuneD" */
        char *file;
        char *value;
        char only; /* TuneD: '>' when it is set only where less is there, '<' only where more is; else '\0' */
        unsigned line;
};

/* In the order in which they are written at boot: of two for the same row the later one stands. */
struct kt_setters {
        struct kt_setter *items;
        size_t count;
        size_t cap;
        struct kt_str files; /* TuneD's profiles that were read, each path with its NUL */
};

/* Where sysctl.d(5) looks, the directory that counts most first, and where it ends. */
extern const char *const kt_setters_sysctl_dirs[];
extern const size_t kt_setters_sysctl_dir_count;

/* Collects them. What is not there is no error; a file that may not be read is. Release with kt_setters_done. */
KT_MUST_CHECK int kt_setters_load(const struct kt_root *root, struct kt_setters *ret, struct kt_err *e);
void kt_setters_done(struct kt_setters *setters);

/* Appends those lines of a file that say anything of a row, and section headers: what a snapshot keeps of it. */
void kt_setters_keep(const char *text, struct kt_str *out);

#endif
