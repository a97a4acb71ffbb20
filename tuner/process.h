/* SPDX-License-Identifier: Apache-2.0 */
/* Brokers on a node, those that wait to become one, and the container runtimes whose limits pods inherit: found in
 * /proc by what they run, never by a name alone. */
#ifndef KT_TUNER_PROCESS_H
#define KT_TUNER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/limits.h"
#include "lib/os/root.h"
#include "lib/text/str.h"
#include "tuner/inputs.h"

#define KT_PROCESS_UNKNOWN UINT64_MAX

enum kt_process_kind {
        KT_PROCESS_BROKER,  /* a JVM whose main class is kafka.Kafka */
        KT_PROCESS_WAITING, /* kafka-initc exec: the broker of its container comes next and inherits its limits */
        KT_PROCESS_RUNTIME, /* containerd, CRI-O, dockerd: pods inherit its limits */
        KT_PROCESS_KIND_COUNT_
};

enum {
        KT_PROCESS_NAME_MAX = 16, /* TASK_COMM_LEN */
        KT_PROCESS_UNIT_MAX = 64,
        KT_PROCESS_TICKS_PER_SECOND = 100, /* USER_HZ, on all Linux that this runs on */
};

struct kt_process {
        uint64_t pid;
        enum kt_process_kind kind;
        char name[KT_PROCESS_NAME_MAX];
        char unit[KT_PROCESS_UNIT_MAX]; /* of a runtime: "containerd.service"; "" when it is in none */
        uint64_t age_seconds;           /* KT_PROCESS_UNKNOWN, as the ones below when they may not be read */
        uint64_t files_used;
        uint64_t maps_used;
        struct kt_limit files; /* both KT_PROCESS_UNKNOWN: may be no limit, too */
};

/* Zero-initialise; release with kt_processes_done. */
struct kt_processes {
        struct kt_process *items; /* brokers, those that wait, runtimes; each by process id */
        size_t count;
        size_t cap;
        uint64_t max_map_count; /* KT_PROCESS_UNKNOWN when it could not be read */
};

/* Looks through /proc. What ends meanwhile, or may not be looked at, is left out or unknown; 0, -E2BIG or -ENOMEM. */
KT_MUST_CHECK int kt_processes_load(const struct kt_root *root, struct kt_processes *ret, struct kt_err *e);
void kt_processes_done(struct kt_processes *processes);

/* "broker", "waiting", "runtime". */
const char *kt_process_kind_name(enum kt_process_kind kind);

/* True when the arguments (each with its NUL, len bytes together) start a JVM with that main class. */
bool kt_process_has_main_class(const char *arguments, size_t len, const char *main_class);

/* When the process was started, in ticks since the machine was: out of the text of /proc/PID/stat. */
bool kt_process_parse_start(const char *stat, uint64_t *ret_ticks);

/* Whole seconds since the machine was started. */
bool kt_process_read_uptime(const struct kt_root *root, uint64_t *ret_seconds);

/* ---- When a limit is reached ---- */

enum kt_forecast_basis {
        KT_FORECAST_NONE,     /* nothing is known */
        KT_FORECAST_WORKLOAD, /* segments that workload.writeRate makes in a day, up to what all of it needs */
        KT_FORECAST_AGE, /* what is used was spread over the time since the process was started: the least there is */
        KT_FORECAST_BASIS_COUNT_
};

struct kt_forecast {
        enum kt_forecast_basis basis;
        double days; /* HUGE_VAL: never */
};

/* "workload", "since its start"; NULL for none. */
const char *kt_forecast_basis_name(enum kt_forecast_basis basis);

/* Of one limit; per_segment is what each new segment takes of it, need what all of the workload does. */
struct kt_forecast kt_process_forecast(const struct kt_inputs *inputs, const struct kt_process *process, uint64_t used,
                                       uint64_t limit, uint64_t per_segment, uint64_t need);
struct kt_forecast kt_process_forecast_files(const struct kt_inputs *inputs, const struct kt_process *process);
struct kt_forecast kt_process_forecast_maps(const struct kt_inputs *inputs, const struct kt_processes *processes,
                                            const struct kt_process *process);

#endif
