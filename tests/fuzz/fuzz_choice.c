/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes lists of words with one in brackets: schedulers, huge pages. */
#include <stdlib.h>
#include <string.h>

#include "tuner/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        KT_AUTO_STR struct kt_str word = { 0 };
        KT_AUTO_STR struct kt_str marked = { 0 };
        char *text = malloc(size + 1);

        if (!text)
                return 0;
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        if (kt_files_parse_choice(text, &word) == 0) {
                if (word.len == 0 || strpbrk(kt_str_get(&word), "[] "))
                        abort(); /* that is no word */
                kt_str_addf(&marked, "[%s]", kt_str_get(&word));
                if (!strstr(text, kt_str_get(&marked)))
                        abort(); /* nor is it the marked one */
        } else if (word.len > 0) {
                abort(); /* a failure left something */
        }
        free(text);
        return 0;
}
