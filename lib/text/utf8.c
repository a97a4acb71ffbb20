/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8. */
#include "lib/text/utf8.h"

#include "lib/base/attr.h"

size_t kt_utf8_decode(const char *text, size_t len, uint32_t *ret_code)
{
        static const struct {
                unsigned char mask, lead;
                size_t len;
                uint32_t least;
        } forms[] = {
                { 0x80, 0x00, 1, 0 },
                { 0xe0, 0xc0, 2, 0x80 },
                { 0xf0, 0xe0, 3, 0x800 },
                { 0xf8, 0xf0, 4, 0x10000 },
        };
        const unsigned char *bytes = (const unsigned char *)text;

        for (size_t f = 0; f < KT_COUNT(forms) && len > 0; f++) {
                uint32_t code = bytes[0] & (unsigned char)~forms[f].mask;

                if ((bytes[0] & forms[f].mask) != forms[f].lead)
                        continue;
                if (forms[f].len > len)
                        return 0;
                for (size_t i = 1; i < forms[f].len; i++) {
                        if ((bytes[i] & 0xc0) != 0x80)
                                return 0;
                        code = code << 6 | (bytes[i] & 0x3f);
                }
                if (code < forms[f].least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
                        return 0;
                *ret_code = code;
                return forms[f].len;
        }
        return 0;
}
