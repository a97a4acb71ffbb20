/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a node. */
#include "daemonset/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *kt_broker_state_name(enum kt_broker_state state)
{
        static const char *const names[KT_BROKER_STATE_COUNT_] = {
                [KT_BROKER_WAITING] = "waiting", [KT_BROKER_ENOUGH] = "ok",     [KT_BROKER_RAISED] = "raised",
                [KT_BROKER_SHORT] = "short",     [KT_BROKER_DENIED] = "denied", [KT_BROKER_FAILED] = "failed",
        };

        return names[state];
}

bool kt_node_is_name(const char *text)
{
        static const char ends[] = "abcdefghijklmnopqrstuvwxyz0123456789"; /* of each part between dots */
        const char *part = text;

        if (strlen(text) >= KT_NODE_NAME_MAX)
                return false;
        for (;;) {
                size_t len = strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789-");

                if (len == 0 || !strchr(ends, part[0]) || !strchr(ends, part[len - 1]))
                        return false;
                if (part[len] != '.')
                        return part[len] == '\0';
                part += len + 1;
        }
}

int kt_node_set_text(char **slot, const char *text, bool *changed)
{
        char *copy;

        if (*slot == text || (*slot && text && strcmp(*slot, text) == 0))
                return 0;
        copy = text ? strdup(text) : NULL;
        if (text && !copy)
                return -ENOMEM;

        free(*slot);
        *slot = copy;
        *changed = true;
        return 0;
}

struct kt_node_row *kt_node_find_row(struct kt_node_state *state, const char *key)
{
        for (size_t i = 0; i < state->row_count; i++)
                if (strcmp(state->rows[i].key, key) == 0)
                        return &state->rows[i];
        return NULL;
}

const struct kt_node_row *kt_node_row_of(const struct kt_node_state *state, const char *id)
{
        for (size_t i = 0; i < state->row_count; i++)
                if (strcmp(state->rows[i].id, id) == 0)
                        return &state->rows[i];
        return NULL;
}

struct kt_node_broker *kt_node_find_broker(struct kt_node_state *state, const char *pod_uid)
{
        for (size_t i = 0; i < state->broker_count; i++)
                if (strcmp(state->brokers[i].pod.uid, pod_uid) == 0)
                        return &state->brokers[i];
        return NULL;
}

size_t kt_node_count(const struct kt_node_state *state, enum kt_state row_state)
{
        size_t count = 0;

        for (size_t i = 0; i < state->row_count; i++)
                count += state->rows[i].state == row_state;
        return count;
}

/* What this kernel does not know cannot hold a node back for ever: it is reported, and that is all. */
static bool keeps_back(const struct kt_node_row *row)
{
        return row->is_required && row->state != KT_STATE_OK && row->state != KT_STATE_APPLIED &&
               row->state != KT_STATE_UNSUPPORTED;
}

bool kt_node_is_ready(const struct kt_node_state *state, const struct kt_node_row **ret_first)
{
        const struct kt_node_row *first = NULL;

        for (size_t i = 0; !first && i < state->row_count; i++)
                if (keeps_back(&state->rows[i]))
                        first = &state->rows[i];
        if (ret_first)
                *ret_first = first;
        return state->is_judged && !first;
}

void kt_node_row_done(struct kt_node_row *row)
{
        free(row->key);
        free(row->id);
        free(row->object);
        free(row->have);
        free(row->want);
        free(row->want_value);
        free(row->reason);
        free(row->next);
        free(row->rival);
        *row = (struct kt_node_row){ 0 };
}

void kt_node_volume_done(struct kt_node_volume *volume)
{
        free(volume->path);
        free(volume->pod_uid);
        free(volume->name);
        free(volume->filesystem);
        free(volume->device);
        free(volume->problem);
        *volume = (struct kt_node_volume){ 0 };
}

void kt_node_clear_volumes(struct kt_node_state *state)
{
        for (size_t i = 0; i < state->volume_count; i++)
                kt_node_volume_done(&state->volumes[i]);
        free(state->volumes);
        state->volumes = NULL;
        state->volume_count = 0;
        state->volume_cap = 0;
}

void kt_disk_done(struct kt_disk *disk)
{
        free(disk->path);
        free(disk->identity);
        free(disk->hardware);
        *disk = (struct kt_disk){ 0 };
}

void kt_node_state_done(struct kt_node_state *state)
{
        for (size_t i = 0; i < state->row_count; i++)
                kt_node_row_done(&state->rows[i]);
        for (size_t i = 0; i < state->broker_count; i++)
                free(state->brokers[i].reason);
        for (size_t i = 0; i < state->disk_count; i++)
                kt_disk_done(&state->disks[i]);
        kt_node_clear_volumes(state);
        kt_events_done(&state->events);
        free(state->rows);
        free(state->brokers);
        free(state->disks);
        free(state->config_problem);
        *state = (struct kt_node_state){ 0 };
}
