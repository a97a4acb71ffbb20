/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a run found, as plain data: the text, the JSON and the HTML page are three views of it. */
#ifndef KT_TUNER_BENCH_RESULT_H
#define KT_TUNER_BENCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/os/device.h"
#include "lib/text/finding.h"
#include "tuner/bench/cap.h"
#include "tuner/bench/fit.h"

/* Rates are bytes per second, times seconds or nanoseconds as their names say. What was not measured has is_known or
 * was_run false, and nothing else of it counts. */

enum { KT_DISK_VOLUMES_MAX = 16 };

/* A rate with its 95 % interval, and what it rests on. */
struct kt_disk_rate {
        bool is_known;
        double value;
        double low;
        double high;
        uint32_t windows; /* of about a second */
        double seconds;
        uint64_t bytes;
};

/* One window of a phase, of one volume. begin counts from the start of the run. */
struct kt_disk_window {
        double begin_seconds;
        double seconds; /* its true length */
        uint64_t write_bytes;
        uint64_t read_bytes;
        uint64_t ops;
        int64_t worst_ns; /* the slowest request that ended in it */
        bool is_ramp;     /* the depth was still being looked for */
};

enum { KT_DISK_QUANTILE_COUNT = 8 };
/* 0.5 0.75 0.9 0.95 0.99 0.995 0.999 0.9999 */
extern const double kt_disk_quantiles[KT_DISK_QUANTILE_COUNT];

/* Latencies of one kind of request. Of phases with a fixed rate they count from the moment the request was due. */
struct kt_disk_latency {
        uint64_t count; /* 0: none was measured */
        int64_t quantile_ns[KT_DISK_QUANTILE_COUNT];
        int64_t least_ns;
        int64_t most_ns;
        double mean_ns;
};

/* The phases, in the order they are run. */
enum kt_disk_phase_id {
        KT_PHASE_WRITE,      /* all volumes together, from fresh, until the stop rule or the budget */
        KT_PHASE_REFILL,     /* rest, and burst again */
        KT_PHASE_SOLO,       /* one volume after the other; the others rest */
        KT_PHASE_AGAIN,      /* all together once more */
        KT_PHASE_READ,       /* cold, direct, all together */
        KT_PHASE_READ_SOLO,  /* one volume after the other */
        KT_PHASE_READ_AGAIN, /* all together once more */
        KT_PHASE_MIXED,      /* reads beside writes */
        KT_PHASE_SYNC_50,    /* fdatasync(2) while half the sustained rate is written */
        KT_PHASE_SYNC_80,
        KT_PHASE_CATCH_UP, /* one buffered stream with the node's own read-ahead */
        KT_PHASE_STALL,    /* a buffered writer at 1.5 times the sustained rate: how long write(2) blocks */
        KT_PHASE_COUNT_
};

enum kt_disk_end {
        KT_END_NOT_RUN, /* why says the reason */
        KT_END_STEADY,  /* the stop rule */
        KT_END_TIME,    /* its share of the time */
        KT_END_BYTES,   /* its share of the bytes, or the volume is getting full */
        KT_END_ERROR,   /* error says which */
        KT_END_SIGNAL,
        KT_END_COUNT_
};

/* What one phase was on one volume. */
struct kt_disk_phase {
        enum kt_disk_phase_id id;
        enum kt_disk_end end;
        char why[160];   /* of a phase that was not run, a sentence; "" otherwise */
        bool has_credit; /* what a rest before it gave back to a burst bucket makes its rate too high */
        double begin_seconds;
        double seconds;
        unsigned depth; /* requests in flight */
        unsigned files;
        uint32_t block_bytes;
        double wanted_rate; /* of a phase with a fixed rate, 0 otherwise */
        uint64_t write_bytes;
        uint64_t read_bytes;
        struct kt_disk_window *windows; /* owned */
        size_t window_count;
        size_t window_cap;
        struct kt_disk_rate write; /* of its windows; is_known false when it did not write */
        struct kt_disk_rate read;
        struct kt_disk_latency write_latency;
        struct kt_disk_latency read_latency;
        struct kt_disk_latency sync_latency;
};

/* A token bucket that was full at the start: written(t) = min(peak x t, bucket + sustained x t). */
struct kt_disk_fit {
        bool has_knee;     /* a burst was seen to end; peak, bucket and knee mean nothing otherwise */
        bool is_steady;    /* held long enough behind the last change, and narrow enough */
        bool is_sustained; /* is_steady, and not falling: exit code 0. Otherwise the rate is only a plateau */
        char why[160];     /* why it is not, a sentence; "" when it is */
        struct kt_disk_rate sustained; /* of the last level */
        struct kt_disk_rate burst;
        double bucket_bytes;
        double bucket_low;
        double bucket_high;
        double knee_seconds; /* bucket / (burst - sustained) */
        double refill_rate;  /* as modelled: the sustained rate; measured in KT_PHASE_REFILL */
        bool is_refill_measured;
        double proven_seconds; /* how long the last level held */
        uint64_t proven_bytes;
        struct { /* a later drop to rate needs a burst bucket above bucket_bytes */
                double rate;
                double bucket_bytes;
                const char *reason; /* static: "half of it", "the documented baseline of ..." */
        } bounds[3];
        size_t bound_count;
        struct kt_fit model; /* as fitted: all levels, the second knee, the noise */
};

/* What was found out about a path before anything was written. */
struct kt_disk_target {
        const char *path; /* as given, borrowed from argv or kafka.yaml */
        char resolved[512];
        char mount[512];
        char fstype[64];
        char source[256];
        uint32_t major; /* st_dev of the path */
        uint32_t minor;
        uint64_t total_bytes;
        uint64_t free_bytes;
        bool is_network;           /* the filesystem is served from elsewhere */
        bool is_direct;            /* O_DIRECT works; otherwise buffered writes are flushed every MiB */
        bool has_live_broker;      /* a .lock is held; only with --force */
        struct kt_device *devices; /* owned: from what the filesystem is on down to the disks; may be none */
        size_t device_count;
        char device[64]; /* the top one's name, "" when it is on no block device */
        char model[128]; /* of the first leaf; "" when it does not say */
        char serial[128];
        char scheduler[32];
        char write_cache[32];
        bool has_queue_facts;
        uint64_t max_sectors_kib;
        uint64_t read_ahead_kib;
        uint64_t nr_requests;
        uint64_t logical_block;
        bool is_rotational;
        const char *product; /* static: "Amazon EBS", ...; NULL when the model is not known */
};

/* The counters of Amazon's NVMe page 0xD0 over the write phases: who held the volume back, in microseconds. */
struct kt_disk_nvme {
        bool is_known;
        uint64_t volume_iops_us;
        uint64_t volume_throughput_us;
        uint64_t instance_iops_us;
        uint64_t instance_throughput_us;
};

struct kt_disk_volume {
        struct kt_disk_target target;
        struct kt_disk_phase phases[KT_PHASE_COUNT_];
        struct kt_disk_fit fit;
        struct kt_disk_nvme nvme;
        int error;            /* -errno that ended its run, 0 */
        char error_text[256]; /* "write at 1.2 GB: no space left on device" */
        uint64_t written_bytes;
        uint64_t budget_bytes;
        /* What it means for one broker whose only volume this is. */
        double produce_rate;      /* what it may take, followers' copies included; 0: cannot be said */
        uint64_t good_partitions; /* up to these writeback makes writes of 256 KiB and more */
};

/* All volumes together against the sum of each alone. */
struct kt_disk_cap {
        bool is_known; /* it was tried; otherwise why says the reason */
        enum kt_cap_verdict verdict;
        char why[256];                /* for every verdict but SHARED and NONE, and what to do about it, in sentences */
        struct kt_disk_rate together; /* the cap itself when it is SHARED, a lower bound of it when NONE */
        double alone;                 /* sum of the volumes alone */
        double rho;                   /* together / alone, 0 when not known */
        double rho_low;               /* each side at 99 % */
        double rho_high;
        struct kt_cap model;
};

struct kt_disk_node {
        struct kt_disk_cap write;
        struct kt_disk_cap read;
        bool is_sustained; /* what all wrote together is proven, whatever each one's share of it was */
        /* Confounders over the phases that the cap rests on. */
        double cpu_busy; /* share of the processors that we could use, 0..1 */
        bool has_throttle_count;
        uint64_t throttled; /* periods in which our control group was held back */
        bool has_other_traffic;
        uint64_t other_bytes;         /* that others moved on these disks, and on other disks of the node */
        double other_share;           /* of what we moved */
        uint64_t dirty_limit_bytes;   /* where write(2) begins to block; 0: not known */
        bool is_dirty_limit_of_group; /* the control group's memory bounds it, not the node's */
};

/* What it means for Kafka. Zero: cannot be said. */
struct kt_disk_verdict {
        double node_rate;                /* what all brokers on these volumes together may take */
        double broker_rate;              /* one broker that has all of them */
        uint64_t brokers;                /* of workload.writeRate each; else of the volume's own produce_rate */
        double broker_rate_of_each;      /* what the line above counts with */
        bool is_rate_given;              /* it is workload.writeRate */
        double buffer_seconds;           /* workload.bufferTime */
        uint64_t memory_bytes;           /* page cache that holds bufferTime of broker_rate */
        uint64_t dirty_bytes;            /* vm.dirty_bytes at most: five seconds of sustained_rate */
        uint64_t dirty_background_bytes; /* one second */
        double sustained_rate;           /* what the volumes sustain together: storage.sustainedRate of kafka.yaml */
        double worst_stall_seconds;      /* predicted: dirty_limit / sustained; 0: not known */
        double measured_stall_seconds;   /* 0: not measured, or the dirty memory did not fill */
        double required;                 /* --require; 0: not asked */
        bool is_met;
};

struct kt_disk_result {
        char version[64];
        char started[32]; /* UTC, 2026-01-31T12:00:00Z */
        char host[128];
        double elapsed_seconds;
        double budget_seconds;
        unsigned partitions; /* --partitions, 0: not given */
        uint32_t block_bytes;
        struct kt_disk_volume volumes[KT_DISK_VOLUMES_MAX];
        size_t volume_count;
        struct kt_disk_node node;
        struct kt_disk_verdict verdict;
        struct kt_findings notes; /* what to know about these numbers: warnings and notes, each with its next step */
        int signal;               /* that ended it, 0 */
        int error;                /* -errno of what ended it and is no volume's, 0 */
        int exit_code;
};

void kt_disk_result_done(struct kt_disk_result *result);

/* "write", "solo", "again", "read", "mixed", "sync50", ...: in JSON; and for people: "cold read". */
const char *kt_disk_phase_name(enum kt_disk_phase_id id);
const char *kt_disk_phase_title(enum kt_disk_phase_id id);
/* "steady", "time", ... */
const char *kt_disk_end_name(enum kt_disk_end end);

#endif
