/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of kafka-initc, as its verbs see it. */
#ifndef KT_INITC_ARGS_H
#define KT_INITC_ARGS_H

#include <stdbool.h>
#include <stddef.h>

enum kt_output { KT_OUTPUT_TEXT, KT_OUTPUT_JSON };

struct kt_args {
        const char *config;
        const char *sysroot;
        const char *handoff;
        const char *pod;
        const char *termination_log;
        const char *owner;
        const char *kafka_version;
        const char *listener;
        int output; /* enum kt_output */
        bool verbose;
        bool dry_run;
        bool verify;
        char **volumes;  /* NULL-terminated: instead of storage.volumes; borrowed; NULL: none */
        char **operands; /* NULL-terminated; borrowed from argv */
        size_t operand_count;
};

/* The verbs: each returns its exit code. */
int kt_verb_prepare(void *args);
int kt_verb_exec(void *args);
int kt_verb_config(void *args);
int kt_verb_volume(void *args);
int kt_verb_chown(void *args);
int kt_verb_format(void *args);
int kt_verb_need(void *args);
int kt_verb_probe(void *args);

#endif
