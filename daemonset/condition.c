/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: a row for each, judged from the state alone. */
#include "daemonset/condition.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemonset/state.h"

static void say(struct kt_condition *condition, enum kt_condition_status status, const char *reason, const char *format,
                ...) KT_PRINTF(4, 5);

static void say(struct kt_condition *condition, enum kt_condition_status status, const char *reason, const char *format,
                ...)
{
        va_list args;

        condition->status = status;
        (void)snprintf(condition->reason, sizeof(condition->reason), "%s", reason); /* our own words, and short */
        va_start(args, format);
        (void)vsnprintf(condition->message, sizeof(condition->message), format, args); /* what is longer is cut */
        va_end(args);
}

/* Why a row that is required does not hold, in one word. */
static const char *const row_reasons[KT_STATE_COUNT_] = {
        [KT_STATE_CONFLICT] = "Conflict",       [KT_STATE_DRIFT] = "Drift",     [KT_STATE_ERROR] = "Failed",
        [KT_STATE_DENIED] = "Denied",           [KT_STATE_APPLIED] = "Applied", [KT_STATE_OK] = "Tuned",
        [KT_STATE_UNSUPPORTED] = "Unsupported",
};

static void judge_ready(const struct kt_node_state *state, struct kt_condition *ret)
{
        const struct kt_node_row *row = NULL;

        if (!state->is_judged)
                say(ret, KT_UNKNOWN, "NotRead", "the rows were not read yet");
        else if (kt_node_is_ready(state, &row))
                say(ret, KT_TRUE, "Tuned", "what is required of the node was read back and holds");
        else
                say(ret, KT_FALSE, row_reasons[row->state], "%s has %s, needs %s: %s", row->object,
                    row->have ? row->have : "no known value", row->want, row->reason);
}

static void judge_configured(const struct kt_node_state *state, struct kt_condition *ret)
{
        if (state->config_problem)
                say(ret, KT_FALSE, "Invalid", "%s", state->config_problem);
        else
                say(ret, KT_TRUE, "Valid", "profile %s, %s", state->profile, state->profile_hash);
}

static void judge_steady(const struct kt_node_state *state, struct kt_condition *ret)
{
        for (size_t i = 0; i < state->row_count; i++) {
                const struct kt_node_row *row = &state->rows[i];

                if (row->state != KT_STATE_CONFLICT)
                        continue;
                say(ret, KT_FALSE, "Conflict", "%s is set to %s again and again by %s; left alone", row->object,
                    row->have ? row->have : "?", row->rival ? row->rival : "somebody unknown");
                return;
        }
        say(ret, KT_TRUE, "NoConflict", "nobody fights over a value");
}

static const struct kt_node_row *first_wrong_disk_row(const struct kt_node_state *state)
{
        for (size_t i = 0; i < state->row_count; i++)
                if (strncmp(state->rows[i].id, "queue.", 6) == 0 &&
                    (state->rows[i].state == KT_STATE_DRIFT || state->rows[i].state == KT_STATE_DENIED ||
                     state->rows[i].state == KT_STATE_ERROR))
                        return &state->rows[i];
        return NULL;
}

static void judge_volumes(const struct kt_node_state *state, struct kt_condition *ret)
{
        const struct kt_node_row *row = first_wrong_disk_row(state);
        size_t problems = 0;

        for (size_t i = 0; i < state->volume_count; i++)
                problems += state->volumes[i].problem != NULL;
        if (state->volume_count == 0)
                say(ret, KT_TRUE, "NoVolume", "no volume of a broker is attached");
        else if (problems > 0)
                say(ret, KT_FALSE, "NoDisk", "%zu of %zu volumes are on no disk that can be tuned", problems,
                    state->volume_count);
        else if (row)
                say(ret, KT_FALSE, row_reasons[row->state], "%s has %s, needs %s", row->object,
                    row->have ? row->have : "no known value", row->want);
        else
                say(ret, KT_TRUE, "Tuned", "%zu volumes", state->volume_count);
}

static void judge_limits(const struct kt_node_state *state, struct kt_condition *ret)
{
        static const char *const reasons[KT_BROKER_STATE_COUNT_] = {
                [KT_BROKER_SHORT] = "Short", [KT_BROKER_DENIED] = "Denied", [KT_BROKER_FAILED] = "Failed"
        };
        size_t fine = 0;

        for (size_t i = 0; i < state->broker_count; i++) {
                const struct kt_node_broker *broker = &state->brokers[i];

                if (reasons[broker->state]) {
                        say(ret, KT_FALSE, reasons[broker->state], "%s/%s: %s", broker->pod.namespace, broker->pod.name,
                            broker->reason ? broker->reason : "no reason");
                        return;
                }
                fine += broker->state == KT_BROKER_ENOUGH || broker->state == KT_BROKER_RAISED;
        }
        if (fine == 0)
                say(ret, KT_TRUE, "NoBroker", "no process of a broker runs here");
        else
                say(ret, KT_TRUE, "Enough", "%zu brokers have the limits they need", fine);
}

static const struct {
        const char *name;
        void (*judge)(const struct kt_node_state *state, struct kt_condition *ret);
} types[KT_CONDITION_COUNT_] = {
        [KT_CONDITION_READY] = { "Ready", judge_ready },
        [KT_CONDITION_CONFIGURED] = { "Configured", judge_configured },
        [KT_CONDITION_STEADY] = { "Steady", judge_steady },
        [KT_CONDITION_VOLUMES] = { "VolumesTuned", judge_volumes },
        [KT_CONDITION_LIMITS] = { "LimitsEnough", judge_limits },
};

const char *kt_condition_type_name(enum kt_condition_type type)
{
        return types[type].name;
}

const char *kt_condition_status_name(enum kt_condition_status status)
{
        static const char *const names[] = { [KT_UNKNOWN] = "Unknown", [KT_TRUE] = "True", [KT_FALSE] = "False" };

        return names[status];
}

void kt_conditions_judge(struct kt_node_state *state, int64_t now_wall_s)
{
        for (size_t type = 0; type < KT_CONDITION_COUNT_; type++) {
                struct kt_condition *condition = &state->conditions.items[type];
                struct kt_condition now = { 0 };

                types[type].judge(state, &now);
                now.changed_wall_s = condition->changed_wall_s;
                if (now.status != condition->status || condition->changed_wall_s == 0)
                        now.changed_wall_s = now_wall_s;
                *condition = now;
        }
}
