/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a broker runs on a volume: it holds the lock of its log dirs for as long as it lives. */
#ifndef KT_TUNER_INUSE_H
#define KT_TUNER_INUSE_H

#include "lib/base/attr.h"
#include "lib/base/err.h"

/* How far below the folder a log dir may be, and how many names are looked at. */
enum { KT_INUSE_DEPTH = 2, KT_INUSE_NAMES_MAX = 100000 };

/* Looks for a held ".lock" in the folder and below it, on the same filesystem; a folder that has one is not entered.
 * 0: nobody holds one. -EBUSY: somebody does, and e names the log dir. Another -errno: it cannot be told. */
KT_MUST_CHECK int kt_inuse_check(const char *folder, struct kt_err *e);

#endif
