/* SPDX-License-Identifier: Apache-2.0 */
/* Who set a value otherwise, as far as that can be known. Pure. */
#ifndef KT_DAEMONSET_RIVAL_H
#define KT_DAEMONSET_RIVAL_H

#include <stdint.h>

#include "daemonset/state.h"
#include "lib/text/str.h"

enum { KT_RIVAL_UEVENT_MS = 5 * 1000 }; /* a disk that came anew within that time has the kernel's defaults */

/* Appends who gave the row that value: who is in files (NULL or "": nobody there, see kt_tuner_add_rival), the kubelet,
 * or the kernel, which forgets everything when a disk comes again. Nothing when nobody is known. */
void kt_rival_add(const struct kt_node_state *state, const struct kt_node_row *row, const char *have, const char *files,
                  int64_t now_ms, struct kt_str *out);

#endif
