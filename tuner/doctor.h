/* SPDX-License-Identifier: Apache-2.0 */
/* Can each tunable be set from here, if not why and what to do instead, and who else sets it. Changes nothing. */
#ifndef KT_TUNER_DOCTOR_H
#define KT_TUNER_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/mounts.h"
#include "lib/text/str.h"
#include "tuner/facts.h"
#include "tuner/kubelet.h"
#include "tuner/setters.h"
#include "tuner/wish.h"

/* Who asks, and on what: all of it read through the root, so that a snapshot answers as its machine did. */
struct kt_doctor_place {
        bool is_known; /* /proc/self/status is there */
        bool is_root;  /* effective uid 0 of the first user namespace */
        bool is_user_namespace;
        uint64_t capabilities; /* effective, one bit each */
        char kernel[64];       /* "6.1.0-56-cloud-amd64"; "" when not known */
        char system[64];       /* ID of os-release(5) */
        const char *provider;  /* by what the machine's firmware says (SMBIOS); static, NULL: none known */
        const char *managed;   /* what to do on a system that its provider manages; static, NULL: none known */
        struct kt_kubelet kubelet;
        struct kt_mounts mounts;
        struct kt_setters setters;
};

enum kt_can {
        KT_CAN_NOT_FOUND, /* the kernel shows no such file here */
        KT_CAN_NOT_MOUNT, /* its mount is read-only */
        KT_CAN_NOT_USER,  /* somebody with more privilege could */
        KT_CAN_NOT_BOUND, /* another setting bounds it */
        KT_CAN_UNKNOWN,
        KT_CAN_FACT, /* it is looked at and never set: nothing to ask for */
        KT_CAN_SET,
        KT_CAN_COUNT_
};

/* Texts but wish are owned; have, next and conflict may be NULL. */
struct kt_doctor_row {
        const struct kt_wish *wish;
        char *object; /* a row about disks has one answer for each */
        enum kt_can can;
        char *have;
        char *reason;
        char *next;
        char *conflict; /* who will set another value than is wanted, at the next boot or when it is started again */
};

struct kt_doctor {
        struct kt_doctor_place place;
        struct kt_doctor_row *items; /* what cannot be set first, then conflicts */
        size_t count;
        size_t cap;
        size_t counts[KT_CAN_COUNT_];
        size_t conflicts;
};

/* Examines every wish. What may not be read is an answer too. 0 or -errno; release it with kt_doctor_done in any case.
 * Borrows wishes for as long as ret lives. */
KT_MUST_CHECK int kt_doctor_examine(const struct kt_tuner_facts *facts, const struct kt_wishes *wishes,
                                    struct kt_doctor *ret, struct kt_err *e);
void kt_doctor_done(struct kt_doctor *doctor);

/* 1 when somebody sets one otherwise, else 3 when one cannot be set here, else 0. */
int kt_doctor_exit_code(const struct kt_doctor *doctor);

/* Append the report. 0 or -ENOMEM. */
KT_MUST_CHECK int kt_doctor_text(const struct kt_root *root, const struct kt_doctor *doctor, bool colour,
                                 struct kt_str *out);
KT_MUST_CHECK int kt_doctor_json(const struct kt_root *root, const struct kt_doctor *doctor, struct kt_str *out);

#endif
