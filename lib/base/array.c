/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays. */
#include "lib/base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

int kt_array_reserve(void *items, size_t *cap, size_t want, size_t item_size)
{
        size_t room = *cap ? *cap : FIRST_CAPACITY;
        size_t bytes;
        char *data;

        if (want <= *cap)
                return 0;

        while (room < want)
                if (__builtin_mul_overflow(room, (size_t)2, &room))
                        return -ENOMEM;

        if (__builtin_mul_overflow(room, item_size, &bytes))
                return -ENOMEM;

        memcpy(&data, items, sizeof(data));
        data = realloc(data, bytes);
        if (!data)
                return -ENOMEM;

        memset(data + *cap * item_size, 0, (room - *cap) * item_size);
        memcpy(items, &data, sizeof(data));
        *cap = room;
        return 0;
}
