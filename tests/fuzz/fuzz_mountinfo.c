/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes lib/os/mounts with whole mountinfo files. */
#include <stdlib.h>
#include <string.h>

#include "lib/os/mounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct kt_mounts *mounts)
{
        for (size_t i = 0; i < mounts->count; i++) {
                const struct kt_mount *mount = &mounts->items[i];

                if (!kt_mounts_at(mounts, mount->target))
                        abort(); /* a target that is in the list is not found */
                if (!kt_mounts_of(mounts, mount->target))
                        abort(); /* a target holds itself */
                if (kt_mount_has_option(mount, ","))
                        abort(); /* no option is a comma */
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kt_mounts mounts = { 0 };
        struct kt_err e = { 0 };
        char *text = malloc(size + 1);

        if (!text)
                return 0;

        if (size > 0)
                memcpy(text, data, size);
        text[size] = '\0';
        if (kt_mounts_parse(text, &mounts, &e) == 0)
                check(&mounts);
        kt_mounts_done(&mounts);
        free(text);
        return 0;
}
