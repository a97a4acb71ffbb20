/* SPDX-License-Identifier: Apache-2.0 */
/* Growing arrays: an items pointer, a count and a capacity in the owner's struct, and one function that makes room. */
#ifndef KT_BASE_ARRAY_H
#define KT_BASE_ARRAY_H

#include <stddef.h>

#include "lib/base/attr.h"

/* Makes room for `want` items of item_size bytes. `items` is the address of the items pointer, `cap` counts items. New
 * room is zeroed. Returns 0 or -ENOMEM (also when the size does not fit in size_t); the old items stay valid then. */
KT_MUST_CHECK int kt_array_reserve(void *items, size_t *cap, size_t want, size_t item_size);

#endif
