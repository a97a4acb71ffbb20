/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what is written is read again, what a crash tore is left out, what is no journal is refused. */
#include "tuner/journal.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/base/auto.h"

#define HEAD "{\"apiVersion\": \"k8skafka/v1\", \"kind\": \"TunerChange\", "
#define REST                                                                                                     \
        ", \"bootId\": \"b\", \"time\": \"t\", \"id\": \"fs.nr_open\", \"object\": \"fs.nr_open\", "             \
        "\"identity\": \"\", \"old\": \"1\", \"new\": \"2\", \"undoId\": \"fs.nr_open\", \"undoValue\": \"1\", " \
        "\"writerPid\": 7}\n"
#define INTENT      HEAD "\"seq\": 1, \"event\": \"intent\"" REST
#define EVENT(name) HEAD "\"seq\": 1, \"event\": \"" name "\", \"now\": \"2\"}\n"

static const struct kt_change draft = {
        .id = (char *)"fs.nr_open",
        .object = (char *)"fs.nr_open",
        .identity = (char *)"\"quoted\"\n",
        .before = (char *)"1048576",
        .wrote = (char *)"2097152",
        .undo_id = (char *)"fs.nr_open",
        .undo_value = (char *)"1048576",
};

static int open_in(const struct test_tree *tree, int wait_ms, struct kt_journal *ret, struct kt_err *e)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO_FREE char *path = test_path(tree, "state/journal");

        test_write(tree, "proc/sys/kernel/random/boot_id", "boot-1\n");
        assert_int_equal(kt_root_open(tree->path, &root, e), 0);
        return kt_journal_open(path, &root, wait_ms, ret, e);
}

static void test_parse__lines(void **state)
{
        static const struct {
                const char *text;
                int code;
                size_t count;
                enum kt_change_state state;
                size_t torn; /* bytes at the end that do not count */
                const char *why;
        } rows[] = {
                { "", 0, 0, KT_CHANGE_INTENT, 0, "an empty journal" },
                { INTENT, 0, 1, KT_CHANGE_INTENT, 0, "announced" },
                { INTENT EVENT("done"), 0, 1, KT_CHANGE_DONE, 0, "and written" },
                { INTENT EVENT("proving"), 0, 1, KT_CHANGE_PROVING, 0, "about to be proven" },
                { INTENT EVENT("proving") EVENT("proving") EVENT("done"), 0, 1, KT_CHANGE_DONE, 0, "and kept" },
                { INTENT EVENT("proving") EVENT("void"), 0, 1, KT_CHANGE_VOID, 0, "or not" },
                { INTENT EVENT("proving") EVENT("overtaken"), 0, 1, KT_CHANGE_OVERTAKEN, 0, "or somebody else's" },
                { INTENT EVENT("void"), 0, 1, KT_CHANGE_VOID, 0, "or not" },
                { INTENT EVENT("done") EVENT("reverting"), 0, 1, KT_CHANGE_REVERTING, 0, "on its way back" },
                { INTENT EVENT("done") EVENT("reverting") EVENT("done"), 0, 1, KT_CHANGE_DONE, 0, "refused" },
                { INTENT EVENT("done") EVENT("reverting") EVENT("reverted"), 0, 1, KT_CHANGE_REVERTED, 0, "back" },
                { INTENT EVENT("forgotten"), 0, 1, KT_CHANGE_FORGOTTEN, 0, "a restart" },
                { INTENT "{\"api", 0, 1, KT_CHANGE_INTENT, 5, "torn by a crash" },
                { INTENT "x", 0, 1, KT_CHANGE_INTENT, 1, "torn after the first byte" },
                { INTENT "x\n", -EBADMSG, 0, 0, 0, "a whole line that is none" },
                { "\n", -EBADMSG, 0, 0, 0, "an empty line" },
                { "[]\n", -EBADMSG, 0, 0, 0, "a list" },
                { EVENT("done"), -EBADMSG, 0, 0, 0, "of a change nobody announced" },
                { INTENT INTENT, -EBADMSG, 0, 0, 0, "the same number twice" },
                { INTENT EVENT("reverting"), -EBADMSG, 0, 0, 0, "back before it is done" },
                { INTENT EVENT("void") EVENT("done"), -EBADMSG, 0, 0, 0, "done after it was void" },
                { INTENT EVENT("dreaming"), -EBADMSG, 0, 0, 0, "no event of ours" },
                { INTENT HEAD "\"seq\": 1, \"event\": \"done\"}\n", -EBADMSG, 0, 0, 0,
                  "done, and with what nobody knows" },
                { INTENT EVENT("done") EVENT("reverting") HEAD "\"seq\": 1, \"event\": \"done\"}\n", 0, 1,
                  KT_CHANGE_DONE, 0, "refused, and what it left is known" },
                { HEAD "\"seq\": 9223372036854775807, \"event\": \"intent\"" REST, -EBADMSG, 0, 0, 0,
                  "a number behind which there is none" },
                { HEAD "\"seq\": 1, \"event\": \"intent\"}\n", -EBADMSG, 0, 0, 0, "members are missing" },
                { "{\"kind\": \"Other\", \"seq\": 1, \"event\": \"intent\"}\n", -EBADMSG, 0, 0, 0, "another kind" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
                size_t len = strlen(rows[i].text);
                struct kt_err e = { 0 };
                size_t good = 0;

                assert_int_equal(kt_journal_parse("j", rows[i].text, len, &journal, &good, &e), rows[i].code);
                if (rows[i].code < 0)
                        continue;
                assert_int_equal(journal.count, rows[i].count);
                assert_int_equal(len - good, rows[i].torn);
                if (journal.count > 0)
                        assert_int_equal(journal.items[0].state, rows[i].state);
        }
}

static void test_parse__names_the_line(void **state)
{
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        static const char text[] = INTENT "what\n";
        struct kt_err e = { 0 };
        size_t good = 0;

        (void)state; /* no tree needed */
        assert_int_equal(kt_journal_parse("journal", text, strlen(text), &journal, &good, &e), -EBADMSG);
        assert_string_equal(e.text, "journal:2: this is no line of a journal");
}

static void test_begin__is_read_again(void **state)
{
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        KT_AUTO(kt_journal_done) struct kt_journal again = { .dir_fd = -1, .fd = -1 };
        struct kt_err e = { 0 };
        size_t index = 9;

        assert_int_equal(open_in(*state, 0, &journal, &e), 0);
        assert_int_equal(kt_journal_begin(&journal, &draft, &index, &e), 0);
        assert_int_equal(index, 0);
        assert_int_equal(kt_journal_move(&journal, 0, KT_CHANGE_DONE, "2097152", &e), 0);
        assert_int_equal(kt_journal_begin(&journal, &draft, &index, &e), 0);
        kt_journal_done(&journal);

        assert_int_equal(open_in(*state, 0, &again, &e), 0);
        assert_int_equal(again.count, 2);
        assert_int_equal(again.next_seq, 3);
        assert_int_equal(again.items[0].state, KT_CHANGE_DONE);
        assert_string_equal(again.items[0].identity, "\"quoted\"\n");
        assert_string_equal(again.items[0].before, "1048576");
        assert_string_equal(again.items[0].now, "2097152");
        assert_string_equal(again.items[0].boot_id, "boot-1");
        assert_int_equal(again.items[0].writer_pid, getpid());
        assert_true(kt_journal_is_of_this_boot(&again, &again.items[0]));
        assert_int_equal(again.items[1].state, KT_CHANGE_INTENT);
        assert_true(kt_change_is_open(&again.items[1]));
}

static void test_open__cuts_a_torn_line_off(void **state)
{
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        KT_AUTO_FREE char *text = NULL;
        struct kt_err e = { 0 };
        size_t index = 0;

        test_write(*state, "state/journal", INTENT "{\"apiVersion\": \"k8");
        assert_int_equal(open_in(*state, 0, &journal, &e), 0);
        text = test_read(*state, "state/journal");
        assert_string_equal(text, INTENT);
        assert_int_equal(kt_journal_begin(&journal, &draft, &index, &e), 0);
        assert_int_equal(journal.items[1].seq, 2);
}

static void test_open__refuses(void **state)
{
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        struct kt_err e = { 0 };

        test_write(*state, "state/other", "");
        test_symlink(*state, "other", "state/journal");
        assert_int_equal(open_in(*state, 0, &journal, &e), -ELOOP);
}

static void test_open__waits_for_another_and_gives_up(void **state)
{
        KT_AUTO(kt_journal_done) struct kt_journal first = { .dir_fd = -1, .fd = -1 };
        KT_AUTO(kt_journal_done) struct kt_journal second = { .dir_fd = -1, .fd = -1 };
        struct kt_err e = { 0 };

        assert_int_equal(open_in(*state, 0, &first, &e), 0);
        assert_int_equal(open_in(*state, 60, &second, &e), -EBUSY);
        assert_non_null(strstr(e.text, "another kafka-tuner"));
        kt_journal_done(&second);
        kt_journal_done(&first);
        kt_err_clear(&e);
        assert_int_equal(open_in(*state, 0, &second, &e), 0);
}

/* What is closed goes when the file has got long; what is open stays, in its state. */
static void test_open__shortens_a_long_journal(void **state)
{
        enum { CLOSED = 3000 };
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        KT_AUTO_STR struct kt_str text = { 0 };
        struct kt_err e = { 0 };

        for (unsigned i = 1; i <= CLOSED; i++)
                kt_str_addf(&text,
                            HEAD "\"seq\": %u, \"event\": \"intent\", \"bootId\": \"boot-1\", \"time\": \"t\", "
                                 "\"id\": \"fs.nr_open\", \"object\": \"fs.nr_open\", \"identity\": \"\", "
                                 "\"old\": \"1\", \"new\": \"2\", \"undoId\": \"fs.nr_open\", \"undoValue\": \"1\", "
                                 "\"writerPid\": 7}\n" HEAD "\"seq\": %u, \"event\": \"%s\", \"now\": \"2\"}\n",
                            i, i, i == CLOSED / 2 ? "done" : "void");
        test_write(*state, "state/journal", kt_str_get(&text));
        assert_int_equal(open_in(*state, 0, &journal, &e), 0);
        kt_journal_done(&journal);
        assert_int_equal(open_in(*state, 0, &journal, &e), 0);
        assert_int_equal(journal.count, 1);
        assert_int_equal(journal.items[0].seq, CLOSED / 2);
        assert_int_equal(journal.items[0].state, KT_CHANGE_DONE);
        assert_string_equal(journal.items[0].now, "2");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse__lines),
                cmocka_unit_test(test_parse__names_the_line),
                cmocka_unit_test_setup_teardown(test_begin__is_read_again, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_open__cuts_a_torn_line_off, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_open__refuses, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_open__waits_for_another_and_gives_up, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_open__shortens_a_long_journal, test_tree_setup,
                                                test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
