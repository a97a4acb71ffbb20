/* SPDX-License-Identifier: Apache-2.0 */
/* Short measurements of a volume, shaped like what Kafka does to it, on files that nobody else sees and that are gone
 * with the process. */
#ifndef KT_TUNER_PROBE_H
#define KT_TUNER_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/row.h"

enum { KT_PROBE_FILES = 8 }; /* partitions that are appended to in turn */

/* Start with KT_PROBE_CLOSED; release with kt_probe_done. */
struct kt_probe {
        enum kt_row_probe kind;
        int fds[KT_PROBE_FILES];
        size_t files;
        uint64_t size_bytes; /* of the file that is read */
        void *buffer;
};

#define KT_PROBE_CLOSED                                   \
        {                                                 \
                .fds = { -1, -1, -1, -1, -1, -1, -1, -1 } \
        }

/* What it does, one clause; static. */
const char *kt_probe_about(enum kt_row_probe kind);

/* Makes the files in the folder, nameless ones (O_TMPFILE), and fills them. At most a sixteenth of what is free is
 * taken: -ENOSPC when that is too little. -EOPNOTSUPP: no such probe, or the filesystem keeps all it has in memory. */
KT_MUST_CHECK int kt_probe_open(enum kt_row_probe kind, const char *folder, struct kt_probe *ret, struct kt_err *e);
void kt_probe_done(struct kt_probe *probe);

/* Measures once: bytes per second. */
KT_MUST_CHECK int kt_probe_measure(struct kt_probe *probe, double *ret, struct kt_err *e);

#endif
