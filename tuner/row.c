/* SPDX-License-Identifier: Apache-2.0 */
/* The register of all rows. */
#include "tuner/row.h"

#include <string.h>

#include "lib/text/suggest.h"

static const struct kt_row_set *const sets[] = { &kt_rows_vm, &kt_rows_fs, &kt_rows_net, &kt_rows_limits,
                                                 &kt_rows_queue };

size_t kt_row_count(void)
{
        size_t count = 0;

        for (size_t i = 0; i < KT_COUNT(sets); i++)
                count += sets[i]->count;
        return count;
}

const struct kt_row *kt_row_at(size_t i)
{
        size_t set = 0;

        while (i >= sets[set]->count)
                i -= sets[set++]->count;
        return &sets[set]->rows[i];
}

const struct kt_row *kt_row_find(const char *id, const char **ret_near)
{
        const char *near = NULL;
        size_t distance = 0;

        for (size_t i = 0; i < kt_row_count(); i++) {
                const struct kt_row *row = kt_row_at(i);

                if (strcmp(row->id, id) == 0)
                        return row;
                kt_suggest_consider(id, row->id, &near, &distance);
        }

        if (ret_near)
                *ret_near = near;
        return NULL;
}

const char *kt_row_type_name(enum kt_row_type type)
{
        static const char *const names[KT_ROW_TYPE_COUNT_] = {
                [KT_ROW_NUMBER] = "number",
                [KT_ROW_TUPLE] = "tuple",
                [KT_ROW_CHOICE] = "choice",
        };

        return names[type];
}

const char *kt_row_rule_name(enum kt_row_rule rule)
{
        static const char *const names[KT_RULE_COUNT_] = {
                [KT_RULE_EXACT] = "exact",     [KT_RULE_AT_LEAST] = "at-least", [KT_RULE_AT_MOST] = "at-most",
                [KT_RULE_BETWEEN] = "between", [KT_RULE_ONE_OF] = "one-of",
        };

        return names[rule];
}

const char *kt_row_scope_name(enum kt_row_scope scope)
{
        static const char *const names[KT_SCOPE_COUNT_] = {
                [KT_SCOPE_NODE] = "node",
                [KT_SCOPE_NETNS] = "network namespace",
                [KT_SCOPE_PROCESS] = "process",
                [KT_SCOPE_DEVICE] = "block device",
        };

        return names[scope];
}
