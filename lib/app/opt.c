/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: parsing, help, completion and the man page's generated part, all from the program's rows. */
#include "lib/app/opt.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "lib/app/exit.h"
#include "lib/app/report.h"
#include "lib/text/suggest.h"

enum {
        WIDTH = 80,         /* columns of help */
        LEFT_MAX = 30,      /* a longer left side gets its help on the next line */
        LEFT_INDENT = 2,    /* of rows below a heading */
        COLUMN_GAP = 2,     /* between an option and its help */
        NAME_TEXT_MAX = 64, /* an option as the user wrote it, in messages */
};

/* What is no exit code of ours, but what a shell or Kubernetes reports of a started program that a signal ended. */
#define SIGNAL_CODES   "128+N"
#define SIGNAL_MEANING "signal N ended the program"

/* What every program answers itself. The offsets are those of struct kt_opt_result. */
static const struct kt_opt own_opts[] = {
        { .name = "help",
          .short_name = 'h',
          .kind = KT_OPT_FLAG,
          .offset = offsetof(struct kt_opt_result, wants_help),
          .help = "print this help, or that of the command" },
        { .name = "version",
          .short_name = 'V',
          .kind = KT_OPT_FLAG,
          .offset = offsetof(struct kt_opt_result, wants_version),
          .help = "print the version and what is compiled in" },
        { .name = "completion",
          .kind = KT_OPT_FLAG,
          .offset = offsetof(struct kt_opt_result, wants_completion),
          .help = "print a completion script for bash" },
        { .name = "man",
          .kind = KT_OPT_FLAG,
          .offset = offsetof(struct kt_opt_result, wants_man),
          .help = "print the reference part of the manual page (scdoc)" },
        { 0 },
};

/* ---- Rows ---- */

/* An empty list stands for NULL, so that loops need no question. */
static const struct kt_opt *rows_of(const struct kt_opt *opts)
{
        static const struct kt_opt none[] = { { 0 } };

        return opts ? opts : none;
}

static bool has_verbs(const struct kt_program *program)
{
        return program->cmds[0].name && program->cmds[0].name[0] != '\0';
}

/* The option with that long name, or with that short one when name is NULL. */
static const struct kt_opt *find_in(const struct kt_opt *opts, const char *name, char short_name)
{
        for (const struct kt_opt *opt = rows_of(opts); opt->name; opt++)
                if (name ? strcmp(opt->name, name) == 0 : opt->short_name == short_name)
                        return opt;
        return NULL;
}

static const struct kt_opt *find_anywhere(const struct kt_program *program, const char *name, char short_name)
{
        const struct kt_opt *opt = find_in(own_opts, name, short_name);

        if (!opt)
                opt = find_in(program->common, name, short_name);
        for (const struct kt_cmd *cmd = program->cmds; cmd->name && !opt; cmd++)
                opt = find_in(cmd->opts, name, short_name);
        return opt;
}

static const struct kt_cmd *find_cmd(const struct kt_program *program, const char *name)
{
        for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++)
                if (strcmp(cmd->name, name) == 0)
                        return cmd;
        return NULL;
}

/* ---- Parsing ---- */

struct parser {
        const struct kt_program *program;
        int argc;
        char **argv;
        int at; /* next argument */
        void *args;
        struct kt_opt_result result;
        struct kt_err *e;
};

static int say_unknown_option(const struct parser *p, const char *shown, const char *name)
{
        const char *best = NULL;
        size_t distance = 0;

        for (const struct kt_opt *opt = own_opts; name && opt->name; opt++)
                kt_suggest_consider(name, opt->name, &best, &distance);
        for (const struct kt_opt *opt = rows_of(p->program->common); name && opt->name; opt++)
                kt_suggest_consider(name, opt->name, &best, &distance);
        for (const struct kt_cmd *cmd = p->program->cmds; name && cmd->name; cmd++)
                for (const struct kt_opt *opt = rows_of(cmd->opts); opt->name; opt++)
                        kt_suggest_consider(name, opt->name, &best, &distance);

        if (best)
                return kt_err_set(p->e, -EINVAL, "unknown option '%s'; did you mean --%s?", shown, best);
        return kt_err_set(p->e, -EINVAL, "unknown option '%s'", shown);
}

/* The option belongs to other verbs only: names them. */
static int say_foreign_option(const struct parser *p, const char *shown, const char *name, char short_name)
{
        KT_AUTO_STR struct kt_str owners = { 0 };

        for (const struct kt_cmd *cmd = p->program->cmds; cmd->name; cmd++)
                if (find_in(cmd->opts, name, short_name))
                        kt_str_addf(&owners, "%s%s", owners.len > 0 ? ", " : "", cmd->name);
        return kt_err_set(p->e, -EINVAL, "%s is no option of '%s'; it belongs to: %s", shown, p->result.cmd->name,
                          kt_str_get(&owners));
}

/* The row of an option that is legal with the verb; shown is how the user wrote it. */
static int look_up(const struct parser *p, const char *shown, const char *name, char short_name,
                   const struct kt_opt **ret)
{
        const struct kt_opt *opt = find_in(own_opts, name, short_name);

        if (!opt)
                opt = find_in(p->program->common, name, short_name);
        if (!opt && p->result.cmd)
                opt = find_in(p->result.cmd->opts, name, short_name);
        if (!opt && find_anywhere(p->program, name, short_name))
                return p->result.cmd ? say_foreign_option(p, shown, name, short_name)
                                     : kt_err_set(p->e, -EINVAL, "%s needs a command", shown);
        if (!opt)
                return say_unknown_option(p, shown, name);

        *ret = opt;
        return 0;
}

static bool is_own(const struct kt_opt *opt)
{
        return find_in(own_opts, opt->name, 0) == opt;
}

static int store_choice(const struct parser *p, const struct kt_opt *opt, const char *shown, const char *value)
{
        KT_AUTO_STR struct kt_str known = { 0 };
        const char *best = NULL;
        size_t distance = 0;

        for (int i = 0; opt->choices[i]; i++) {
                if (strcmp(opt->choices[i], value) == 0) {
                        memcpy((char *)p->args + opt->offset, &i, sizeof(i));
                        return 0;
                }
                kt_str_addf(&known, "%s%s", i > 0 ? ", " : "", opt->choices[i]);
                kt_suggest_consider(value, opt->choices[i], &best, &distance);
        }

        if (best)
                return kt_err_set(p->e, -EINVAL, "%s: '%s' is none of: %s; did you mean %s?", shown, value,
                                  kt_str_get(&known), best);
        return kt_err_set(p->e, -EINVAL, "%s: '%s' is none of: %s", shown, value, kt_str_get(&known));
}

/* Stores the value of an option; value is NULL for a flag. */
static int store(struct parser *p, const struct kt_opt *opt, const char *shown, const char *value)
{
        char *base = is_own(opt) ? (char *)&p->result : p->args;
        static const bool yes = true;

        switch (opt->kind) {
        case KT_OPT_FLAG:
                memcpy(base + opt->offset, &yes, sizeof(yes));
                return 0;
        case KT_OPT_PATH:
                if (value[0] == '\0')
                        return kt_err_set(p->e, -EINVAL, "%s needs a path, not an empty value", shown);
                memcpy(base + opt->offset, &value, sizeof(value));
                return 0;
        case KT_OPT_TEXT:
                memcpy(base + opt->offset, &value, sizeof(value));
                return 0;
        case KT_OPT_CHOICE:
                return store_choice(p, opt, shown, value);
        case KT_OPT_COUNT_:
                break;
        }
        KT_UNREACHABLE();
}

/* The next argument as value of the option before it. One that looks like an option is not taken: more often than not
 * the value was forgotten. */
static int next_value(struct parser *p, const struct kt_opt *opt, const char *shown, const char **ret)
{
        const char *arg = opt->arg ? opt->arg : "one of its choices";
        const char *value = p->at < p->argc ? p->argv[p->at] : NULL;

        if (!value)
                return kt_err_set(p->e, -EINVAL, "%s needs a value (%s)", shown, arg);
        if (value[0] == '-' && value[1] != '\0')
                return kt_err_set(p->e, -EINVAL, "%s needs a value (%s), and '%s' looks like an option", shown, arg,
                                  value);

        p->at++;
        *ret = value;
        return 0;
}

static int parse_long(struct parser *p, const char *argument)
{
        char name[NAME_TEXT_MAX];
        char shown[NAME_TEXT_MAX + 2];
        const char *equals = strchr(argument, '=');
        size_t len = equals ? (size_t)(equals - argument) : strlen(argument);
        const char *value = equals ? equals + 1 : NULL;
        const struct kt_opt *opt;
        int r;

        if (len - 2 >= sizeof(name))
                return kt_err_set(p->e, -EINVAL, "unknown option '%.*s...'", NAME_TEXT_MAX, argument);
        memcpy(name, argument + 2, len - 2);
        name[len - 2] = '\0';
        memcpy(shown, argument, len);
        shown[len] = '\0';

        r = look_up(p, shown, name, 0, &opt);
        if (r < 0)
                return r;
        if (opt->kind == KT_OPT_FLAG && value)
                return kt_err_set(p->e, -EINVAL, "%s takes no value, not '%s'", shown, value);
        if (opt->kind != KT_OPT_FLAG && !value)
                r = next_value(p, opt, shown, &value);
        return r < 0 ? r : store(p, opt, shown, value);
}

/* "-vn", "-cFILE", "-vc FILE". */
static int parse_short(struct parser *p, const char *argument)
{
        for (const char *at = argument + 1; *at; at++) {
                const char shown[] = { '-', *at, '\0' };
                const struct kt_opt *opt;
                const char *value = NULL;
                int r;

                r = look_up(p, shown, NULL, *at, &opt);
                if (r < 0)
                        return r;
                if (opt->kind == KT_OPT_FLAG) {
                        r = store(p, opt, shown, NULL);
                        if (r < 0)
                                return r;
                        continue;
                }

                if (at[1] == '\0')
                        r = next_value(p, opt, shown, &value);
                else
                        value = at + 1;
                return r < 0 ? r : store(p, opt, shown, value);
        }
        return 0;
}

static bool looks_like_option(const char *argument)
{
        return argument[0] == '-' && argument[1] != '\0';
}

/* Whether the option takes the argument behind it. Unknown ones do not; they become errors soon. */
static bool takes_next(const struct kt_program *program, const char *argument)
{
        const struct kt_opt *opt;

        if (argument[1] == '-') {
                opt = find_anywhere(program, argument + 2, 0);
                return opt && opt->kind != KT_OPT_FLAG;
        }

        for (const char *at = argument + 1; *at; at++) {
                opt = find_anywhere(program, NULL, *at);
                if (opt && opt->kind != KT_OPT_FLAG)
                        return at[1] == '\0';
        }
        return false;
}

/* Index in argv of the first argument that is neither option nor value of one: the verb. 0 when there is none. */
static int find_verb(const struct kt_program *program, int argc, char *const *argv)
{
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--") == 0)
                        return 0;
                if (!looks_like_option(argv[i]))
                        return i;
                if (takes_next(program, argv[i]))
                        i++;
        }
        return 0;
}

static int say_unknown_verb(const struct parser *p, const char *verb)
{
        const char *best = NULL;
        size_t distance = 0;

        for (const struct kt_cmd *cmd = p->program->cmds; cmd->name; cmd++)
                kt_suggest_consider(verb, cmd->name, &best, &distance);
        if (best)
                return kt_err_set(p->e, -EINVAL, "unknown command '%s'; did you mean %s?", verb, best);
        return kt_err_set(p->e, -EINVAL, "unknown command '%s'", verb);
}

/* Walks argv once the verb is known. Operands move to the front of argv and never overtake what is still to read. */
static int parse_all(struct parser *p, int verb_at)
{
        int kept = 1;
        int r = 0;

        while (p->at < p->argc && r == 0) {
                int i = p->at++;
                char *argument = p->argv[i];

                if (verb_at > 0 && i == verb_at)
                        continue;
                if (strcmp(argument, "--") == 0)
                        break;
                if (!looks_like_option(argument))
                        p->argv[kept++] = argument;
                else if (argument[1] == '-')
                        r = parse_long(p, argument);
                else
                        r = parse_short(p, argument);
        }
        if (r < 0)
                return r;

        while (p->at < p->argc)
                p->argv[kept++] = p->argv[p->at++];
        p->argv[kept] = NULL;
        p->result.operands = p->argv + 1;
        p->result.operand_count = (size_t)kept - 1;
        return 0;
}

static int check_complete(const struct parser *p)
{
        const struct kt_opt_result *result = &p->result;

        if (result->wants_help || result->wants_version || result->wants_completion || result->wants_man)
                return 0;
        if (!result->cmd)
                return kt_err_set(p->e, -EINVAL, "a command is missing");
        if (!result->cmd->operands && result->operand_count > 0)
                return kt_err_set(p->e, -EINVAL, "%s takes no operand, not '%s'",
                                  has_verbs(p->program) ? result->cmd->name : p->program->name, result->operands[0]);
        return 0;
}

int kt_opt_parse(const struct kt_program *program, int argc, char **argv, void *args, struct kt_opt_result *ret,
                 struct kt_err *e)
{
        struct parser p = { .program = program, .argc = argc, .argv = argv, .at = 1, .args = args, .e = e };
        int verb_at = 0;
        int r;

        if (argc < 1)
                return kt_err_set(e, -EINVAL, "the argument list is empty: not even a program name");

        if (has_verbs(program))
                verb_at = find_verb(program, argc, argv);
        else
                p.result.cmd = program->cmds;
        if (verb_at > 0) {
                p.result.cmd = find_cmd(program, argv[verb_at]);
                if (!p.result.cmd)
                        return say_unknown_verb(&p, argv[verb_at]);
        }

        r = parse_all(&p, verb_at);
        if (r < 0)
                return r;
        r = check_complete(&p);
        if (r < 0)
                return r;

        *ret = p.result;
        return 0;
}

/* ---- Help ---- */

/* Columns of UTF-8 text, one per character; our texts have no wide ones. */
static size_t columns(const char *text, size_t len)
{
        size_t count = 0;

        for (size_t i = 0; i < len; i++)
                count += ((unsigned char)text[i] & 0xc0) != 0x80;
        return count;
}

static size_t column_of(const struct kt_str *out)
{
        size_t line = out->len;

        while (line > 0 && out->data[line - 1] != '\n')
                line--;
        return columns(kt_str_get(out) + line, out->len - line);
}

static void pad_to(struct kt_str *out, size_t column)
{
        for (size_t at = column_of(out); at < column; at++)
                kt_str_add_char(out, ' ');
}

/* Appends text word by word from where the line stands; lines that would be too wide continue at indent. */
static void add_wrapped(struct kt_str *out, size_t indent, const char *text)
{
        bool is_first = true;

        for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
                size_t len = strcspn(at, " ");

                if (!is_first && column_of(out) + 1 + columns(at, len) > WIDTH) {
                        kt_str_add_char(out, '\n');
                        pad_to(out, indent);
                } else if (!is_first) {
                        kt_str_add_char(out, ' ');
                }
                kt_str_add_bytes(out, at, len);
                at += len;
                is_first = false;
        }
        kt_str_add_char(out, '\n');
}

static void add_choices(struct kt_str *out, const struct kt_opt *opt, const char *between)
{
        for (size_t i = 0; opt->choices[i]; i++)
                kt_str_addf(out, "%s%s", i > 0 ? between : "", opt->choices[i]);
}

/* "-c, --config FILE" */
static void add_option_left(struct kt_str *out, const struct kt_opt *opt)
{
        if (opt->short_name)
                kt_str_addf(out, "-%c, ", opt->short_name);
        else
                kt_str_add(out, "    ");
        kt_str_addf(out, "--%s", opt->name);

        if (opt->kind == KT_OPT_FLAG)
                return;
        kt_str_add_char(out, ' ');
        if (opt->arg)
                kt_str_add(out, opt->arg);
        else if (opt->choices)
                add_choices(out, opt, "|");
}

/* The help with what the row knows beside it: its choices, unless they stand on the left, and its default. */
static void add_option_right(struct kt_str *out, const struct kt_opt *opt)
{
        kt_str_add(out, opt->help);
        if (opt->choices && opt->arg) {
                kt_str_add(out, ": ");
                add_choices(out, opt, ", ");
        }
        if (opt->preset)
                kt_str_addf(out, " (default: %s)", opt->preset);
}

static void add_row(struct kt_str *out, size_t left_width, const char *left, const char *right)
{
        size_t indent = LEFT_INDENT + left_width + COLUMN_GAP;

        pad_to(out, LEFT_INDENT);
        kt_str_add(out, left);
        if (columns(left, strlen(left)) > left_width)
                kt_str_add_char(out, '\n');
        pad_to(out, indent);
        add_wrapped(out, indent, right);
}

/* The widest left side of the options, unless it is so wide that its help moves below it. */
static size_t options_width(const struct kt_opt *opts, size_t at_least)
{
        size_t width = at_least;

        for (const struct kt_opt *opt = rows_of(opts); opt->name; opt++) {
                KT_AUTO_STR struct kt_str left = { 0 };

                add_option_left(&left, opt);
                if (column_of(&left) <= LEFT_MAX && column_of(&left) > width)
                        width = column_of(&left);
        }
        return width;
}

static void add_options(struct kt_str *out, size_t width, const struct kt_opt *opts)
{
        for (const struct kt_opt *opt = rows_of(opts); opt->name; opt++) {
                KT_AUTO_STR struct kt_str left = { 0 };
                KT_AUTO_STR struct kt_str right = { 0 };

                add_option_left(&left, opt);
                add_option_right(&right, opt);
                add_row(out, width, kt_str_get(&left), kt_str_get(&right));
        }
}

static void add_commands(struct kt_str *out, const struct kt_program *program)
{
        size_t width = 0;

        for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++)
                width = strlen(cmd->name) > width ? strlen(cmd->name) : width;

        kt_str_add(out, "\nCommands:\n");
        for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++)
                add_row(out, width, cmd->name, cmd->help);
}

/* Appends text with every line indented and one newline at its end. */
static void add_lines(struct kt_str *out, size_t indent, const char *text)
{
        while (*text) {
                size_t len = strcspn(text, "\n");

                if (len > 0)
                        pad_to(out, indent);
                kt_str_add_bytes(out, text, len);
                kt_str_add_char(out, '\n');
                text += len + (text[len] == '\n');
        }
}

static void add_exit_status(struct kt_str *out)
{
        kt_str_add(out, "\nExit status:\n");
        for (size_t i = 0; i < kt_exit_row_count; i++) {
                KT_AUTO_STR struct kt_str code = { 0 };

                kt_str_addf(&code, "%d", (int)kt_exit_rows[i].code);
                add_row(out, strlen(SIGNAL_CODES), kt_str_get(&code), kt_exit_rows[i].meaning);
        }
        add_row(out, strlen(SIGNAL_CODES), SIGNAL_CODES, SIGNAL_MEANING);
}

static void add_usage(struct kt_str *out, const struct kt_program *program, const struct kt_cmd *cmd)
{
        KT_AUTO_STR struct kt_str usage = { 0 };
        size_t indent;

        kt_str_addf(out, "Usage: %s ", program->name);
        indent = column_of(out);
        if (cmd && cmd->name[0] != '\0')
                kt_str_addf(&usage, "%s ", cmd->name);
        kt_str_addf(&usage, "[OPTIONS]%s", cmd ? "" : " COMMAND");
        if (cmd && cmd->operands)
                kt_str_addf(&usage, " %s", cmd->operands);
        add_wrapped(out, indent, kt_str_get(&usage));
}

static void help_program(const struct kt_program *program, struct kt_str *out)
{
        const struct kt_cmd *only = has_verbs(program) ? NULL : program->cmds;
        size_t width = options_width(program->common, options_width(own_opts, 0));

        if (only)
                width = options_width(only->opts, width);

        add_usage(out, program, only);
        add_wrapped(out, 0, program->summary);
        if (only && only->about) {
                kt_str_add_char(out, '\n');
                add_lines(out, 0, only->about);
        }
        if (!only)
                add_commands(out, program);

        kt_str_add(out, "\nOptions:\n");
        if (only)
                add_options(out, width, only->opts);
        add_options(out, width, program->common);
        add_options(out, width, own_opts);
        if (program->examples) {
                kt_str_add(out, "\nExamples:\n");
                add_lines(out, LEFT_INDENT, program->examples);
        }
        add_exit_status(out);
        if (!only)
                kt_str_addf(out, "\n%s COMMAND --help tells more about a command.\n", program->name);
}

static void help_cmd(const struct kt_program *program, const struct kt_cmd *cmd, struct kt_str *out)
{
        static const struct kt_opt help_only[] = {
                { .name = "help", .short_name = 'h', .kind = KT_OPT_FLAG, .help = "print this help" },
                { 0 },
        };
        size_t width = options_width(cmd->opts, options_width(program->common, options_width(help_only, 0)));

        add_usage(out, program, cmd);
        add_wrapped(out, 0, cmd->help);
        if (cmd->about) {
                kt_str_add_char(out, '\n');
                add_lines(out, 0, cmd->about);
        }
        if (cmd->opts && cmd->opts[0].name) {
                kt_str_addf(out, "\nOptions of %s:\n", cmd->name);
                add_options(out, width, cmd->opts);
        }
        kt_str_add(out, "\nCommon options:\n");
        add_options(out, width, program->common);
        add_options(out, width, help_only);
}

void kt_opt_help(const struct kt_program *program, const struct kt_cmd *cmd, struct kt_str *out)
{
        if (cmd && has_verbs(program))
                help_cmd(program, cmd, out);
        else
                help_program(program, out);
}

void kt_opt_version(const struct kt_program *program, struct kt_str *out)
{
        kt_str_addf(out, "%s %s\n", program->name, program->version);
        if (!program->features || !program->features[0])
                return;

        kt_str_add(out, "features:");
        for (size_t i = 0; program->features[i]; i++)
                kt_str_addf(out, " %s", program->features[i]);
        kt_str_add_char(out, '\n');
}

/* ---- Completion ---- */

/* Option words separated by blanks, for compgen -W. */
static void add_option_words(struct kt_str *out, const struct kt_opt *opts)
{
        for (const struct kt_opt *opt = rows_of(opts); opt->name; opt++) {
                kt_str_addf(out, " --%s", opt->name);
                if (opt->short_name)
                        kt_str_addf(out, " -%c", opt->short_name);
        }
}

/* "--config|-c": the option as a pattern of case. */
static void add_option_pattern(struct kt_str *out, const struct kt_opt *opt)
{
        kt_str_addf(out, "--%s", opt->name);
        if (opt->short_name)
                kt_str_addf(out, "|-%c", opt->short_name);
}

/* Calls each for every option of the program that takes a value, once per name. */
static void each_valued(const struct kt_program *program, void (*each)(struct kt_str *out, const struct kt_opt *opt),
                        struct kt_str *out)
{
        for (const struct kt_opt *opt = rows_of(program->common); opt->name; opt++)
                if (opt->kind != KT_OPT_FLAG)
                        each(out, opt);
        for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++)
                for (const struct kt_opt *opt = rows_of(cmd->opts); opt->name; opt++)
                        if (opt->kind != KT_OPT_FLAG && find_anywhere(program, opt->name, 0) == opt)
                                each(out, opt);
}

static void add_skip_case(struct kt_str *out, const struct kt_opt *opt)
{
        kt_str_add(out, "                ");
        add_option_pattern(out, opt);
        kt_str_add(out, ")\n"
                        "                        [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))\n"
                        "                        ((i++))\n"
                        "                        ;;\n");
}

static void add_value_case(struct kt_str *out, const struct kt_opt *opt)
{
        kt_str_add(out, "        ");
        add_option_pattern(out, opt);
        kt_str_add(out, ")\n");
        if (opt->kind == KT_OPT_PATH)
                kt_str_add(out, "                compopt -o filenames 2>/dev/null\n"
                                "                mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n");
        if (opt->kind == KT_OPT_CHOICE) {
                kt_str_add(out, "                mapfile -t COMPREPLY < <(compgen -W '");
                add_choices(out, opt, " ");
                kt_str_add(out, "' -- \"$cur\")\n");
        }
        kt_str_add(out, "                return\n"
                        "                ;;\n");
}

static void add_verb_cases(const struct kt_program *program, struct kt_str *out)
{
        for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++) {
                kt_str_addf(out, "        %s)\n                options+='", cmd->name[0] ? cmd->name : "''");
                add_option_words(out, cmd->opts);
                kt_str_addf(out, "'\n                operands=%s\n                ;;\n",
                            cmd->operands ? "files" : "''");
        }
}

/* The loop that finds the verb among the words before the cursor. */
static void add_verb_search(const struct kt_program *program, struct kt_str *out)
{
        kt_str_add(out, "        for ((i = 1; i < COMP_CWORD; i++)); do\n"
                        "                case ${COMP_WORDS[i]} in\n");
        each_valued(program, add_skip_case, out);
        kt_str_add(out, "                ");
        for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++)
                kt_str_addf(out, "%s%s", cmd == program->cmds ? "" : "|", cmd->name);
        kt_str_add(out, ")\n"
                        "                        verb=${COMP_WORDS[i]}\n"
                        "                        break\n"
                        "                        ;;\n"
                        "                esac\n"
                        "        done\n\n");
}

/* "_kafka_initc" */
static void add_function_name(const struct kt_program *program, struct kt_str *out)
{
        kt_str_add_char(out, '_');
        for (const char *at = program->name; *at; at++)
                kt_str_add_char(out, isalnum((unsigned char)*at) ? *at : '_');
}

static void add_completion_body(const struct kt_program *program, struct kt_str *out)
{
        kt_str_add(out, "()\n{\n"
                        "        local cur=${COMP_WORDS[COMP_CWORD]}\n"
                        "        local prev=${COMP_WORDS[COMP_CWORD - 1]}\n");
        if (has_verbs(program))
                kt_str_add(out, "        local i\n");
        kt_str_add(out, "        local verb='' operands=''\n"
                        "        local options='");
        add_option_words(out, program->common);
        add_option_words(out, own_opts);
        kt_str_add(out, "'\n\n"
                        "        # bash splits --option=value at the equals sign\n"
                        "        [[ $cur == = ]] && cur=''\n"
                        "        [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
                        "        COMPREPLY=()\n\n");
        if (has_verbs(program))
                add_verb_search(program, out);

        kt_str_add(out, "        case $prev in\n");
        each_valued(program, add_value_case, out);
        kt_str_add(out, "        esac\n\n"
                        "        case $verb in\n");
        add_verb_cases(program, out);
        kt_str_add(out, "        esac\n\n"
                        "        if [[ $cur == -* ]]; then\n"
                        "                mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n");
        if (has_verbs(program)) {
                kt_str_add(out, "        elif [[ -z $verb ]]; then\n"
                                "                mapfile -t COMPREPLY < <(compgen -W '");
                for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++)
                        kt_str_addf(out, "%s%s", cmd == program->cmds ? "" : " ", cmd->name);
                kt_str_add(out, "' -- \"$cur\")\n");
        }
        kt_str_add(out, "        elif [[ $operands == files ]]; then\n"
                        "                compopt -o filenames 2>/dev/null\n"
                        "                mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                        "        fi\n"
                        "}\n");
}

void kt_opt_completion(const struct kt_program *program, struct kt_str *out)
{
        kt_str_addf(out, "# Completion of %s for bash, printed by: %s --completion\n", program->name, program->name);
        add_function_name(program, out);
        add_completion_body(program, out);
        kt_str_add(out, "complete -F ");
        add_function_name(program, out);
        kt_str_addf(out, " %s\n", program->name);
}

/* ---- Manual page ---- */

/* Escapes what scdoc(5) would take for markup. */
static void add_escaped(struct kt_str *out, const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                if (strchr("\\_*~`#|[]-.:;+<>!&'", text[i]) && !(isalnum((unsigned char)text[i])))
                        kt_str_add_char(out, '\\');
                kt_str_add_char(out, text[i]);
        }
}

static void add_escaped_text(struct kt_str *out, const char *text)
{
        add_escaped(out, text, strlen(text));
}

static void add_tabs(struct kt_str *out, size_t depth)
{
        for (size_t i = 0; i < depth; i++)
                kt_str_add_char(out, '\t');
}

/* A text of paragraphs; lines that start with a blank stay as they are, in a literal block. */
static void add_man_paragraphs(struct kt_str *out, size_t depth, const char *text)
{
        bool is_literal = false;

        while (*text) {
                size_t len = strcspn(text, "\n");
                bool wants_literal = text[0] == ' ';

                if (wants_literal != is_literal) {
                        add_tabs(out, depth);
                        kt_str_add(out, "```\n");
                }
                is_literal = wants_literal;
                if (len > 0)
                        add_tabs(out, depth);
                if (is_literal)
                        kt_str_add_bytes(out, text, len);
                else
                        add_escaped(out, text, len);
                kt_str_add_char(out, '\n');
                text += len + (text[len] == '\n');
        }
        if (is_literal) {
                add_tabs(out, depth);
                kt_str_add(out, "```\n");
        }
}

static void add_man_option(struct kt_str *out, size_t depth, const struct kt_opt *opt)
{
        KT_AUTO_STR struct kt_str right = { 0 };

        add_tabs(out, depth);
        if (opt->short_name)
                kt_str_addf(out, "*-%c*, ", opt->short_name);
        kt_str_add(out, "*--");
        add_escaped_text(out, opt->name);
        kt_str_add_char(out, '*');
        if (opt->kind != KT_OPT_FLAG) {
                KT_AUTO_STR struct kt_str value = { 0 };

                if (opt->arg)
                        kt_str_add(&value, opt->arg);
                else if (opt->choices)
                        add_choices(&value, opt, "|");
                kt_str_add(out, " _");
                add_escaped_text(out, kt_str_get(&value));
                kt_str_add_char(out, '_');
        }

        add_option_right(&right, opt);
        kt_str_add_char(out, '\n');
        add_tabs(out, depth + 1);
        add_escaped_text(out, kt_str_get(&right));
        kt_str_add(out, "\n\n");
}

static void add_man_options(struct kt_str *out, size_t depth, const struct kt_opt *opts)
{
        for (const struct kt_opt *opt = rows_of(opts); opt->name; opt++)
                add_man_option(out, depth, opt);
}

static void add_man_cmd(struct kt_str *out, const struct kt_cmd *cmd)
{
        kt_str_add_char(out, '*');
        add_escaped_text(out, cmd->name);
        kt_str_add(out, "* \\[_OPTIONS_\\]");
        if (cmd->operands) {
                kt_str_add_char(out, ' ');
                add_escaped_text(out, cmd->operands);
        }
        kt_str_add(out, "\n\t");
        add_escaped_text(out, cmd->help);
        kt_str_add(out, "\n\n");
        if (cmd->about) {
                add_man_paragraphs(out, 1, cmd->about);
                kt_str_add_char(out, '\n');
        }
        add_man_options(out, 1, cmd->opts);
}

void kt_opt_man(const struct kt_program *program, struct kt_str *out)
{
        if (has_verbs(program)) {
                kt_str_add(out, "# COMMANDS\n\n");
                for (const struct kt_cmd *cmd = program->cmds; cmd->name; cmd++)
                        add_man_cmd(out, cmd);
        } else if (program->cmds[0].about) {
                kt_str_add(out, "# DETAILS\n\n");
                add_man_paragraphs(out, 0, program->cmds[0].about);
                kt_str_add_char(out, '\n');
        }

        kt_str_add(out, "# OPTIONS\n\n");
        if (!has_verbs(program))
                add_man_options(out, 0, program->cmds[0].opts);
        add_man_options(out, 0, program->common);
        add_man_options(out, 0, own_opts);
        if (program->examples) {
                kt_str_add(out, "# EXAMPLES\n\n```\n");
                add_lines(out, 0, program->examples);
                kt_str_add(out, "```\n\n");
        }

        kt_str_add(out, "# EXIT STATUS\n\n");
        for (size_t i = 0; i < kt_exit_row_count; i++) {
                kt_str_addf(out, "*%d*\n\t", (int)kt_exit_rows[i].code);
                add_escaped_text(out, kt_exit_rows[i].meaning);
                kt_str_add(out, "\n\n");
        }
        kt_str_add(out, SIGNAL_CODES " when " SIGNAL_MEANING ".\n"); /* not indented: scdoc closes the list before it */
}

/* ---- A whole main() ---- */

static int print(const struct kt_str *text, FILE *stream, int code)
{
        return kt_report_print(text, stream) < 0 ? KT_EXIT_FAILED : code;
}

static int refuse(const struct kt_program *program, const struct kt_err *e)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        char text[KT_ERR_TEXT_MAX];

        kt_str_addf(&out, "%s: %s\nSee: %s --help\n", program->name, kt_err_text(e, text, sizeof(text)), program->name);
        return print(&out, stderr, KT_EXIT_USAGE);
}

int kt_opt_main(const struct kt_program *program, int argc, char **argv, void *args,
                void (*set_operands)(void *args, const struct kt_opt_result *result))
{
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_opt_result result = { 0 };
        struct kt_err e = { 0 };

        if (kt_opt_parse(program, argc, argv, args, &result, &e) < 0)
                return refuse(program, &e);

        if (result.wants_help)
                kt_opt_help(program, result.cmd, &out);
        else if (result.wants_version)
                kt_opt_version(program, &out);
        else if (result.wants_completion)
                kt_opt_completion(program, &out);
        else if (result.wants_man)
                kt_opt_man(program, &out);
        if (out.len > 0 || out.error)
                return print(&out, stdout, KT_EXIT_OK);

        if (set_operands)
                set_operands(args, &result);
        return result.cmd->run(args);
}
