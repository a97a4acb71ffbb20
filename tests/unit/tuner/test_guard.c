/* SPDX-License-Identifier: Apache-2.0 */
/* What a scheduler resets: announced before, put back after, and finished when a run is killed in between. The kernel's
 * reset is played by writing its number into the tree. */
#include "tuner/guard.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tuner/apply.h"
#include "tuner/queue.h"
#include "tuner/revert.h"

#define QUEUE     "sys/devices/vda/queue/"
#define REQUESTS  QUEUE "nr_requests"
#define SCHEDULER QUEUE "scheduler"

struct node {
        struct kt_root root;
        struct kt_queues queues;
        struct kt_tuner_facts facts;
        struct kt_journal journal;
};

#define NO_NODE                                                            \
        {                                                                  \
                .root = { .fd = -1 }, .journal = {.dir_fd = -1, .fd = -1 } \
        }

static void node_done(struct node *node)
{
        kt_journal_done(&node->journal);
        kt_queues_done(&node->queues);
        kt_root_done(&node->root);
}

static void make_disk(const struct test_tree *tree)
{
        test_write(tree, "proc/sys/kernel/random/boot_id", "boot-1\n");
        test_write(tree, "proc/self/mountinfo", "");
        test_write(tree, "sys/devices/vda/dev", "254:0\n");
        test_write(tree, "sys/devices/vda/diskseq", "7\n");
        test_write(tree, "sys/devices/vda/serial", "kafka0");
        test_write(tree, "sys/devices/vda/mq/0/nr_tags", "64\n");
        test_write(tree, SCHEDULER, "none mq-deadline [kyber]\n");
        test_write(tree, REQUESTS, "200\n");
        test_symlink(tree, "../../devices/vda", "sys/class/block/vda");
        test_symlink(tree, "../../devices/vda", "sys/dev/block/254:0");
        test_write(tree, "state/journal", "");
}

static void node_open(const struct test_tree *tree, struct node *node)
{
        KT_AUTO_FREE char *path = test_path(tree, "state/journal");
        const struct kt_spec_texts none = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &node->root, &e), 0);
        assert_int_equal(kt_queues_load(&node->root, "vda", &none, &node->queues, &e), 0);
        node->facts = (struct kt_tuner_facts){ .root = &node->root, .queues = &node->queues };
        assert_int_equal(kt_journal_open(path, &node->root, 0, &node->journal, &e), 0);
}

static void expect_file(const struct test_tree *tree, const char *path, const char *expect)
{
        KT_AUTO_FREE char *text = test_read(tree, path);

        text[strcspn(text, "\n")] = '\0';
        assert_string_equal(text, expect);
}

static void remove_file(const struct test_tree *tree, const char *path)
{
        KT_AUTO_FREE char *full = test_path(tree, path);

        assert_int_equal(unlink(full), 0);
}

static const struct kt_row *scheduler(void)
{
        return kt_row_find("queue.scheduler", NULL);
}

static void test_begin__announces_and_end_closes(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(node_done) struct node node = NO_NODE;
        struct kt_guard guard;
        struct kt_err e = { 0 };

        make_disk(tree);
        node_open(tree, &node);
        assert_int_equal(kt_guard_begin(&node.facts, scheduler(), &node.journal, &guard, &e), 0);
        assert_int_equal(node.journal.count, 1);
        assert_string_equal(node.journal.items[0].id, "queue.nr_requests");
        assert_string_equal(node.journal.items[0].before, "200");
        assert_true(kt_guard_is_unfinished(&node.journal.items[0]));

        test_write(tree, REQUESTS, "128\n");
        assert_int_equal(kt_guard_end(&guard, &node.facts, &node.journal, &e), 0);
        expect_file(tree, REQUESTS, "200");
        assert_int_equal(node.journal.items[0].state, KT_CHANGE_VOID);
}

static void test_begin__nothing_to_guard(void **state)
{
        static const char *const rows[] = { "queue.nr_requests", "queue.scheduler" };
        const struct test_tree *tree = *state;
        KT_AUTO(node_done) struct node node = NO_NODE;
        struct kt_err e = { 0 };

        make_disk(tree);
        remove_file(tree, REQUESTS);
        node_open(tree, &node);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_guard guard;

                assert_int_equal(kt_guard_begin(&node.facts, kt_row_find(rows[i], NULL), &node.journal, &guard, &e), 0);
                assert_null(guard.row);
                assert_int_equal(kt_guard_end(&guard, &node.facts, &node.journal, &e), 0);
        }
        assert_int_equal(node.journal.count, 0);
}

static void test_write__without_a_journal_nothing_is_written(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(node_done) struct node node = NO_NODE;
        KT_AUTO_STR struct kt_str now = { 0 };
        struct kt_err e = { 0 };

        make_disk(tree);
        node_open(tree, &node);
        node.journal.fd = kt_close(node.journal.fd);
        assert_true(kt_apply_write(&node.facts, scheduler(), "none", &node.journal, &now, &e) < 0);
        expect_file(tree, SCHEDULER, "none mq-deadline [kyber]");
}

/* The journal of a run that was killed: the guard, and the scheduler's change when that was written already. */
static void leave(const struct test_tree *tree, bool with_scheduler)
{
        KT_AUTO(node_done) struct node node = NO_NODE;
        KT_AUTO_STR struct kt_str identity = { 0 };
        struct kt_guard guard;
        struct kt_err e = { 0 };
        size_t index = 0;

        node_open(tree, &node);
        assert_int_equal(kt_tuner_facts_identify(&node.facts, scheduler(), &identity, &e), 0);
        if (with_scheduler) {
                const struct kt_change draft = {
                        .id = (char *)"queue.scheduler",
                        .object = (char *)"vda scheduler",
                        .identity = identity.data,
                        .before = (char *)"kyber",
                        .wrote = (char *)"mq-deadline",
                        .undo_id = (char *)"queue.scheduler",
                        .undo_value = (char *)"kyber",
                };

                assert_int_equal(kt_journal_begin(&node.journal, &draft, &index, &e), 0);
        }
        assert_int_equal(kt_guard_begin(&node.facts, scheduler(), &node.journal, &guard, &e), 0);
}

static void test_settle__after_a_kill(void **state)
{
        static const struct {
                const char *now;
                enum kt_change_state expect;
                const char *after;
                enum kt_state reverted;
                const char *why;
        } rows[] = {
                { "200\n", KT_CHANGE_VOID, "200", KT_STATE_OK, "nothing was written yet" },
                { "128\n", KT_CHANGE_VOID, "200", KT_STATE_OK, "twice the depth: a scheduler was made" },
                { "64\n", KT_CHANGE_VOID, "200", KT_STATE_OK, "the depth: the scheduler was taken off" },
                { "300\n", KT_CHANGE_INTENT, "300", KT_STATE_CONFLICT, "no kernel's number: somebody wrote it since" },
        };
        const struct test_tree *tree = *state;

        for (size_t i = 0; i < 2 * KT_COUNT(rows); i++) {
                const bool by_revert = i % 2 == 1;
                KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
                KT_AUTO(node_done) struct node node = NO_NODE;
                struct kt_err e = { 0 };
                size_t written = 0;

                if (i == 0)
                        make_disk(tree);
                test_write(tree, "state/journal", "");
                test_write(tree, REQUESTS, "200\n");
                leave(tree, false);
                test_write(tree, REQUESTS, rows[i / 2].now);

                node_open(tree, &node);
                if (by_revert) {
                        assert_int_equal(kt_revert(&node.facts, &node.journal, NULL, &verdicts, &written, &e), 0);
                        assert_int_equal(verdicts.count, 1);
                        assert_int_equal(verdicts.items[0].state, rows[i / 2].reverted);
                } else {
                        assert_int_equal(kt_apply_settle(&node.facts, &node.journal, &e), 0);
                }
                assert_int_equal(node.journal.items[0].state, rows[i / 2].expect);
                expect_file(tree, REQUESTS, rows[i / 2].after);
        }
}

/* Killed between the scheduler and nr_requests: revert finds both, and a guard takes part in taking back. */
static void test_revert__with_the_scheduler(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        KT_AUTO(node_done) struct node node = NO_NODE;
        struct kt_err e = { 0 };
        size_t written = 0;

        make_disk(tree);
        leave(tree, true);
        test_write(tree, SCHEDULER, "none [mq-deadline] kyber\n");
        test_write(tree, REQUESTS, "128\n");

        node_open(tree, &node);
        assert_int_equal(kt_revert(&node.facts, &node.journal, NULL, &verdicts, &written, &e), 0);
        expect_file(tree, SCHEDULER, "kyber");
        expect_file(tree, REQUESTS, "200");
        assert_int_equal(written, 1);
        for (size_t i = 0; i < node.journal.count; i++)
                assert_false(kt_change_is_open(&node.journal.items[i]));
}

/* What the kernel does not take beside "none" comes back with the scheduler. */
static void test_begin__a_value_that_waits_is_used_again(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(node_done) struct node node = NO_NODE;
        KT_AUTO_STR struct kt_str note = { 0 };
        KT_AUTO_STR struct kt_str now = { 0 };
        struct kt_err e = { 0 };

        make_disk(tree);
        leave(tree, false);
        test_write(tree, REQUESTS, "64\n");
        node_open(tree, &node);
        assert_int_equal(kt_journal_move(&node.journal, 0, KT_CHANGE_DONE, "64", &e), 0);
        kt_guard_note(&node.facts, scheduler(), &node.journal, &note);
        assert_string_equal(kt_str_get(&note),
                            "; queue.nr_requests is 64 beside it, and 200 again when it is taken back");

        assert_int_equal(kt_apply_write(&node.facts, scheduler(), "kyber", &node.journal, &now, &e), 0);
        assert_int_equal(node.journal.count, 1);
        assert_int_equal(node.journal.items[0].state, KT_CHANGE_REVERTED);
        expect_file(tree, REQUESTS, "200");
        kt_str_clear(&note);
        kt_guard_note(&node.facts, scheduler(), &node.journal, &note);
        assert_string_equal(kt_str_get(&note), "");
}

/* A file that can be read and not be written stands for the kernel that refuses. */
static void test_end__what_cannot_be_put_back_stays_open(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(node_done) struct node node = NO_NODE;
        struct kt_guard guard;
        struct kt_err e = { 0 };

        make_disk(tree);
        node_open(tree, &node);
        assert_int_equal(kt_guard_begin(&node.facts, scheduler(), &node.journal, &guard, &e), 0);
        remove_file(tree, REQUESTS);
        assert_true(kt_guard_end(&guard, &node.facts, &node.journal, &e) < 0);
        assert_non_null(strstr(e.text, "vda nr_requests was 200"));
        assert_int_equal(node.journal.items[0].state, KT_CHANGE_INTENT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_begin__announces_and_end_closes, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_begin__nothing_to_guard, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_write__without_a_journal_nothing_is_written, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_settle__after_a_kill, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_revert__with_the_scheduler, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_begin__a_value_that_waits_is_used_again, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_end__what_cannot_be_put_back_stays_open, test_tree_setup,
                                                test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
