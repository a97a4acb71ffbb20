/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629), strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef KT_TEXT_UTF8_H
#define KT_TEXT_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define KT_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Length in bytes of the character at the start of text, 0 when there is none; *ret_code is its code point. */
size_t kt_utf8_decode(const char *text, size_t len, uint32_t *ret_code);

#endif
