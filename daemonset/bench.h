/* SPDX-License-Identifier: Apache-2.0 */
/* kafka-diskbench as a child: started, listened to, ended. */
#ifndef KT_DAEMONSET_BENCH_H
#define KT_DAEMONSET_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

enum {
        KT_BENCH_REPORT_MAX = 4 << 20,
        KT_BENCH_PATHS_MAX = 16,
        KT_BENCH_LONGEST_MS = 2 * 60 * 60 * 1000,
        KT_BENCH_POLL_MS = 500, /* how often kt_bench_step wants to be called */
};

struct kt_bench;

/* Starts program (a path) for paths, which are separated by commas. Its standard error stays ours. */
KT_MUST_CHECK int kt_bench_start(const char *program, const char *paths, int64_t now_ms, struct kt_bench **ret,
                                 struct kt_err *e);
/* Ends it when it still runs, and waits for that: a loop asks kt_bench_is_gone before. */
void kt_bench_free(struct kt_bench *bench);

/* Kills it when it still runs, and does not wait: whoever is killed in the middle of a write stays until the disk has
 * taken it. True when it is gone. */
KT_MUST_CHECK bool kt_bench_is_gone(struct kt_bench *bench);

/* Takes what it has printed. 1: it has ended, and its report is in kt_bench_report; 0: it goes on; or -errno: it failed
 * and said nothing, said too much, or ran too long. */
KT_MUST_CHECK int kt_bench_step(struct kt_bench *bench, int64_t now_ms, struct kt_err *e);
const struct kt_str *kt_bench_report(const struct kt_bench *bench);

#endif
