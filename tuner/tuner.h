/* SPDX-License-Identifier: Apache-2.0 */
/* The door of this folder for the agent: the profile of one kafka.yaml, judged and kept on this machine. A thin layer
 * over engine, plan, journal and apply: what kafka-tuner would say and do, the agent says and does. */
#ifndef KT_TUNER_TUNER_H
#define KT_TUNER_TUNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/app/spec.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/finding.h"
#include "lib/text/str.h"
#include "tuner/engine.h"

struct kt_tuner;

struct kt_tuner_config {
        const char *config;  /* NULL: /etc/k8skafka/kafka.yaml, which may be missing */
        const char *journal; /* NULL: where kafka-tuner keeps it, so that kafka-tuner revert takes back both */
        const char *sysroot; /* NULL: the running machine; anything else is judged and never written */
};

/* Reads kafka.yaml and who else sets the rows. 0, -EINVAL with the reasons in findings, or another -errno with its
 * reason in e. Borrows config's texts. Release with kt_tuner_free. */
KT_MUST_CHECK int kt_tuner_new(const struct kt_tuner_config *config, struct kt_tuner **ret,
                               struct kt_findings *findings, struct kt_err *e);
void kt_tuner_free(struct kt_tuner *tuner);

/* Borrowed. */
const struct kt_spec *kt_tuner_spec(const struct kt_tuner *tuner);
const struct kt_root *kt_tuner_root(const struct kt_tuner *tuner);

/* Appends one line for each wish of the node and of processes: a text that is another one exactly when something else
 * is wanted. */
void kt_tuner_describe(const struct kt_tuner *tuner, struct kt_str *out);

/* From now on the rows about block devices mean the disks behind these paths, and no others. Why a path has none is
 * said in findings (source: the path); the others count. 0 or -errno; after that nothing has changed. */
KT_MUST_CHECK int kt_tuner_set_volumes(struct kt_tuner *tuner, const char *const *paths, size_t count,
                                       struct kt_findings *findings, struct kt_err *e);

/* The filesystem's own device of the volume at path; NULL: it is none of those that were set, or on no disk. Borrowed
 * until the next kt_tuner_set_volumes. */
const struct kt_device *kt_tuner_volume_device(const struct kt_tuner *tuner, const char *path);

/* Reads and judges all rows of the node and of the volumes' disks; writes nothing and starts no process. Cheap: a call
 * each second is meant. 0 or -ENOMEM. Verdicts borrow the tuner; release them with kt_tuner_verdicts_done. */
KT_MUST_CHECK int kt_tuner_check_node(const struct kt_tuner *tuner, struct kt_tuner_verdicts *ret, struct kt_err *e);

/* True when it has to hold before a broker may come: in the profile or asked for in kafka.yaml, and not only looked at.
 * Volumes come later than that: rows about disks are not required. */
bool kt_tuner_is_required(const struct kt_tuner *tuner, const struct kt_tuner_verdict *verdict);

/* Appends what tells the verdict's row and object from all others, also after a disk has changed its name:
 * "vm.swappiness", "queue.scheduler diskseq:2 serial:disk0". 0 or -errno. */
KT_MUST_CHECK int kt_tuner_key(const struct kt_tuner_verdict *verdict, struct kt_str *out);

/* Writes, through the journal, those verdicts that drift and for which may_write says yes, and gives them the state
 * that came of it. -EBUSY: somebody else works with the journal now; nothing was written. Sorts the verdicts. */
KT_MUST_CHECK int kt_tuner_restore(const struct kt_tuner *tuner, struct kt_tuner_verdicts *verdicts,
                                   bool (*may_write)(void *context, const struct kt_tuner_verdict *verdict),
                                   void *context, size_t *ret_written, struct kt_err *e);

/* Judges the limits of a process and raises what falls short, through the journal, to what the profile wants and no
 * further. A number may go to another process: the caller holds a descriptor of the one that is meant (pidfd_open(2)),
 * and is_same says whether the number is still its own; it is asked behind the judgement and behind the writes. -ESRCH:
 * it was not. -EBUSY as of kt_tuner_restore. */
KT_MUST_CHECK int kt_tuner_raise(const struct kt_tuner *tuner, uint64_t pid, bool (*is_same)(void *context),
                                 void *context, struct kt_tuner_verdicts *ret, size_t *ret_written, struct kt_err *e);

/* Appends who sets that row to that value when the machine or TuneD starts: "sysctl.d: /etc/sysctl.d/99-x.conf:3". Nothing
 * when nobody is known. Reads their files anew. */
void kt_tuner_add_rival(const struct kt_tuner *tuner, const char *id, const char *value, struct kt_str *out);

#endif
