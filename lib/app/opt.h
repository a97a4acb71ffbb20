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
        KT_OPT_FLAG,   /* bool: true when given */
        KT_OPT_TEXT,   /* const char *: borrowed from argv */
        KT_OPT_PATH,   /* const char *: as TEXT, completed as a file name */
        KT_OPT_CHOICE, /* int: index into choices */
        KT_OPT_COUNT_,
};

/* One option. Rows end with an empty one ({0}). A name that several verbs share takes a value in all of them or in
 * none: where it stands before the verb, the verb is not known yet. */
struct kt_opt {
        const char *name; /* long name without dashes */
        char short_name;  /* 0 when there is none */
        enum kt_opt_kind kind;
        size_t offset;              /* offsetof its value in the program's struct of arguments */
        const char *arg;            /* placeholder of its value in help, "FILE"; NULL: a flag, or the choices */
        const char *const *choices; /* NULL-terminated, for KT_OPT_CHOICE */
        const char *help;           /* one line, lower case, no full stop */
        const char *preset;         /* default that help shows, or NULL; the value itself comes from the caller */
};

/* One verb. Rows end with an empty one. A program without verbs has a single row whose name is "". */
struct kt_cmd {
        const char *name;          /* "prepare" */
        const char *operands;      /* "PATH…", "[-- CMD…]", NULL: takes none, and any is an error */
        const char *help;          /* one line for the list of verbs */
        const char *about;         /* paragraphs of its own --help and man section, lines <= 78 columns; may be NULL */
        const struct kt_opt *opts; /* may be NULL */
        int (*run)(void *args);    /* returns the exit code */
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

/* What parsing found. Operands are borrowed from argv, whose front they were moved to. */
struct kt_opt_result {
        const struct kt_cmd *cmd;
        char **operands; /* NULL-terminated, as argv is */
        size_t operand_count;
        bool wants_help;       /* --help: cmd is NULL for the program's own */
        bool wants_version;    /* --version */
        bool wants_completion; /* --completion: print the bash completion script */
        bool wants_man;        /* --man: print COMMANDS, OPTIONS, EXAMPLES and EXIT STATUS as scdoc, for the build */
};

/* Parses argv into args. Options may stand before and behind the verb; what follows "--" is operands. A value is given
 * as --name=value or as the next argument, unless that looks like an option. Errors (-EINVAL) name the option, its
 * value and what would have been right, with a suggestion for a misspelt one; args may be half filled then, ret is not
 * touched. */
KT_MUST_CHECK int kt_opt_parse(const struct kt_program *program, int argc, char **argv, void *args,
                               struct kt_opt_result *ret, struct kt_err *e);

/* These append to out. Help is at most 80 columns wide; cmd NULL means the program itself. The completion script is for
 * bash; man is the part of the manual page that the rows know. */
void kt_opt_help(const struct kt_program *program, const struct kt_cmd *cmd, struct kt_str *out);
void kt_opt_version(const struct kt_program *program, struct kt_str *out);
void kt_opt_completion(const struct kt_program *program, struct kt_str *out);
void kt_opt_man(const struct kt_program *program, struct kt_str *out);

/* A whole main(): parses, answers --help, --version, --completion and --man on stdout, prints a usage error on stderr
 * and returns KT_EXIT_USAGE, or hands the operands to set_operands (may be NULL) and runs the verb. KT_EXIT_FAILED when
 * the answer could not be written. */
int kt_opt_main(const struct kt_program *program, int argc, char **argv, void *args,
                void (*set_operands)(void *args, const struct kt_opt_result *result));

#endif
