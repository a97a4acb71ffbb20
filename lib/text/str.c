/* SPDX-License-Identifier: Apache-2.0 */
/* String builder. */
#include "lib/text/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/utf8.h"

/* Room for len more bytes and the NUL. */
static char *room_for(struct kt_str *s, size_t len)
{
        if (s->error)
                return NULL;

        if (len > SIZE_MAX - s->len - 1)
                s->error = -ENOMEM;
        else
                s->error = kt_array_reserve(&s->data, &s->cap, s->len + len + 1, 1);
        return s->error ? NULL : s->data + s->len;
}

void kt_str_done(struct kt_str *s)
{
        free(s->data);
        *s = (struct kt_str){ 0 };
}

void kt_str_add_bytes(struct kt_str *s, const void *bytes, size_t len)
{
        char *at = room_for(s, len);

        if (!at)
                return;

        if (len > 0)
                memcpy(at, bytes, len);
        at[len] = '\0';
        s->len += len;
}

void kt_str_add(struct kt_str *s, const char *text)
{
        kt_str_add_bytes(s, text, strlen(text));
}

void kt_str_add_char(struct kt_str *s, char c)
{
        kt_str_add_bytes(s, &c, 1);
}

void kt_str_pad(struct kt_str *s, size_t column, char c)
{
        size_t line = s->len;

        while (line > 0 && s->data[line - 1] != '\n')
                line--;
        while (!s->error && s->len - line < column)
                kt_str_add_char(s, c);
}

KT_PRINTF(2, 0)
static void add_format(struct kt_str *s, const char *format, va_list args)
{
        va_list again;
        char *at;
        int n;

        va_copy(again, args);
        n = vsnprintf(NULL, 0, format, again);
        va_end(again);
        if (n < 0)
                s->error = s->error ? s->error : -ENOMEM;

        at = room_for(s, n < 0 ? 0 : (size_t)n);
        if (!at)
                return;

        (void)vsnprintf(at, (size_t)n + 1, format, args); /* measured one call earlier */
        s->len += (size_t)n;
}

void kt_str_addf(struct kt_str *s, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        add_format(s, format, args);
        va_end(args);
}

void kt_str_add_printable(struct kt_str *s, const char *text)
{
        size_t len = strlen(text);

        for (size_t i = 0; i < len;) {
                uint32_t code = 0;
                size_t n = kt_utf8_decode(text + i, len - i, &code);

                if (n == 0)
                        kt_str_add(s, KT_UTF8_REPLACEMENT);
                else if (code == '\n')
                        kt_str_add(s, "\\n");
                else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
                        kt_str_addf(s, "\\x%02x", (unsigned)code);
                else
                        kt_str_add_bytes(s, text + i, n);
                i += n == 0 ? 1 : n;
        }
}

void kt_str_clear(struct kt_str *s)
{
        s->len = 0;
        if (s->data)
                s->data[0] = '\0';
}

int kt_str_error(const struct kt_str *s)
{
        return s->error;
}

const char *kt_str_get(const struct kt_str *s)
{
        return s->data ? s->data : "";
}

char *kt_str_take(struct kt_str *s)
{
        char *text;

        kt_str_add_bytes(s, "", 0);
        if (s->error) {
                kt_str_done(s);
                return NULL;
        }

        text = s->data;
        *s = (struct kt_str){ 0 };
        return text;
}

char *kt_str_vmake(const char *format, va_list args)
{
        struct kt_str s = { 0 };

        add_format(&s, format, args);
        return kt_str_take(&s);
}

char *kt_str_make(const char *format, ...)
{
        char *text;
        va_list args;

        va_start(args, format);
        text = kt_str_vmake(format, args);
        va_end(args);
        return text;
}
