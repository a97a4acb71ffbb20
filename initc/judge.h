/* SPDX-License-Identifier: Apache-2.0 */
/* What the facts of the volumes mean for this pod. Pure: reads facts, writes findings. */
#ifndef KT_INITC_JUDGE_H
#define KT_INITC_JUDGE_H

#include "initc/facts.h"
#include "initc/identity.h"
#include "initc/layout.h"
#include "lib/app/spec.h"
#include "lib/kafka/version.h"
#include "lib/text/finding.h"

/* All borrowed. */
struct kt_judge {
        const struct kt_spec *spec;
        const struct kt_kafka_version *version;
        const struct kt_identity *identity;
        const struct kt_layout *layout;
        bool can_give;  /* we may change owners and modes: CAP_CHOWN and CAP_FOWNER are effective */
        bool can_enter; /* no mode stops us: CAP_DAC_OVERRIDE is effective */
        uid_t uid;      /* who we are */
        gid_t gid;
        bool has_static_voters; /* controller.quorum.voters is set */
};

enum kt_verdict {
        KT_VERDICT_OK,
        KT_VERDICT_FIXABLE, /* prepare puts it right */
        KT_VERDICT_REFUSED, /* a person has to decide; there is an error finding */
};

/* How this log dir comes to its quorum, as the flags of kafka-storage format say. */
enum kt_quorum {
        KT_QUORUM_NONE,        /* a broker, or a log dir without the metadata */
        KT_QUORUM_FIRST_VOTER, /* --standalone, --initial-controllers: the quorum starts with it, perhaps with others */
        KT_QUORUM_JOIN,        /* --no-initial-controllers: a controller that joins later */
        KT_QUORUM_STATIC,      /* controller.quorum.voters */
};

/* Adds everything there is to say about one log dir and the volume it is on. The findings' source is the log dir's
 * path. */
enum kt_verdict kt_judge_dir(const struct kt_judge *in, const struct kt_layout_dir *item, struct kt_findings *findings);

/* Adds what is wrong between the log dirs: one directory id twice, a node that lost its metadata volume. */
void kt_judge_all(const struct kt_judge *in, struct kt_findings *findings);

/* What prepare does to a log dir that is not refused; has_work: anything at all. */
bool kt_judge_has_work(const struct kt_judge *in, const struct kt_layout_dir *item);
bool kt_judge_needs_format(const struct kt_judge *in, const struct kt_layout_dir *item);
enum kt_quorum kt_judge_quorum(const struct kt_judge *in, const struct kt_layout_dir *item);
/* The broker could not even enter the volume. */
bool kt_judge_needs_reach(const struct kt_judge *in, const struct kt_layout_dir *item);

/* What a broker needs against what it has; UINT64_MAX on the have side: not known here, or unlimited. */
struct kt_limits_judge {
        uint64_t need_descriptors;
        uint64_t have_descriptors;
        uint64_t need_maps;
        uint64_t have_maps;
        bool refuse;       /* errors instead of warnings */
        uint64_t waited_s; /* how long the node's agent was waited for; 0: it was not */
};

void kt_judge_limits(const struct kt_limits_judge *in, struct kt_findings *findings);

const char *kt_verdict_name(enum kt_verdict verdict);

/* The finding's id of a refusal that only privilege is missing for: exit code 3 instead of 1. */
#define KT_JUDGE_NOT_PERMITTED "not-permitted"

#endif
