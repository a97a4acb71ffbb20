/* SPDX-License-Identifier: Apache-2.0 */
/* Short names for contents: of profiles, events and published documents. */
#ifndef KT_DAEMONSET_HASH_H
#define KT_DAEMONSET_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { KT_HASH_MAX = 17 }; /* sixteen hexadecimal digits and their NUL: fits a label's value and an object's name */

/* FNV-1a of 64 bits, in hexadecimal. Names contents, and proves nothing about them. Returns buf. */
const char *kt_hash_text(const char *text, char buf[KT_HASH_MAX]);
uint64_t kt_hash_bytes(const void *bytes, size_t len);

#endif
