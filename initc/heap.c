/* SPDX-License-Identifier: Apache-2.0 */
/* How much heap the broker's JVM gets. */
#include "initc/heap.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/attr.h"

#define MIB ((uint64_t)1 << 20)

enum { PERCENT = 40, LEAST_MIB = 256, MOST_MIB = 6 * 1024, UNLIMITED_MIB = 1024 };

static const char *const heap_flags[] = { "-Xmx", "-XX:MaxHeapSize", "-XX:MaxRAMPercentage" };

uint64_t kt_heap_from_limit(uint64_t limit_bytes)
{
        uint64_t half = limit_bytes / 2 / MIB;
        uint64_t heap = limit_bytes / 100 * PERCENT / MIB;

        if (limit_bytes == UINT64_MAX)
                return UNLIMITED_MIB * MIB;

        if (heap < LEAST_MIB)
                heap = LEAST_MIB < half ? LEAST_MIB : half;
        if (heap > MOST_MIB)
                heap = MOST_MIB;
        return heap * MIB;
}

static bool is_heap_flag(const char *word)
{
        for (size_t i = 0; i < KT_COUNT(heap_flags); i++)
                if (strncmp(word, heap_flags[i], strlen(heap_flags[i])) == 0)
                        return true;
        return false;
}

bool kt_heap_is_set(char *const *arguments, const char *text)
{
        for (; arguments && *arguments; arguments++)
                if (is_heap_flag(*arguments))
                        return true;
        while (text && *text) {
                text += strspn(text, " \t\n");
                if (is_heap_flag(text))
                        return true;
                text += strcspn(text, " \t\n");
        }
        return false;
}

bool kt_heap_is_java(const char *program)
{
        const char *slash = strrchr(program, '/');

        return strcmp(slash ? slash + 1 : program, "java") == 0;
}
