/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that is looked at: "/" of the running one, or the copy of another machine's /proc and /sys in a folder.
 * All facts are read through it, so that a captured node and a test's tree work like the real thing. */
#ifndef KT_OS_ROOT_H
#define KT_OS_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

struct kt_root {
        int fd;       /* directory that plays "/" */
        bool is_host; /* the running machine itself */
};

/* Opens path as the root; NULL, "" and "/" mean the running machine. Release with kt_root_done. */
KT_MUST_CHECK int kt_root_open(const char *path, struct kt_root *ret, struct kt_err *e);
void kt_root_done(struct kt_root *root);

/* Opens an absolute path inside the root. Returns a descriptor owned by the caller, or -errno. */
KT_MUST_CHECK int kt_root_open_file(const struct kt_root *root, const char *path, int flags);

/* Reads a small file into buf, without its final newline. Returns its length or -errno; -EFBIG when it does not fit. */
KT_MUST_CHECK int kt_root_read(const struct kt_root *root, const char *path, char *buf, size_t size);

/* Appends a whole file of at most max bytes to ret. 0 or -errno. */
KT_MUST_CHECK int kt_root_read_all(const struct kt_root *root, const char *path, size_t max, struct kt_str *ret);

/* Reads a file that holds one decimal number. */
KT_MUST_CHECK int kt_root_read_u64(const struct kt_root *root, const char *path, uint64_t *ret, struct kt_err *e);

#endif
