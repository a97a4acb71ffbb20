/* SPDX-License-Identifier: Apache-2.0 */
/* Hard limits of a process. Data only. Soft ones do not matter: HotSpot raises its own (-XX:+MaxFDLimit). */
#include "tuner/derive.h"
#include "tuner/row.h"

static const struct kt_row rows[] = {
        {
                .id = "process.nofile",
                .path = "/proc/PID/limits",
                .line = "Max open files",
                .limit = "nofile",
                .backend = KT_BACKEND_LIMIT,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .derive = kt_derive_open_files,
                .scope = KT_SCOPE_PROCESS,
                .is_default = true,
                .grade = 'B',
                .source = "Kafka documentation, Operations, OS; a segment's log file and every connection stay open",
                .why = "a broker that cannot open one more file refuses connections and stops",
                .risk = "a leak is noticed later",
        },
        {
                .id = "process.nproc",
                .path = "/proc/PID/limits",
                .line = "Max processes",
                .limit = "nproc",
                .backend = KT_BACKEND_LIMIT,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .want = "4096",
                .scope = KT_SCOPE_PROCESS,
                .grade = 'D',
                .source = "no vendor's number; counts all threads of the user ID, in all pods of the node",
                .why = "a broker that cannot start a thread fails with OutOfMemoryError: unable to create native thread",
                .risk = "a runaway program takes more of the node",
        },
};

const struct kt_row_set kt_rows_limits = { rows, KT_COUNT(rows) };
