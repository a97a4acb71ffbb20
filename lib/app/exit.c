/* SPDX-License-Identifier: Apache-2.0 */
/* What each exit code means, as --help and the man pages print it. */
#include "lib/app/exit.h"

#include "lib/base/attr.h"

const struct kt_exit_row kt_exit_rows[] = {
        { KT_EXIT_OK, "done, or already in the wanted state" },
        { KT_EXIT_NOT_WANTED, "not in the wanted state: drift, a failed check or an unmet requirement" },
        { KT_EXIT_USAGE, "wrong usage or wrong configuration" },
        { KT_EXIT_UNSUPPORTED, "unsupported or not permitted here" },
        { KT_EXIT_FAILED, "failed" },
        { KT_EXIT_PARTLY, "partly applied; the journal is kept" },
        { KT_EXIT_NOT_PROVABLE, "measured, but not steady or not provable" },
        { KT_EXIT_CANNOT_EXEC, "the program to start was found but could not be executed" },
        { KT_EXIT_NO_PROGRAM, "the program to start was not found" },
};

const size_t kt_exit_row_count = KT_COUNT(kt_exit_rows);
