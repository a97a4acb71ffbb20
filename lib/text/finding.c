/* SPDX-License-Identifier: Apache-2.0 */
/* Findings. */
#include "lib/text/finding.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/str.h"

static void release(struct kt_finding *finding)
{
        free((char *)finding->key);
        free((char *)finding->value);
        free((char *)finding->source);
        free((char *)finding->message);
        free((char *)finding->next);
}

void kt_findings_done(struct kt_findings *list)
{
        for (size_t i = 0; i < list->count; i++)
                release(&list->items[i]);
        free(list->items);
        *list = (struct kt_findings){ 0 };
}

/* Copies from to *ret; NULL stays NULL. False when memory ran out. */
static bool copy_text(const char *from, const char **ret)
{
        *ret = from ? strdup(from) : NULL;
        return !from || *ret;
}

void kt_findings_vadd(struct kt_findings *list, const struct kt_finding *head, const char *format, va_list args)
{
        struct kt_finding added = { .level = head->level, .id = head->id };

        added.message = kt_str_vmake(format, args);
        if (!added.message || !copy_text(head->key, &added.key) || !copy_text(head->value, &added.value) ||
            !copy_text(head->source, &added.source) || !copy_text(head->next, &added.next) ||
            kt_array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items)) < 0) {
                release(&added);
                list->error = -ENOMEM;
                return;
        }

        list->items[list->count++] = added;
}

void kt_findings_add(struct kt_findings *list, const struct kt_finding *head, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        kt_findings_vadd(list, head, format, args);
        va_end(args);
}

size_t kt_findings_count(const struct kt_findings *list, enum kt_level level)
{
        size_t count = 0;

        for (size_t i = 0; i < list->count; i++)
                count += list->items[i].level == level;
        return count;
}

const struct kt_finding *kt_findings_first(const struct kt_findings *list, enum kt_level level)
{
        for (size_t i = 0; i < list->count; i++)
                if (list->items[i].level == level)
                        return &list->items[i];
        return NULL;
}

const char *kt_level_name(enum kt_level level)
{
        static const char *const names[KT_LEVEL_COUNT_] = {
                [KT_LEVEL_NOTE] = "note", [KT_LEVEL_WARNING] = "warning", [KT_LEVEL_ERROR] = "error"
        };

        return names[level];
}
