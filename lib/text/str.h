/* SPDX-License-Identifier: Apache-2.0 */
/* String builder: append freely, look once at the end whether memory held. */
#ifndef KT_TEXT_STR_H
#define KT_TEXT_STR_H

#include <stdarg.h>
#include <stddef.h>

#include "lib/base/attr.h"
#include "lib/base/auto.h"

/* Zero-initialise it; release it with kt_str_done. After the first failed append all later ones do nothing. */
struct kt_str {
        char *data; /* NUL-terminated once anything was added; may hold NUL bytes before len */
        size_t len;
        size_t cap;
        int error; /* 0 or -ENOMEM */
};

#define KT_AUTO_STR KT_AUTO(kt_str_done)

void kt_str_done(struct kt_str *s);
void kt_str_add(struct kt_str *s, const char *text);
void kt_str_add_bytes(struct kt_str *s, const void *bytes, size_t len);
void kt_str_add_char(struct kt_str *s, char c);
/* Adds c as often as it takes to make the line that s ends with `column` bytes long. */
void kt_str_pad(struct kt_str *s, size_t column, char c);
void kt_str_addf(struct kt_str *s, const char *format, ...) KT_PRINTF(2, 3);

/* Appends text from outside as a person may see it: control characters (C0, DEL, C1) escaped as \n or \x1b, and bytes
 * that are no UTF-8 as U+FFFD. */
void kt_str_add_printable(struct kt_str *s, const char *text);

/* Empties s and keeps its memory. */
void kt_str_clear(struct kt_str *s);

/* 0, or -ENOMEM when something is missing from it. */
KT_MUST_CHECK int kt_str_error(const struct kt_str *s);

/* The text as built so far, "" when nothing was added; borrowed, valid until the next change. */
const char *kt_str_get(const struct kt_str *s);

/* Returns the text as an owned string and leaves s empty; NULL when memory ran out. */
KT_MUST_CHECK char *kt_str_take(struct kt_str *s);

/* Returns an owned, formatted string, or NULL when memory ran out. */
KT_MUST_CHECK char *kt_str_make(const char *format, ...) KT_PRINTF(1, 2);
KT_MUST_CHECK char *kt_str_vmake(const char *format, va_list args) KT_PRINTF(1, 0);

#endif
