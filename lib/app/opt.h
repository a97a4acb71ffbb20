/* SPDX-License-Identifier: Apache-2.0 */
/* Options and verbs as rows: parsing, --help, the man page's OPTIONS and bash completion all come from them. */
#ifndef KT_APP_OPT_H
#define KT_APP_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/text/str.h"

enum kt_opt_kind {
        KT_OPT_FLAG,     /* bool: true when given */
        KT_OPT_TEXT,     /* const char *: borrowed from argv */
        KT_OPT_PATH,     /* const char *: as TEXT, completed as a file name */
        KT_OPT_CHOICE,   /* int: index into choices */
        KT_OPT_COUNT_,
};

/* One option. Rows end with an empty one ({0}). */
struct kt_opt {
        const char *name;           /* long name without dashes */
        char short_name;            /* 0 when there is none */
        enum kt_opt_kind kind;
        size_t offset;              /* offsetof its value in the program's struct of arguments */
        const char *arg;            /* placeholder of its value in help, "FILE"; NULL for a flag */
        const char *const *choices; /* NULL-terminated, for KT_OPT_CHOICE */
        const char *help;           /* one line, lower case, no full stop */
        const char *preset;         /* what help shows as default; NULL shows none. The value itself comes from the caller */
};

/* One verb. Rows end with an empty one. A program without verbs has one row whose name is NULL-less "" . */
struct kt_cmd {
        const char *name;           /* "prepare" */
        const char *operands;       /* "PATH…", "[-- CMD…]", NULL: takes none, and any is an error */
        const char *help;           /* one line for the list of verbs */
        const char *about;          /* paragraphs of its own --help and man section, lines <= 78 columns; may be NULL */
        const struct kt_opt *opts;  /* may be NULL */
        int (*run)(void *args);     /* returns the exit code */
};

struct kt_program {
        const char *name;            /* "kafka-initc" */
        const char *summary;         /* one line */
        const char *version;         /* "0.1.0 (commit)" */
        const char *const *features; /* NULL-terminated, for --version */
        const char *examples;        /* lines for --help and the man page */
        const struct kt_opt *common; /* options that every verb takes */
        const struct kt_cmd *cmds;
};

/* What parsing found. Operands are borrowed from argv. */
struct kt_opt_result {
        const struct kt_cmd *cmd;
        char **operands; /* NULL-terminated, as argv is */
        size_t operand_count;
        bool wants_help;       /* --help: cmd is NULL for the program's own */
        bool wants_version;    /* --version */
        bool wants_completion; /* --completion: print the bash completion script */
        bool wants_man;        /* --man: print COMMANDS, OPTIONS and EXIT STATUS as scdoc, for the build */
};

/* Parses argv into args. Options may stand before and behind the verb; "--" ends them. Errors (-EINVAL) name the option,
 * its value and what would have been right, with a suggestion for a misspelt one. */
KT_MUST_CHECK int kt_opt_parse(const struct kt_program *program, int argc, char **argv, void *args,
                               struct kt_opt_result *ret, struct kt_err *e);

/* These append to out: help is at most 80 columns wide; cmd NULL means the program itself. */
void kt_opt_help(const struct kt_program *program, const struct kt_cmd *cmd, struct kt_str *out);
void kt_opt_version(const struct kt_program *program, struct kt_str *out);
void kt_opt_completion(const struct kt_program *program, struct kt_str *out);
void kt_opt_man(const struct kt_program *program, struct kt_str *out);

/* A whole main(): parses, answers --help, --version, --completion and --man on stdout, prints a usage error on stderr
 * and returns KT_EXIT_USAGE, or stores the operands through the callback and runs the verb. */
int kt_opt_main(const struct kt_program *program, int argc, char **argv, void *args,
                void (*set_operands)(void *args, const struct kt_opt_result *result));

#endif
