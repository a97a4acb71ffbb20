/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes for names. */
#include "daemonset/hash.h"

#include <inttypes.h>
#include <stdio.h>

/* http://www.isthe.com/chongo/tech/comp/fnv/ */
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x100000001b3)

const char *kt_hash_text(const char *text, char buf[KT_HASH_MAX])
{
        uint64_t hash = FNV_OFFSET;

        for (; *text != '\0'; text++)
                hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
        (void)snprintf(buf, KT_HASH_MAX, "%016" PRIx64, hash); /* sixteen digits fit */
        return buf;
}
