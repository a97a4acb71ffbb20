/* SPDX-License-Identifier: Apache-2.0 */
/* Uncompressed tar archives (POSIX ustar; longer names as GNU tar and busybox have them). Builds; writes nothing. */
#ifndef KT_TUNER_TAR_H
#define KT_TUNER_TAR_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/attr.h"
#include "lib/text/str.h"

/* Append one entry, owned by nobody in particular (0:0) and without a time, so that equal machines give equal archives.
 * path is relative. Memory trouble shows in out. */
void kt_tar_add_file(struct kt_str *out, const char *path, mode_t mode, const void *data, size_t len);
void kt_tar_add_link(struct kt_str *out, const char *path, const char *target);
void kt_tar_add_dir(struct kt_str *out, const char *path);

/* Appends the two empty blocks at the end. */
void kt_tar_finish(struct kt_str *out);

#endif
