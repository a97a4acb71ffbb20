/* SPDX-License-Identifier: Apache-2.0 */
/* The error value: a negative errno and one line for a person, by value on the caller's stack. Nothing to free. */
#ifndef KT_BASE_ERR_H
#define KT_BASE_ERR_H

#include <stddef.h>

#include "lib/base/attr.h"

enum {
        KT_ERR_TEXT_MAX = 512, /* two paths of a usual length and a sentence; longer texts end in "..." */
};

struct kt_err {
        int code;                   /* negative errno, 0 as long as nothing failed */
        char text[KT_ERR_TEXT_MAX]; /* lower case, no newline: what was attempted on what */
};

/* Fills e (may be NULL) and returns code, a negative errno. Setting an error twice is an assertion in debug builds. */
int kt_err_set(struct kt_err *e, int code, const char *format, ...) KT_PRINTF(3, 4);

/* Puts "context: " in front of the text e holds already (or sets it when it is empty) and returns code. */
int kt_err_wrap(struct kt_err *e, int code, const char *format, ...) KT_PRINTF(3, 4);

/* The whole message: the text, and the errno's own words where they add something. Returns buf. */
const char *kt_err_text(const struct kt_err *e, char *buf, size_t size);

/* Makes e empty again, for a caller that dealt with the failure. */
void kt_err_clear(struct kt_err *e);

#endif
