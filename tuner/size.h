/* SPDX-License-Identifier: Apache-2.0 */
/* How big a broker is: limits, memory, disk and CPU out of the workload, and how many fit on a node. */
#ifndef KT_TUNER_SIZE_H
#define KT_TUNER_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"
#include "lib/text/str.h"
#include "tuner/inputs.h"

enum kt_size_unit {
        KT_SIZE_COUNT,
        KT_SIZE_BYTES,
        KT_SIZE_RATE, /* bytes per second */
        KT_SIZE_UNIT_COUNT_
};

enum kt_size_id {
        KT_SIZE_OPEN_FILES,
        KT_SIZE_MAP_AREAS,
        KT_SIZE_PAGE_CACHE,
        KT_SIZE_HEAP,
        KT_SIZE_MEMORY,
        KT_SIZE_DISK,
        KT_SIZE_DISK_WRITE,
        KT_SIZE_CPUS,
        KT_SIZE_BROKERS, /* on one node */
        KT_SIZE_ID_COUNT_
};

/* One line of the arithmetic. */
struct kt_size_term {
        char text[96]; /* "20,000 segments x 2" */
        uint64_t value;
};

enum { KT_SIZE_TERMS_MAX = 12 };

struct kt_size_item {
        uint64_t value; /* UINT64_MAX: too large to count */
        struct kt_size_term terms[KT_SIZE_TERMS_MAX];
        size_t term_count;
};

/* What a node has; 0 where it is not known. */
struct kt_size_node {
        uint64_t memory_bytes;
        uint64_t file_max;
        uint64_t write_cap_bytes; /* per second, all volumes together, as measured */
};

struct kt_size {
        struct kt_size_item items[KT_SIZE_ID_COUNT_];
};

/* Reads what root says of memory and open files; what is not there stays 0. An unreadable number is -EBADMSG. */
KT_MUST_CHECK int kt_size_read_node(const struct kt_root *root, struct kt_size_node *ret, struct kt_err *e);

/* -EINVAL: a property that is counted with is no number; e says which, and where. */
KT_MUST_CHECK int kt_size_check(const struct kt_inputs *inputs, struct kt_err *e);

/* Saturates at UINT64_MAX instead of overflowing. */
void kt_size_compute(const struct kt_inputs *inputs, const struct kt_size_node *node, struct kt_size *ret);

/* Append the report. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_size_text(const struct kt_inputs *inputs, const struct kt_size *size, struct kt_str *out);
KT_MUST_CHECK int kt_size_json(const struct kt_inputs *inputs, const struct kt_size *size, struct kt_str *out);

#endif
