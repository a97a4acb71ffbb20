/* SPDX-License-Identifier: Apache-2.0 */
/* Open files of the node, and how many tasks it can hold. Data only. */
#include "tuner/derive.h"
#include "tuner/row.h"

static const struct kt_row rows[] = {
        {
                .id = "fs.file-max",
                .path = "/proc/sys/fs/file-max",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .derive = kt_derive_file_max,
                .scope = KT_SCOPE_NODE,
                .is_default = true,
                .grade = 'B',
                .source = "kernel documentation, admin-guide/sysctl/fs, file-max; Kafka documentation, Operations, OS",
                .why = "all processes of the node together can open that many files; the kernel's default follows the memory",
                .risk = "none known: it bounds and reserves nothing",
        },
        {
                .id = "fs.nr_open",
                .path = "/proc/sys/fs/nr_open",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .derive = kt_derive_nr_open,
                .scope = KT_SCOPE_NODE,
                .is_default = true,
                .grade = 'B',
                .source = "setrlimit(2), EPERM: no limit of open files above it can be set, whatever the privilege",
                .why = "it caps every process's hard limit of open files",
                .risk = "none known: it bounds and reserves nothing",
        },
        {
                .id = "kernel.pid_max",
                .path = "/proc/sys/kernel/pid_max",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .want = "4194304",
                .scope = KT_SCOPE_NODE,
                .grade = 'C',
                .source = "TuneD profile openshift",
                .why = "every thread of every pod takes a number out of this range",
                .risk = "process ids get longer than five digits; very old programs expect less",
        },
        {
                .id = "kernel.threads-max",
                .path = "/proc/sys/kernel/threads-max",
                .backend = KT_BACKEND_SYSCTL,
                .type = KT_ROW_NUMBER,
                .rule = KT_RULE_AT_LEAST,
                .want = "32768",
                .scope = KT_SCOPE_NODE,
                .grade = 'D',
                .source = "no vendor's number: the kernel's default follows the memory and suits nearly every node",
                .why = "all pods' threads together; a broker that cannot start one fails with OutOfMemoryError",
                .risk = "kernel memory for the threads' stacks once they are there",
        },
};

const struct kt_row_set kt_rows_fs = { rows, KT_COUNT(rows) };
