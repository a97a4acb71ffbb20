/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of the NodeTuning object, in the form of Kubernetes' metav1.Condition: a row for each type. */
#ifndef KT_DAEMONSET_CONDITION_H
#define KT_DAEMONSET_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"

struct kt_node_state;

enum kt_condition_type {
        KT_CONDITION_READY,
        KT_CONDITION_CONFIGURED,
        KT_CONDITION_STEADY,
        KT_CONDITION_VOLUMES,
        KT_CONDITION_LIMITS,
        KT_CONDITION_COUNT_
};

enum kt_condition_status { KT_UNKNOWN, KT_TRUE, KT_FALSE };

enum { KT_CONDITION_MESSAGE_MAX = 512, KT_CONDITION_REASON_MAX = 32 };

struct kt_condition {
        enum kt_condition_status status;
        char reason[KT_CONDITION_REASON_MAX]; /* CamelCase, one word */
        char message[KT_CONDITION_MESSAGE_MAX];
        int64_t changed_wall_s; /* when status became what it is; 0: never judged */
};

struct kt_conditions {
        struct kt_condition items[KT_CONDITION_COUNT_];
};

const char *kt_condition_type_name(enum kt_condition_type type);
const char *kt_condition_status_name(enum kt_condition_status status);

/* Judges all conditions anew. The time of a condition changes with its status only. */
void kt_conditions_judge(struct kt_node_state *state, int64_t now_wall_s);

#endif
