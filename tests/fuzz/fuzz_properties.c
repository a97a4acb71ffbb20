/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes lib/kafka/properties: what was parsed and rendered has to be parsed to the same list again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kafka/properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count_duplicate(void *context, const struct kt_property *old, unsigned line)
{
        size_t *count = context;

        if (old->line == 0 || old->line > line)
                abort(); /* entries come in the order of their lines */
        (*count)++;
}

static void check_same(const struct kt_properties *a, const struct kt_properties *b)
{
        if (a->count != b->count)
                abort();

        for (size_t i = 0; i < a->count; i++) {
                const char *value = kt_properties_get(b, a->items[i].key);

                if (!value || strcmp(value, a->items[i].value) != 0)
                        abort();
        }
}

static void check_round_trip(const struct kt_properties *list)
{
        struct kt_properties again = { 0 };
        struct kt_properties copy = { 0 };
        struct kt_str text = { 0 };

        kt_properties_render(list, &text);
        if (kt_str_error(&text))
                abort();
        for (size_t i = 0; i < text.len; i++)
                if ((unsigned char)text.data[i] > '~' || ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n'))
                        abort(); /* only printable ASCII is written */

        /* Rendering is longer than the source, by up to six bytes for one. */
        if (text.len <= KT_PROPERTIES_FILE_MAX) {
                if (kt_properties_parse("again", kt_str_get(&text), text.len, &again, NULL, NULL, NULL) < 0)
                        abort();
                check_same(list, &again);
        }

        for (size_t i = 0; i < list->count; i++)
                if (kt_properties_set(&copy, list->items[i].key, list->items[i].value, list->items[i].source) < 0)
                        abort(); /* whatever was parsed is UTF-8 */
        check_same(list, &copy);

        kt_str_done(&text);
        kt_properties_done(&again);
        kt_properties_done(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct kt_properties list = { 0 };
        struct kt_err e = { 0 };
        size_t duplicates = 0;

        if (kt_properties_parse("fuzz", (const char *)data, size, &list, count_duplicate, &duplicates, &e) < 0) {
                if (list.items || e.code == 0 || e.text[0] == '\0')
                        abort(); /* a failure says why and leaves nothing behind */
                return 0;
        }

        check_round_trip(&list);
        kt_properties_done(&list);
        return 0;
}
