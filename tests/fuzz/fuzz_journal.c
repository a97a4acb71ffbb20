/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes tuner/journal with whole files. */
#include <stdlib.h>
#include <string.h>

#include "tuner/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct kt_journal *journal)
{
        for (size_t i = 0; i < journal->count; i++) {
                const struct kt_change *change = &journal->items[i];

                if (change->seq >= journal->next_seq || (i > 0 && change->seq <= journal->items[i - 1].seq))
                        abort(); /* numbers do not rise */
                if (!change->id || !change->before || !change->wrote || !change->undo_id || !change->undo_value)
                        abort(); /* a change that could not be taken back */
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        struct kt_err e = { 0 };
        char *text = malloc(size + 1);
        size_t good = 0;

        if (!text)
                return 0;

        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        if (kt_journal_parse("journal", text, size, &journal, &good, &e) == 0) {
                if (good > size || (good > 0 && text[good - 1] != '\n') || memchr(text + good, '\n', size - good))
                        abort(); /* what is left out is not just a torn last line */
                check(&journal);
        }
        kt_journal_done(&journal);
        free(text);
        return 0;
}
