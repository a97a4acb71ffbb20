/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines. */
#include "daemonset/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/os/fs.h"
#include "lib/text/str.h"

void kt_log(enum kt_level level, const char *format, ...)
{
        KT_AUTO_STR struct kt_str line = { 0 };
        KT_AUTO_FREE char *message = NULL;
        va_list args;

        va_start(args, format);
        message = kt_str_vmake(format, args);
        va_end(args);
        if (!message)
                return;

        kt_str_addf(&line, "%s ", kt_level_name(level));
        kt_str_add_printable(&line, message);
        kt_str_add_char(&line, '\n');
        if (kt_str_error(&line) == 0 && kt_fs_write_all(STDERR_FILENO, line.data, line.len) < 0)
                return; /* nowhere left to complain */
}
