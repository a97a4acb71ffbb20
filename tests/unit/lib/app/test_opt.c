/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: what is taken, what is refused and in which words, and what is printed about them. */
#include "lib/app/opt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/app/exit.h"
#include "tests/unit/support.h"

struct args {
        const char *config;
        const char *text;
        const char *owner;
        int output;
        bool is_verbose;
        bool is_dry;
        size_t operand_count;
        int ran;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct kt_opt common[] = {
        { "config", 'c', KT_OPT_PATH, offsetof(struct args, config), "FILE", NULL, "the file to read", "/etc/x.yaml" },
        { "output", 'o', KT_OPT_CHOICE, offsetof(struct args, output), NULL, formats, "form of the output", "text" },
        { "verbose", 'v', KT_OPT_FLAG, offsetof(struct args, is_verbose), NULL, NULL, "say more", NULL },
        { 0 },
};

static const struct kt_opt prepare_opts[] = {
        { "dry-run", 'n', KT_OPT_FLAG, offsetof(struct args, is_dry), NULL, NULL,
          "only say what would be done, in the same words and the same order as the real run does it", NULL },
        { "a_name-that-is-rather_long-for-help", 0, KT_OPT_TEXT, offsetof(struct args, text), "VALUE", NULL, "a text",
          NULL },
        { 0 },
};

static const struct kt_opt chown_opts[] = {
        { "owner", 0, KT_OPT_TEXT, offsetof(struct args, owner), "U:G", NULL, "who gets it", "1000:1000" },
        { "dry-run", 'n', KT_OPT_FLAG, offsetof(struct args, is_dry), NULL, NULL, "only say it", NULL },
        { 0 },
};

static int run_prepare(void *args)
{
        ((struct args *)args)->ran++;
        return KT_EXIT_NOT_WANTED;
}

static const struct kt_cmd cmds[] = {
        { "prepare", NULL, "does everything", "One *paragraph* of a_text.\n\n  $ literal_line", prepare_opts,
          run_prepare },
        { "chown", "PATH…", "gives files away", NULL, chown_opts, run_prepare },
        { "exec", "[-- CMD…]", "starts it", NULL, NULL, run_prepare },
        { 0 },
};

static const char *const features[] = { "json", "yaml", NULL };

static const struct kt_program program = {
        .name = "kafka-test",
        .summary = "a program with verbs, that only its own tests know",
        .version = "0.1.0 (abc)",
        .features = features,
        .examples = "kafka-test prepare\nkafka-test chown /x",
        .common = common,
        .cmds = cmds,
};

static const struct kt_cmd single_cmd[] = { { "", "PATH…", "measures", "About it.", chown_opts, run_prepare }, { 0 } };

static const struct kt_program single = {
        .name = "kafka-one", .summary = "no verbs", .version = "1", .common = common, .cmds = single_cmd
};

enum { ARGC_MAX = 12 };

/* Parses a NULL-terminated list of words, in a copy since parsing moves operands. */
static int parse(const struct kt_program *of, const char *const *words, struct args *args, struct kt_opt_result *ret,
                 char **argv, struct kt_err *e)
{
        int argc = 1;

        argv[0] = (char *)"prog";
        for (; words[argc - 1]; argc++)
                argv[argc] = (char *)words[argc - 1];
        argv[argc] = NULL;
        return kt_opt_parse(of, argc, argv, args, ret, e);
}

static void test_parse__stores_values(void **state)
{
        static const struct {
                const char *words[ARGC_MAX];
                struct args expect;
                const char *cmd;
                const char *operands; /* joined by commas */
        } rows[] = {
                { { "prepare" }, { 0 }, "prepare", "" },
                { { "prepare", "--dry-run" }, { .is_dry = true }, "prepare", "" },
                { { "--dry-run", "prepare" }, { .is_dry = true }, "prepare", "" },
                { { "-c", "exec", "prepare" }, { .config = "exec" }, "prepare", "" },
                { { "-vn", "prepare" }, { .is_dry = true, .is_verbose = true }, "prepare", "" },
                { { "prepare", "-vcx" }, { .config = "x", .is_verbose = true }, "prepare", "" },
                { { "-vc", "x", "prepare" }, { .config = "x", .is_verbose = true }, "prepare", "" },
                { { "prepare", "--config=a=b" }, { .config = "a=b" }, "prepare", "" },
                { { "prepare", "--output", "json" }, { .output = 1 }, "prepare", "" },
                { { "prepare", "-ojson", "-otext" }, { .output = 0 }, "prepare", "" },
                { { "prepare", "-c", "-" }, { .config = "-" }, "prepare", "" },
                { { "chown", "a", "-v", "b", "--owner=-1:-1", "-" },
                  { .owner = "-1:-1", .is_verbose = true },
                  "chown",
                  "a,b,-" },
                { { "-v", "chown", "a", "--", "-b", "--", "--owner" },
                  { .is_verbose = true },
                  "chown",
                  "a,-b,--,--owner" },
                { { "chown", "--owner=", "x" }, { .owner = "" }, "chown", "x" },
                { { "exec", "--", "chown", "-v" }, { 0 }, "exec", "chown,-v" },
                { { "exec", "--" }, { 0 }, "exec", "" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_STR struct kt_str operands = { 0 };
                struct args args = { 0 };
                struct kt_opt_result result = { 0 };
                struct kt_err e = { 0 };
                char *argv[ARGC_MAX + 2];

                assert_int_equal(parse(&program, rows[i].words, &args, &result, argv, &e), 0);
                assert_string_equal(result.cmd->name, rows[i].cmd);
                assert_int_equal(args.is_dry, rows[i].expect.is_dry);
                assert_int_equal(args.is_verbose, rows[i].expect.is_verbose);
                assert_int_equal(args.output, rows[i].expect.output);
                assert_string_equal(args.config ? args.config : "none",
                                    rows[i].expect.config ? rows[i].expect.config : "none");
                assert_string_equal(args.owner ? args.owner : "none",
                                    rows[i].expect.owner ? rows[i].expect.owner : "none");
                for (size_t k = 0; k < result.operand_count; k++)
                        kt_str_addf(&operands, "%s%s", k > 0 ? "," : "", result.operands[k]);
                assert_string_equal(kt_str_get(&operands), rows[i].operands);
                assert_null(result.operands[result.operand_count]);
        }
}

static void test_parse__refuses_in_words(void **state)
{
        static const struct {
                const char *words[ARGC_MAX];
                const char *expect;
        } rows[] = {
                { { NULL }, "a command is missing" },
                { { "-v" }, "a command is missing" },
                { { "--", "prepare" }, "a command is missing" },
                { { "prepre" }, "unknown command 'prepre'; did you mean prepare?" },
                { { "help" }, "unknown command 'help'" },
                { { "prepare", "--dry-rn" }, "unknown option '--dry-rn'; did you mean --dry-run?" },
                { { "prepare", "--zzzzzz=1" }, "unknown option '--zzzzzz'" },
                { { "prepare", "-vz" }, "unknown option '-z'" },
                { { "exec", "--dry-run" }, "--dry-run is no option of 'exec'; it belongs to: prepare, chown" },
                { { "-n", "exec" }, "-n is no option of 'exec'; it belongs to: prepare, chown" },
                { { "--dry-run" }, "--dry-run needs a command" },
                { { "prepare", "--config" }, "--config needs a value (FILE)" },
                { { "prepare", "-vc" }, "-c needs a value (FILE)" },
                { { "prepare", "-o" }, "-o needs a value (one of its choices)" },
                { { "prepare", "--config", "-v" }, "--config needs a value (FILE), and '-v' looks like an option" },
                { { "prepare", "--config=" }, "--config needs a path, not an empty value" },
                { { "prepare", "--dry-run=yes" }, "--dry-run takes no value, not 'yes'" },
                { { "prepare", "--output=xml" }, "--output: 'xml' is none of: text, json" },
                { { "prepare", "-ojsn" }, "-o: 'jsn' is none of: text, json; did you mean json?" },
                { { "prepare", "x" }, "prepare takes no operand, not 'x'" },
                { { "prepare", "--", "-v" }, "prepare takes no operand, not '-v'" },
                { { "prepare", "--0123456789012345678901234567890123456789012345678901234567890123456789" },
                  "unknown option '--01234567890123456789012345678901234567890123456789012345678901...'" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct args args = { 0 };
                struct kt_opt_result result = { 0 };
                struct kt_err e = { 0 };
                char *argv[ARGC_MAX + 2];

                assert_int_equal(parse(&program, rows[i].words, &args, &result, argv, &e), -EINVAL);
                assert_string_equal(e.text, rows[i].expect);
                assert_null(result.cmd);
        }
}

static void test_parse__questions_need_no_verb(void **state)
{
        static const char *const help[] = { "--help", NULL };
        static const char *const verb_help[] = { "prepare", "operand", "-h", NULL };
        static const char *const version[] = { "-V", NULL };
        struct args args = { 0 };
        struct kt_opt_result result = { 0 };
        struct kt_err e = { 0 };
        char *argv[ARGC_MAX + 2];
        (void)state;

        assert_int_equal(parse(&program, help, &args, &result, argv, &e), 0);
        assert_true(result.wants_help && !result.cmd);
        assert_int_equal(parse(&program, verb_help, &args, &result, argv, &e), 0);
        assert_true(result.wants_help && result.cmd == &cmds[0]);
        assert_int_equal(parse(&program, version, &args, &result, argv, &e), 0);
        assert_true(result.wants_version && !result.wants_help);
}

static void test_parse__program_without_verbs(void **state)
{
        static const char *const words[] = { "prepare", "--owner", "1:1", "-v", NULL };
        struct args args = { 0 };
        struct kt_opt_result result = { 0 };
        struct kt_err e = { 0 };
        char *argv[ARGC_MAX + 2];
        (void)state;

        assert_int_equal(parse(&single, words, &args, &result, argv, &e), 0);
        assert_ptr_equal(result.cmd, single_cmd);
        assert_int_equal(result.operand_count, 1);
        assert_string_equal(result.operands[0], "prepare");
        assert_string_equal(args.owner, "1:1");
}

static void test_parse__empty_argv(void **state)
{
        struct args args = { 0 };
        struct kt_opt_result result = { 0 };
        char *argv[] = { NULL };
        (void)state;

        assert_int_equal(kt_opt_parse(&program, 0, argv, &args, &result, NULL), -EINVAL);
}

/* Columns of the widest line, a character of UTF-8 counting one. */
static size_t widest(const char *text)
{
        size_t best = 0;
        size_t now = 0;

        for (; *text; text++) {
                now = *text == '\n' ? 0 : now + (((unsigned char)*text & 0xc0) != 0x80);
                best = now > best ? now : best;
        }
        return best;
}

static void assert_has(const struct kt_str *text, const char *part)
{
        if (!strstr(kt_str_get(text), part))
                fail_msg("'%s' is not in:\n%s", part, kt_str_get(text));
}

static void test_help__of_program(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_opt_help(&program, NULL, &out);

        assert_int_equal(kt_str_error(&out), 0);
        assert_true(widest(kt_str_get(&out)) <= 80);
        assert_has(&out, "Usage: kafka-test [OPTIONS] COMMAND\n");
        assert_has(&out, "\nCommands:\n  prepare  does everything\n");
        assert_has(&out, "  -c, --config FILE       the file to read (default: /etc/x.yaml)\n");
        assert_has(&out, "  -o, --output text|json  form of the output (default: text)\n");
        assert_has(&out, "      --completion        print");
        assert_has(&out, "\nExamples:\n  kafka-test prepare\n  kafka-test chown /x\n");
        assert_has(&out, "\nExit status:\n  0      done");
        assert_has(&out, "  127    the program");
}

static void test_help__of_verb_wraps(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_opt_help(&program, &cmds[0], &out);

        assert_true(widest(kt_str_get(&out)) <= 80);
        assert_has(&out, "Usage: kafka-test prepare [OPTIONS]\n");
        assert_has(&out, "One *paragraph* of a_text.\n\n  $ literal_line\n");
        assert_has(&out, "  -n, --dry-run           only say what would be done, in the same words and the\n"
                         "                          same order as the real run does it\n");
        assert_has(&out, "      --a_name-that-is-rather_long-for-help VALUE\n                          a text\n");
        assert_has(&out, "\nCommon options:\n");
        assert_null(strstr(kt_str_get(&out), "--owner"));
}

static void test_help__of_program_without_verbs(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_opt_help(&single, single_cmd, &out);

        assert_has(&out, "Usage: kafka-one [OPTIONS] PATH…\n");
        assert_has(&out, "--owner U:G");
        assert_has(&out, "\nAbout it.\n");
        assert_null(strstr(kt_str_get(&out), "Commands:"));
}

static void test_version__names_features(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_opt_version(&program, &out);
        kt_opt_version(&single, &out);

        assert_string_equal(kt_str_get(&out), "kafka-test 0.1.0 (abc)\nfeatures: json yaml\nkafka-one 1\n");
}

static void test_completion__has_every_word(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_opt_completion(&program, &out);

        assert_has(&out, "_kafka_test()\n");
        assert_has(&out, "compgen -W 'prepare chown exec'");
        assert_has(&out, "compgen -W 'text json'");
        assert_has(
                &out,
                "        chown)\n                options+=' --owner --dry-run -n'\n                operands=files\n");
        assert_has(&out, "        --config|-c)\n                compopt -o filenames 2>/dev/null\n");
        assert_has(&out, "complete -F _kafka_test kafka-test\n");
}

static void test_man__is_escaped(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };
        (void)state;

        kt_opt_man(&program, &out);

        assert_has(&out, "# COMMANDS\n\n*prepare* \\[_OPTIONS_\\]\n\tdoes everything\n");
        assert_has(&out, "\tOne \\*paragraph\\* of a\\_text\\.\n\n\t```\n\t  $ literal_line\n\t```\n");
        assert_has(&out, "# OPTIONS\n\n*-c*, *--config* _FILE_\n");
        assert_has(&out, "# EXAMPLES\n\n```\nkafka-test prepare\n");
        assert_has(&out, "# EXIT STATUS\n\n*0*\n\tdone");
}

/* Runs main with stdout and stderr in a file, and returns its exit code; *ret_text is what it printed. */
static int run_main(const struct kt_program *of, const char *const *words, struct args *args, char **ret_text)
{
        char *argv[ARGC_MAX + 2] = { (char *)"prog" };
        int saved[2] = { fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3), fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) };
        FILE *file = tmpfile();
        int argc = 1;
        int code;

        assert_non_null(file);
        for (; words[argc - 1]; argc++)
                argv[argc] = (char *)words[argc - 1];
        fflush(stdout);
        assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
        code = kt_opt_main(of, argc, argv, args, NULL);
        fflush(stdout);
        assert_true(dup2(saved[0], STDOUT_FILENO) >= 0 && dup2(saved[1], STDERR_FILENO) >= 0);
        close(saved[0]);
        close(saved[1]);

        *ret_text = calloc(1, 16384);
        assert_non_null(*ret_text);
        rewind(file);
        assert_true(fread(*ret_text, 1, 16383, file) < 16383);
        fclose(file);
        return code;
}

static void test_main__exit_codes(void **state)
{
        static const struct {
                const char *words[ARGC_MAX];
                int code;
                int ran;
                const char *printed; /* how it starts */
        } rows[] = {
                { { "--help" }, KT_EXIT_OK, 0, "Usage: kafka-test" },
                { { "--version" }, KT_EXIT_OK, 0, "kafka-test 0.1.0" },
                { { "--completion" }, KT_EXIT_OK, 0, "# Completion" },
                { { "--man" }, KT_EXIT_OK, 0, "# COMMANDS" },
                { { "prepare", "--halp" },
                  KT_EXIT_USAGE,
                  0,
                  "kafka-test: unknown option '--halp'; did you mean --help?\nSee: kafka-test --help\n" },
                { { "prepare" }, KT_EXIT_NOT_WANTED, 1, "" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO_FREE char *text = NULL;
                struct args args = { 0 };

                assert_int_equal(run_main(&program, rows[i].words, &args, &text), rows[i].code);
                assert_int_equal(args.ran, rows[i].ran);
                assert_memory_equal(text, rows[i].printed, strlen(rows[i].printed));
        }
}

static void count_operands(void *args, const struct kt_opt_result *result)
{
        ((struct args *)args)->operand_count = result->operand_count;
}

static void test_main__hands_over_operands(void **state)
{
        char *argv[] = { (char *)"prog", (char *)"chown", (char *)"a", (char *)"b", NULL };
        struct args args = { 0 };
        (void)state;

        assert_int_equal(kt_opt_main(&program, 4, argv, &args, count_operands), KT_EXIT_NOT_WANTED);
        assert_int_equal(args.operand_count, 2);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse__stores_values),
                cmocka_unit_test(test_parse__refuses_in_words),
                cmocka_unit_test(test_parse__questions_need_no_verb),
                cmocka_unit_test(test_parse__program_without_verbs),
                cmocka_unit_test(test_parse__empty_argv),
                cmocka_unit_test(test_help__of_program),
                cmocka_unit_test(test_help__of_verb_wraps),
                cmocka_unit_test(test_help__of_program_without_verbs),
                cmocka_unit_test(test_version__names_features),
                cmocka_unit_test(test_completion__has_every_word),
                cmocka_unit_test(test_man__is_escaped),
                cmocka_unit_test(test_main__exit_codes),
                cmocka_unit_test(test_main__hands_over_operands),
        };

        return TEST_MAIN(tests);
}
