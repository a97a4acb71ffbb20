/* SPDX-License-Identifier: Apache-2.0 */
/* Moves bytes: threads with one request each in flight, cut into windows of a second. It judges nothing. */
#ifndef KT_TUNER_BENCH_ENGINE_H
#define KT_TUNER_BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/bench/result.h"

struct kt_engine; /* one run over all volumes */

/* The files of each volume: those that later phases read back, and those that are written beside them. */
enum kt_engine_set { KT_SET_KEPT, KT_SET_BESIDE, KT_SET_COUNT_ };

struct kt_job_share {
        bool is_on;
        double rate;         /* bytes per second to write; 0: as fast as it goes */
        uint64_t byte_limit; /* of this job's writes */
};

/* What one phase asks for. */
struct kt_job {
        enum kt_disk_phase_id phase;
        bool writes;
        bool reads;             /* of the kept set, from its start */
        bool syncs;             /* a small append and fdatasync(2), at a pace of its own */
        bool is_buffered;       /* through the page cache */
        bool is_ramp;           /* find the depth: it is doubled as long as that gains 5 % */
        enum kt_engine_set set; /* that is written to */
        unsigned depth;         /* requests in flight per volume, of each kind; where is_ramp: at the start */
        uint32_t write_block;
        uint32_t read_block;
        double seconds;      /* at most */
        double late_seconds; /* that a request may take beyond the end before it is given up; 0: a minute */
        struct kt_job_share shares[KT_DISK_VOLUMES_MAX];
};

/* Called after each window, when the windows of all volumes have grown, with the seconds since the job began. True:
 * that is enough. */
typedef bool kt_engine_watch(void *context, const struct kt_job *job, double seconds);

/* Borrows the volumes: fills their phases, written_bytes, error and error_text, and target.is_direct. Blocks SIGINT,
 * SIGTERM and SIGHUP, which it waits for from now on. */
KT_MUST_CHECK int kt_engine_new(struct kt_disk_volume *volumes, size_t count, struct kt_engine **ret, struct kt_err *e);
void kt_engine_free(struct kt_engine *engine);

/* Runs the job on every volume that takes part and has no error yet. 0; -EINTR after a signal; -ETIMEDOUT when a
 * request has not come back (the engine is of no use then, and not to be freed); -ENOMEM, -EAGAIN. What befalls a
 * volume is in its error, a lost request, too. */
KT_MUST_CHECK int kt_engine_run(struct kt_engine *engine, const struct kt_job *job, kt_engine_watch *watch,
                                void *context, struct kt_err *e);

/* Lets time pass. 0, or -EINTR after a signal. */
KT_MUST_CHECK int kt_engine_rest(struct kt_engine *engine, double seconds);

/* The depth that the ramp ended with. */
unsigned kt_engine_depth(const struct kt_engine *engine);
/* Seconds since the engine was made. */
double kt_engine_seconds(const struct kt_engine *engine);
/* The signal that ended it, 0. */
int kt_engine_signal(const struct kt_engine *engine);

#endif
