/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for operators on stderr: "level message". What comes from outside is escaped. */
#ifndef KT_DAEMONSET_LOG_H
#define KT_DAEMONSET_LOG_H

#include "lib/base/attr.h"
#include "lib/text/finding.h"

/* One line, newline added. A log that cannot be written is nobody's to be told. */
void kt_log(enum kt_level level, const char *format, ...) KT_PRINTF(2, 3);

#endif
