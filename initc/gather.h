/* SPDX-License-Identifier: Apache-2.0 */
/* Facts and judgement for all verbs: spec, pod, volumes, properties, need. Reads everything, changes nothing. */
#ifndef KT_INITC_GATHER_H
#define KT_INITC_GATHER_H

#include "initc/args.h"
#include "initc/compile.h"
#include "initc/facts.h"
#include "initc/identity.h"
#include "initc/judge.h"
#include "initc/layout.h"
#include "lib/app/exit.h"
#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/need.h"
#include "lib/kafka/properties.h"
#include "lib/kafka/version.h"
#include "lib/os/root.h"
#include "lib/text/finding.h"

struct kt_gathered {
        struct kt_root root;
        struct kt_spec spec;
        const struct kt_kafka_version *version;
        struct kt_identity identity;
        struct kt_owner owner;
        struct kt_properties properties;
        struct kt_volumes volumes;
        struct kt_layout layout;
        struct kt_judge judge;
        enum kt_verdict verdict; /* the worst of all log dirs */
        struct kt_need_input need_input;
        struct kt_need need;
        uint64_t have_maps;        /* vm.max_map_count of the node, UINT64_MAX: not readable */
        uint64_t have_descriptors; /* hard nofile of this container, UINT64_MAX: unlimited */
        struct kt_findings findings;
};

/* How far to go; each includes the ones before it. */
enum kt_gather_until {
        KT_GATHER_SPEC,     /* kafka.yaml and the version */
        KT_GATHER_CONFIG,   /* pod, volumes (not walked), properties compiled and checked */
        KT_GATHER_VOLUMES,  /* log dirs walked and judged */
        KT_GATHER_NEED,     /* of a broker that is to be started: it removes *.deleted files first */
        KT_GATHER_NEED_NOW, /* of one that may be running: they are still open */
};

/* Returns KT_EXIT_OK, or the exit code to end with: KT_EXIT_USAGE when the configuration has errors (findings say
 * which, e is empty) or cannot be read, KT_EXIT_FAILED when facts cannot be read. A refused volume is no failure of
 * gathering. Always to be released with kt_gathered_done; must not be moved afterwards. */
KT_MUST_CHECK enum kt_exit kt_gather(const struct kt_args *args, enum kt_gather_until until, struct kt_gathered *ret,
                                     struct kt_err *e);
void kt_gathered_done(struct kt_gathered *gathered);

#endif
