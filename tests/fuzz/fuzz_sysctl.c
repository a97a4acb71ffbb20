/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the judgement of values: the first line is what is wanted, the second what the kernel's file holds. */
#include <stdlib.h>
#include <string.h>

#include "tuner/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What would be written has to satisfy the wish, and to be left alone by the next run. */
static void check(const struct kt_row *row, const char *have, const char *want)
{
        KT_AUTO_STR struct kt_str target = { 0 };
        bool holds = false;

        if (kt_tuner_judge(row, have, want, &holds, NULL) < 0)
                return;
        if (!kt_tuner_judge_is_same(row, have, have))
                abort(); /* a value is not itself */
        if (holds)
                return;
        kt_tuner_judge_target(row, have, want, &target);
        if (kt_tuner_judge(row, kt_str_get(&target), want, &holds, NULL) < 0 || !holds)
                abort(); /* what would be written is not what is wanted */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size + 1);
        char *have;

        if (!text)
                return 0;
        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        have = strchr(text, '\n');
        if (have) {
                *have++ = '\0';
                for (size_t i = 0; i < kt_row_count(); i++)
                        check(kt_row_at(i), have, text);
        }
        free(text);
        return 0;
}
