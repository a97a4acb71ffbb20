/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a hard limit: the soft one is the process's own, also when it raises it at that very moment; and the number may
 * have become another process's since the look. */
#include "tests/unit/support.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tuner/apply.h"
#include "tuner/backend.h"
#include "tuner/revert.h"

/* The soft limit that the process gives itself behind the first look at its limits; 0: it leaves it alone. */
static rlim_t raised_to;

/* Not NULL: whose limits the next calls mean, and not those of the machine. */
static struct owner {
        struct rlimit limit;
        struct rlimit next; /* limits of the one who has the number from the second call on; 0: the same one */
        int calls;
        int refused_call; /* which is refused, from 1; 0: none */
} * owner;

static int owner_prlimit(const struct rlimit *new_limit, struct rlimit *old_limit)
{
        if (++owner->calls == 2 && owner->next.rlim_max > 0)
                owner->limit = owner->next;
        if (owner->calls == owner->refused_call) {
                errno = EPERM;
                return -1;
        }
        if (old_limit)
                *old_limit = owner->limit;
        if (new_limit)
                owner->limit = *new_limit;
        return 0;
}

static int real_prlimit(pid_t pid, int resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
        return (int)syscall(SYS_prlimit64, pid, resource, new_limit, old_limit);
}

/* Stands in front of the C library's. */
int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *new_limit, struct rlimit *old_limit)
{
        int r = owner ? owner_prlimit(new_limit, old_limit) : real_prlimit(pid, (int)resource, new_limit, old_limit);

        if (r == 0 && raised_to > 0) {
                struct rlimit own = { 0 };

                assert_int_equal(real_prlimit(0, (int)resource, NULL, &own), 0);
                own.rlim_cur = raised_to;
                raised_to = 0;
                assert_int_equal(real_prlimit(0, (int)resource, &own, NULL), 0);
        }
        return r;
}

/* Writes the hard limit that is there already, which anybody may. */
static rlim_t soft_after_write(rlim_t soft, rlim_t raised)
{
        const struct kt_row *row = kt_row_find("process.nofile", NULL);
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_tuner_facts facts = { .root = &root, .pid = (uint64_t)getpid() };
        KT_AUTO_STR struct kt_str value = { 0 };
        struct rlimit limit = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(real_prlimit(0, RLIMIT_NOFILE, NULL, &limit), 0);
        limit.rlim_cur = soft;
        assert_int_equal(real_prlimit(0, RLIMIT_NOFILE, &limit, NULL), 0);
        assert_int_equal(kt_backend_of(row)->read(&facts, row, &value, &e), 0);
        raised_to = raised;
        assert_int_equal(kt_backend_of(row)->write(&facts, row, kt_str_get(&value), &e), 0);
        assert_int_equal(real_prlimit(0, RLIMIT_NOFILE, NULL, &limit), 0);
        return limit.rlim_cur;
}

static void test_write__leaves_the_soft_limit(void **state)
{
        (void)state; /* no tree needed */
        assert_int_equal(soft_after_write(50, 0), 50);
}

/* HotSpot does so while it starts (MaxFDLimit), which is when an agent raises the hard limit. */
static void test_write__soft_limit_raised_meanwhile(void **state)
{
        (void)state; /* no tree needed */
        assert_int_equal(soft_after_write(50, 60), 60);
}

static void test_write__what_is_no_limit(void **state)
{
        const struct kt_row *row = kt_row_find("process.nofile", NULL);
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_tuner_facts facts = { .root = &root };
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(kt_backend_of(row)->write(&facts, row, "9", &e), -EOPNOTSUPP);
        kt_err_clear(&e);
        facts.pid = (uint64_t)getpid();
        assert_int_equal(kt_backend_of(row)->write(&facts, row, "many", &e), -EINVAL);
        assert_string_equal(e.text, "'many' is no limit");
}

/* Who has the number at the write may not be who had it at the look. */
static void test_write__another_one_has_the_number(void **state)
{
        static const struct {
                const char *seen; /* NULL: nobody looked */
                struct rlimit limit;
                struct rlimit next;
                int refused_call;
                const char *value;
                int expect;
                struct rlimit left;
                int calls;
                const char *why;
        } rows[] = {
                { "4096", { 1024, 4096 }, { 0 }, 0, "100000", 0, { 1024, 100000 }, 2, "nothing has changed" },
                { "100000", { 1024, 100000 }, { 0 }, 0, "4096", 0, { 1024, 4096 }, 2, "taken back" },
                { "100000", { 9000, 100000 }, { 0 }, 0, "4096", 0, { 4096, 4096 }, 2, "the soft one follows" },
                { NULL, { 1024, 500000 }, { 0 }, 0, "100000", 0, { 1024, 100000 }, 2, "as asked" },
                { "4096", { 1024, 500000 }, { 0 }, 0, "100000", -ESTALE, { 1024, 500000 }, 1, "not lowered" },
                { "4096", { 512, 512 }, { 0 }, 0, "100000", -ESTALE, { 512, 512 }, 1, "not raised" },
                { "4096", { 64, 4096 }, { 9, 500000 }, 0, "100000", -ESTALE, { 9, 500000 }, 3, "put back" },
                { "4096", { 64, 4096 }, { 512, 512 }, 0, "100000", -ESTALE, { 512, 512 }, 3, "taken away again" },
                { "4096", { 64, 4096 }, { 9, 500000 }, 3, "100000", -EPERM, { 64, 100000 }, 3, "cannot be put back" },
                { "4096", { 64, 4096 }, { 70, 4096 }, 0, "100000", 0, { 70, 100000 }, 3, "it raised its own soft one" },
                { "unlimited", { 64, RLIM_INFINITY }, { 0 }, 0, "9", 0, { 9, 9 }, 2, "unlimited is a value, too" },
                { "4096", { 64, RLIM_INFINITY }, { 0 }, 0, "9", -ESTALE, { 64, RLIM_INFINITY }, 1, "and another one" },
        };
        const struct kt_row *row = kt_row_find("process.nofile", NULL);
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_root_open(NULL, &root, NULL), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_tuner_facts facts = { .root = &root, .pid = 77, .seen = rows[i].seen };
                struct owner one = { rows[i].limit, rows[i].next, 0, rows[i].refused_call };
                int r;

                owner = &one;
                r = kt_backend_of(row)->write(&facts, row, rows[i].value, NULL);
                owner = NULL;
                if (r != rows[i].expect || one.limit.rlim_max != rows[i].left.rlim_max ||
                    one.limit.rlim_cur != rows[i].left.rlim_cur || one.calls != rows[i].calls)
                        fail_msg("%s: %d after %d calls, %ju %ju", rows[i].why, r, one.calls,
                                 (uintmax_t)one.limit.rlim_cur, (uintmax_t)one.limit.rlim_max);
        }
}

/* What came of it in the journal and in the report: a conflict, and nothing to take back. */
static void test_apply__another_one_has_the_number(void **state)
{
        KT_AUTO_FREE char *path = test_path(*state, "state/journal");
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        KT_AUTO_STR struct kt_str identity = { 0 };
        KT_AUTO_STR struct kt_str have = { 0 };
        struct owner other = { .limit = { 9, 499979 } };
        struct kt_step step = { .row = kt_row_find("process.nofile", NULL), .target = (char *)"100000" };
        const struct kt_plan plan = { .items = &step, .count = 1 };
        size_t written = 0;
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(kt_journal_open(path, &root, 0, &journal, &e), 0);
        step.verdict = kt_tuner_verdicts_add(&verdicts);
        assert_non_null(step.verdict);
        step.verdict->id = strdup("process.nofile");
        step.verdict->object = strdup("process.nofile of this one");
        step.verdict->at = (struct kt_tuner_facts){ .root = &root, .pid = (uint64_t)getpid() };
        assert_int_equal(kt_tuner_facts_identify(&step.verdict->at, step.row, &identity, &e), 0);
        assert_int_equal(kt_tuner_facts_read(&step.verdict->at, step.row, &have, &e), 0);
        step.identity = (char *)kt_str_get(&identity);
        step.before = (char *)kt_str_get(&have);

        owner = &other;
        assert_int_equal(kt_apply(&plan, &journal, &written, &e), 0);
        owner = NULL;
        assert_int_equal(other.limit.rlim_max, 499979);
        assert_int_equal(step.verdict->state, KT_STATE_CONFLICT);
        assert_non_null(strstr(step.verdict->reason, "left alone"));
        assert_int_equal(written, 0);
        assert_int_equal(journal.count, 1);
        assert_int_equal(journal.items[0].state, KT_CHANGE_VOID);
}

/* What is taken back is taken back of the one that has it, or of nobody. */
static void test_revert__another_one_has_the_number(void **state)
{
        static char id[] = "process.nofile", object[] = "process.nofile of this one", before[] = "499978";
        KT_AUTO_FREE char *path = test_path(*state, "state/journal");
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_journal_done) struct kt_journal journal = { .dir_fd = -1, .fd = -1 };
        KT_AUTO(kt_tuner_verdicts_done) struct kt_tuner_verdicts verdicts = { 0 };
        KT_AUTO_STR struct kt_str identity = { 0 };
        KT_AUTO_STR struct kt_str have = { 0 };
        const struct kt_row *row = kt_row_find(id, NULL);
        struct kt_tuner_facts facts = { .root = &root, .pid = (uint64_t)getpid() };
        struct owner other = { .limit = { 9, 499979 } };
        struct kt_change draft = { .id = id, .object = object, .before = before, .undo_id = id, .undo_value = before };
        size_t written = 0;
        size_t index = 0;
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(NULL, &root, &e), 0);
        assert_int_equal(kt_journal_open(path, &root, 0, &journal, &e), 0);
        assert_int_equal(kt_tuner_facts_identify(&facts, row, &identity, &e), 0);
        assert_int_equal(kt_tuner_facts_read(&facts, row, &have, &e), 0);
        draft.identity = identity.data;
        draft.wrote = have.data;
        assert_int_equal(kt_journal_begin(&journal, &draft, &index, &e), 0);
        assert_int_equal(kt_journal_move(&journal, index, KT_CHANGE_DONE, have.data, &e), 0);

        facts.pid = 0;
        owner = &other;
        assert_int_equal(kt_revert(&facts, &journal, NULL, &verdicts, &written, &e), 0);
        owner = NULL;
        assert_int_equal(other.limit.rlim_max, 499979);
        assert_int_equal(written, 0);
        assert_int_equal(verdicts.items[0].state, KT_STATE_CONFLICT);
        assert_int_equal(journal.items[index].state, KT_CHANGE_DONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_write__leaves_the_soft_limit),
                cmocka_unit_test(test_write__soft_limit_raised_meanwhile),
                cmocka_unit_test(test_write__what_is_no_limit),
                cmocka_unit_test(test_write__another_one_has_the_number),
                cmocka_unit_test_setup_teardown(test_revert__another_one_has_the_number, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_apply__another_one_has_the_number, test_tree_setup,
                                                test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
