/* SPDX-License-Identifier: Apache-2.0 */
/* How much heap the broker's JVM gets, and how it is told. */
#ifndef KT_INITC_HEAP_H
#define KT_INITC_HEAP_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of heap under a memory limit (UINT64_MAX: none): 40 % of it, at least 256 MiB but no more than half, at most
 * 6 GiB; 1 GiB where nothing limits, as Kafka's own scripts have it. The rest is for page cache, which Kafka lives
 * on, direct buffers, thread stacks and metaspace. A whole number of MiB. */
uint64_t kt_heap_from_limit(uint64_t limit_bytes);

/* True when one of the arguments, or of the blank-separated words of text (may be NULL), sets the heap already:
 * -Xmx, -XX:MaxHeapSize or -XX:MaxRAMPercentage. */
bool kt_heap_is_set(char *const *arguments, const char *text);

/* True when the program is a JVM itself (its file is called java), so that it takes the flags as arguments. */
bool kt_heap_is_java(const char *program);

#endif
