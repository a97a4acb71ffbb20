/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes of all programs: one list, printed by --help and the man pages. */
#ifndef KT_APP_EXIT_H
#define KT_APP_EXIT_H

#include <stddef.h>

enum kt_exit {
        KT_EXIT_OK = 0,
        KT_EXIT_NOT_WANTED = 1,
        KT_EXIT_USAGE = 2,
        KT_EXIT_UNSUPPORTED = 3,
        KT_EXIT_FAILED = 4,
        KT_EXIT_PARTLY = 5,
        KT_EXIT_NOT_PROVABLE = 6,
        KT_EXIT_CANNOT_EXEC = 126,
        KT_EXIT_NO_PROGRAM = 127,
};

struct kt_exit_row {
        enum kt_exit code;
        const char *meaning;
};

extern const struct kt_exit_row kt_exit_rows[];
extern const size_t kt_exit_row_count;

#endif
