/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of the own process (capabilities(7)); the only file behind it that knows libcap. */
#ifndef KT_OS_CAPS_H
#define KT_OS_CAPS_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"

/* True when the capability (CAP_CHOWN, ...) is effective now. */
bool kt_caps_has(int capability);

/* True when any capability is permitted, effective, inheritable or ambient, and when that cannot be read. */
bool kt_caps_has_any(void);

/* Keeps those of the listed ones that are permitted now, as permitted and effective, clears inheritable and ambient,
 * drops all others from the bounding set where CAP_SETPCAP allows it, and reads back. Changes the calling thread
 * only: call it before there are more. An error means: do not go on. */
KT_MUST_CHECK int kt_caps_keep(const int *capabilities, size_t count, struct kt_err *e);

/* "CHOWN", "DAC_OVERRIDE", ...: static, as Kubernetes spells it; "?" when it is not known. */
const char *kt_caps_name(int capability);

#endif
