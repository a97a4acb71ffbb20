/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds to ISO 8601. The format has no part that follows the locale. */
#include "lib/text/time.h"

#include <time.h>

const char *kt_time_format(int64_t wall_s, char buf[KT_TIME_TEXT_MAX])
{
        const time_t when = (time_t)wall_s;
        struct tm tm = { 0 };

        if (!gmtime_r(&when, &tm) || strftime(buf, KT_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                buf[0] = '\0';
        return buf;
}
