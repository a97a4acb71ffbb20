/* SPDX-License-Identifier: Apache-2.0 */
/* What a run tells: lines as they come, or a list for the JSON object. */
#include "initc/steps.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "tests/unit/support.h"

/* stdout, as a file of the tree in the meantime. */
struct capture {
        int saved;
};

static struct capture capture_start(const struct test_tree *tree)
{
        struct capture capture = { .saved = -1 };
        KT_AUTO_FD int fd = openat(tree->fd, "stdout", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        assert_true(fd >= 0);
        assert_int_equal(fflush(stdout), 0);
        capture.saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
        assert_true(dup2(fd, STDOUT_FILENO) >= 0);
        return capture;
}

static char *capture_end(const struct test_tree *tree, struct capture *capture)
{
        assert_int_equal(fflush(stdout), 0);
        assert_true(dup2(capture->saved, STDOUT_FILENO) >= 0);
        capture->saved = kt_close(capture->saved);
        return test_read(tree, "stdout");
}

static void test_add__prints_a_line_and_keeps_the_step(void **state)
{
        const struct kt_args args = { .output = KT_OUTPUT_TEXT };
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *got = NULL;
        struct capture capture = capture_start(tree);
        struct kt_steps steps;

        kt_steps_init(&steps, &args);
        kt_steps_add(&steps, "volume", KT_STEP_DONE, NULL, "%s on %s", "xfs", "/dev/sdb");
        kt_steps_add(&steps, "owner", KT_STEP_PLANNED, "1.00 s", "two\nlines");
        got = capture_end(tree, &capture);
        assert_string_equal(got, "volume     xfs on /dev/sdb\n"
                                 "owner      two\n"
                                 "           lines                                                        1.00 s\n");
        assert_int_equal(steps.count, 2);
        assert_string_equal(steps.items[0].message, "xfs on /dev/sdb");
        assert_int_equal(steps.items[1].state, KT_STEP_PLANNED);
        kt_steps_done(&steps);
        assert_int_equal(steps.count, 0);
}

static void test_say_findings__in_the_order_of_their_weight(void **state)
{
        static const struct {
                bool verbose;
                const char *expect;
        } rows[] = {
                { false, "warning    b: take care\nrefused    c: no\n           Next: do this\n" },
                { true,
                  "note       a: by the way\nwarning    b: take care\nrefused    c: no\n           Next: do this\n" },
        };
        const struct kt_args args = { .output = KT_OUTPUT_TEXT };
        const struct test_tree *tree = *state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
                KT_AUTO_FREE char *got = NULL;
                struct capture capture = capture_start(tree);
                struct kt_steps steps;

                kt_findings_add(
                        &findings,
                        &(struct kt_finding){ .level = KT_LEVEL_ERROR, .id = "x", .source = "c", .next = "do this" },
                        "no");
                kt_findings_add(&findings, &(struct kt_finding){ .level = KT_LEVEL_NOTE, .id = "x", .source = "a" },
                                "by the way");
                kt_findings_add(&findings, &(struct kt_finding){ .level = KT_LEVEL_WARNING, .id = "x", .source = "b" },
                                "take care");
                kt_steps_init(&steps, &args);
                kt_steps_say_findings(&steps, &findings, rows[i].verbose);
                got = capture_end(tree, &capture);
                assert_string_equal(got, rows[i].expect);
                assert_int_equal(steps.count, 0);
                kt_steps_done(&steps);
        }
}

static void test_json__prints_nothing_and_lists_the_steps(void **state)
{
        const struct kt_args args = { .output = KT_OUTPUT_JSON };
        const struct test_tree *tree = *state;
        struct kt_json *document = kt_json_new("PrepareReport");
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_FREE char *printed = NULL;
        struct capture capture = capture_start(tree);
        struct kt_steps steps;

        kt_steps_init(&steps, &args);
        kt_steps_say(&steps, "kafka-0", "Kafka %s", "4.3");
        kt_steps_add(&steps, "format", KT_STEP_UNCHANGED, "aside", "formatted before");
        printed = capture_end(tree, &capture);
        assert_string_equal(printed, "");

        kt_steps_json(&steps, document);
        assert_int_equal(kt_json_render(document, &text), 0);
        assert_non_null(strstr(kt_str_get(&text), "\"format\""));
        assert_non_null(strstr(kt_str_get(&text), "\"unchanged\""));
        assert_non_null(strstr(kt_str_get(&text), "\"formatted before\""));
        kt_json_free(document);
        kt_steps_done(&steps);
}

static void test_state_name__every_state(void **state)
{
        static const char *const expect[KT_STEP_COUNT_] = { "done", "unchanged", "planned", "refused", "failed" };

        (void)state; /* no tree needed */
        for (int i = 0; i < KT_STEP_COUNT_; i++)
                assert_string_equal(kt_step_state_name((enum kt_step_state)i), expect[i]);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

static const struct CMUnitTest tests[] = {
        WITH_TREE(test_add__prints_a_line_and_keeps_the_step),
        WITH_TREE(test_say_findings__in_the_order_of_their_weight),
        WITH_TREE(test_json__prints_nothing_and_lists_the_steps),
        cmocka_unit_test(test_state_name__every_state),
};

int main(void)
{
        return TEST_MAIN(tests);
}
