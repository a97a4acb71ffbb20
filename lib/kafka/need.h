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
        uint64_t deleted;    /* files renamed *.deleted */
};

struct kt_need_input {
        const struct kt_kafka_version *version;
        unsigned roles; /* 0 ZooKeeper mode; else 1 broker | 2 controller */
        uint64_t partitions;           /* planned, workload */
        uint64_t partition_size_bytes;
        uint64_t connections;
        uint64_t write_rate_bytes; /* per second */
        int64_t buffer_time_ms;
        uint64_t classpath_jars;
        uint64_t segment_bytes;        /* log.segment.bytes */
        uint64_t delete_delay_ms;      /* log.segment.delete.delay.ms */
        uint64_t network_threads;      /* num.network.threads */
        uint64_t listeners;            /* the controller's included when this process opens it */
        uint64_t log_dirs;
        struct kt_need_found found;
};

/* count times per, rounded as named. */
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
        uint64_t segments_planned; /* the seed's formula: partitions x ceil(partition size / segment size) */
        uint64_t segments;         /* the larger of planned and found: what the sums below count with */
        struct kt_need_sum descriptors;
        struct kt_need_sum maps;
        struct kt_need_sum memory; /* bytes of page cache: write rate x buffer time */
};

/* Saturates at UINT64_MAX instead of overflowing. */
void kt_need_compute(const struct kt_need_input *input, struct kt_need *ret);

#endif
