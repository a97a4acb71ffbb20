/* SPDX-License-Identifier: Apache-2.0 */
/* Events that wait. */
#include "daemonset/event.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/str.h"

static void remove_at(struct kt_events *events, size_t i)
{
        free(events->items[i].message);
        memmove(&events->items[i], &events->items[i + 1], (events->count - i - 1) * sizeof(*events->items));
        events->count--;
}

struct kt_event *kt_events_find(struct kt_events *events, const char *hash)
{
        for (size_t i = 0; i < events->count; i++)
                if (strcmp(events->items[i].hash, hash) == 0)
                        return &events->items[i];
        return NULL;
}

void kt_events_remove(struct kt_events *events, const char *hash)
{
        for (size_t i = 0; i < events->count; i++) {
                if (strcmp(events->items[i].hash, hash) != 0)
                        continue;
                remove_at(events, i);
                return;
        }
}

/* A cut must not leave half of a character behind. */
static void cut(char *message, size_t max)
{
        size_t len = strlen(message);

        if (len < max)
                return;
        len = max - 1;
        while (len > 0 && ((unsigned char)message[len] & 0xc0) == 0x80)
                len--;
        message[len] = '\0';
}

/* Takes message, which may be NULL. */
static void add(struct kt_events *events, const struct kt_event *head, const char *name, char *message)
{
        struct kt_event event = *head;

        (void)kt_hash_text(name, event.hash); /* returns event.hash */
        if (!message || kt_events_find(events, event.hash) ||
            kt_array_reserve(&events->items, &events->cap, events->count + 1, sizeof(*events->items)) < 0) {
                events->lost += !message || !kt_events_find(events, event.hash);
                free(message);
                return;
        }
        if (events->count == KT_EVENTS_MAX) {
                remove_at(events, 0);
                events->lost++;
        }
        cut(message, KT_EVENT_MESSAGE_MAX);
        event.message = message;
        events->items[events->count++] = event;
}

void kt_events_add(struct kt_events *events, bool is_warning, const char *reason, const char *about, int64_t wall_s,
                   const char *format, ...)
{
        struct kt_event event = { .is_warning = is_warning, .wall_s = wall_s };
        KT_AUTO_STR struct kt_str name = { 0 };
        char *message;
        va_list args;

        va_start(args, format);
        message = kt_str_vmake(format, args);
        va_end(args);
        (void)snprintf(event.reason, sizeof(event.reason), "%s", reason); /* our own words, and short */
        kt_str_addf(&name, "%s\n%s\n%s\n%" PRId64, reason, about, message ? message : "", wall_s / KT_EVENT_SAME_S);
        add(events, &event, kt_str_get(&name), message);
}

void kt_events_add_change(struct kt_events *events, bool is_warning, const char *reason, const char *about,
                          int64_t since_wall_s, const char *message)
{
        struct kt_event event = { .is_warning = is_warning, .wall_s = since_wall_s };
        KT_AUTO_STR struct kt_str name = { 0 };

        (void)snprintf(event.reason, sizeof(event.reason), "%s", reason); /* our own words, and short */
        kt_str_addf(&name, "%s\n%s\n%" PRId64 "s", reason, about, since_wall_s);
        add(events, &event, kt_str_get(&name), strdup(message));
}

void kt_events_done(struct kt_events *events)
{
        for (size_t i = 0; i < events->count; i++)
                free(events->items[i].message);
        free(events->items);
        *events = (struct kt_events){ 0 };
}
