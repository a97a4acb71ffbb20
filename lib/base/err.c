/* SPDX-License-Identifier: Apache-2.0 */
/* The error value. */
#include "lib/base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a reader sees of a text that did not fit. */
static void mark_cut(char *text, size_t size, int length)
{
        if (length >= 0 && (size_t)length >= size)
                memcpy(text + size - 4, "...", 4);
}

int kt_err_set(struct kt_err *e, int code, const char *format, ...)
{
        va_list args;
        int n;

        if (!e)
                return code;

        assert(e->code == 0);
        va_start(args, format);
        n = vsnprintf(e->text, sizeof(e->text), format, args);
        va_end(args);
        mark_cut(e->text, sizeof(e->text), n);
        e->code = code;
        return code;
}

int kt_err_wrap(struct kt_err *e, int code, const char *format, ...)
{
        char inner[KT_ERR_TEXT_MAX];
        va_list args;
        int n;

        if (!e)
                return code;

        memcpy(inner, e->text, sizeof(inner));
        va_start(args, format);
        n = vsnprintf(e->text, sizeof(e->text), format, args);
        va_end(args);
        mark_cut(e->text, sizeof(e->text), n);
        if (e->code != 0 && n >= 0 && (size_t)n < sizeof(e->text)) {
                int more = snprintf(e->text + n, sizeof(e->text) - (size_t)n, ": %s", inner);

                mark_cut(e->text, sizeof(e->text), n + more);
        }
        e->code = code;
        return code;
}

/* EINVAL, EBADMSG and the like are how a parser says no, and ESRCH is what is gone: their own words already say why. */
static int errno_adds_words(int code)
{
        switch (-code) {
        case 0:
        case EINVAL:
        case ERANGE:
        case EBADMSG:
        case ESRCH:
                return 0;
        default:
                return 1;
        }
}

const char *kt_err_text(const struct kt_err *e, char *buf, size_t size)
{
        const char *tail = errno_adds_words(e->code) ? strerrordesc_np(-e->code) : NULL;
        int n = tail ? snprintf(buf, size, "%s: %s", e->text, tail) : snprintf(buf, size, "%s", e->text);

        if (size >= 4)
                mark_cut(buf, size, n);
        return buf;
}

void kt_err_clear(struct kt_err *e)
{
        e->code = 0;
        e->text[0] = '\0';
}
