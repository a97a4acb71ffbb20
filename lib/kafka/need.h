/* SPDX-License-Identifier: Apache-2.0 */
/* What one broker needs of the node: open files, map areas, page cache. Pure arithmetic; the formulas and what was
 * measured of them are in docs/need.md. */
#ifndef KT_KAFKA_NEED_H
#define KT_KAFKA_NEED_H

#include <stddef.h>
#include <stdint.h>

#include "lib/kafka/version.h"

/* Counts of files that are really there. */
struct kt_need_found {
        uint64_t partitions; /* partition directories, the metadata log not counted */
        uint64_t segments;   /* .log files of all of them, the metadata log included */
        uint64_t txnindexes; /* .txnindex files: one descriptor each */
        uint64_t indexes;    /* non-empty .index and .timeindex files: one map area each */
        uint64_t deleted;    /* files renamed *.log.deleted: one per segment that waits for its end */
};

struct kt_need_input {
        const struct kt_kafka_version *version;
        unsigned roles;      /* 0 ZooKeeper mode; else 1 broker | 2 controller */
        uint64_t partitions; /* planned, workload: replicas on this broker, those of internal topics included */
        uint64_t partition_size_bytes;
        uint64_t connections;
        uint64_t write_rate_bytes; /* per second */
        int64_t buffer_time_ms;
        uint64_t classpath_jars;
        uint64_t segment_bytes;   /* log.segment.bytes; 0 counts as Kafka's default of 1 GiB */
        uint64_t delete_delay_ms; /* log.segment.delete.delay.ms */
        uint64_t network_threads; /* num.network.threads */
        uint64_t listeners;       /* the controller's included when this process opens it */
        uint64_t log_dirs;
        struct kt_need_found found;
};

/* count times per; memory divides that by 1000, because its per is in milliseconds. */
struct kt_need_term {
        const char *name; /* static: "segments", "connections", "jars", ... */
        uint64_t count;
        uint64_t per;
        uint64_t value;
};

enum { KT_NEED_TERMS_MAX = 12 };

struct kt_need_sum {
        uint64_t total;
        struct kt_need_term terms[KT_NEED_TERMS_MAX];
        size_t term_count;
};

struct kt_need {
        /* partitions x ceil(partition size / segment size), where a partition has at least its active segment */
        uint64_t segments_planned;
        /* the larger of planned and found, without the metadata log: what the sums below count with */
        uint64_t segments;
        struct kt_need_sum descriptors; /* provision this: the volume grown to plan, every index mapped */
        struct kt_need_sum maps;
        struct kt_need_sum memory; /* bytes of page cache: write rate x buffer time */
        /* The totals for the volume as it was found: the files that are there, indexes intact and all of them touched;
         * nothing written, rolled or deleted meanwhile. All of the planned connections are in it. Never above the
         * totals. */
        uint64_t descriptors_now;
        uint64_t maps_now;
};

/* Saturates at UINT64_MAX instead of overflowing. */
void kt_need_compute(const struct kt_need_input *input, struct kt_need *ret);

#endif
