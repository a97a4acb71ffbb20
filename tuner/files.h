/* SPDX-License-Identifier: Apache-2.0 */
/* Values in files of the kernel, shared by the back ends that have one. */
#ifndef KT_TUNER_FILES_H
#define KT_TUNER_FILES_H

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"
#include "lib/text/str.h"

enum { KT_FILES_VALUE_MAX = 4096 + 1 }; /* sysfs and sysctl files hold at most a page */

/* Appends the text of the file, tabs as blanks. -ENOENT, -EBADMSG (bytes that are no text) or another -errno. */
KT_MUST_CHECK int kt_files_read(const struct kt_root *root, const char *path, struct kt_str *have, struct kt_err *e);

/* Appends the word in brackets of a list such as "always [madvise] never". -EBADMSG when none is; -ENOMEM. */
KT_MUST_CHECK int kt_files_parse_choice(const char *text, struct kt_str *have);

/* As kt_files_read, but only the word in brackets: "always [madvise] never". */
KT_MUST_CHECK int kt_files_read_choice(const struct kt_root *root, const char *path, struct kt_str *have,
                                       struct kt_err *e);

/* Writes value with one write(2). 0 or -errno with its reason; a short write is -EIO. */
KT_MUST_CHECK int kt_files_write(const struct kt_root *root, const char *path, const char *value, struct kt_err *e);

/* Appends text as one word of sh(1). */
void kt_files_quote(const char *text, struct kt_str *out);

#endif
