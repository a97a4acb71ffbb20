/* SPDX-License-Identifier: Apache-2.0 */
/* A file of a service account (token, certificates of the authority) that the kubelet replaces now and then. */
#ifndef KT_DAEMONSET_CREDENTIAL_H
#define KT_DAEMONSET_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

enum { KT_CREDENTIAL_MAX = 1 << 18 }; /* a bundle of a hundred authorities */

struct kt_credential {
        char *path;
        struct kt_str text;
        struct stat seen; /* of the file that text was read from */
        bool is_read;
};

void kt_credential_done(struct kt_credential *credential);

/* Reads the file when it is another than the one that was read before (device, inode, size or time; the kubelet swaps a
 * symlink), or was never read, or must_read. *ret_changed: the text is another than before. When it cannot be read, the
 * old text stays. -ENODATA: it is empty; -EFBIG. */
KT_MUST_CHECK int kt_credential_refresh(struct kt_credential *credential, bool must_read, bool *ret_changed,
                                        struct kt_err *e);

/* Whether text may stand in a header line as it is: visible ASCII, at least one character. */
bool kt_credential_is_token(const char *text, size_t len);

#endif
