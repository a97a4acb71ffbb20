/* SPDX-License-Identifier: Apache-2.0 */
/* Short names for contents: of profiles, Events and published documents. */
#ifndef KT_DAEMONSET_HASH_H
#define KT_DAEMONSET_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { KT_HASH_MAX = 17 }; /* sixteen hexadecimal digits and their NUL: fits a label's value and an object's name */

/* FNV-1a of 64 bits, in hexadecimal. It tells contents apart, and protects nothing. Returns buf. */
const char *kt_hash_text(const char *text, char buf[KT_HASH_MAX]);

#endif
