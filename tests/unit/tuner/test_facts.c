/* SPDX-License-Identifier: Apache-2.0 */
/* Facts: each back end, over trees made here. */
#include "tuner/facts.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char limits[] = "Limit                     Soft Limit           Hard Limit           Units     \n"
                             "Max processes             1782                 unlimited            processes \n"
                             "Max open files            1024                 4096                 files     \n";

struct expectation {
        const char *path; /* of the file that is written first; NULL: none */
        const char *text;
        const char *id;
        uint64_t pid;
        int code;
        const char *have; /* or a piece of the error's text */
};

static void expect_reading(const struct test_tree *tree, const struct expectation *row)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        const struct kt_tuner_facts facts = { .root = &root, .pid = row->pid };
        KT_AUTO_STR struct kt_str have = { 0 };
        struct kt_err e = { 0 };

        if (row->path)
                test_write(tree, row->path, row->text);
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_tuner_facts_read(&facts, kt_row_find(row->id, NULL), &have, &e), row->code);
        if (row->code == 0)
                assert_string_equal(kt_str_get(&have), row->have);
        else
                assert_non_null(strstr(e.text, row->have));
}

static void test_read__values(void **state)
{
        static const struct expectation rows[] = {
                { "proc/sys/vm/max_map_count", "65530\n", "vm.max_map_count", 0, 0, "65530" },
                { "proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n", "net.ipv4.tcp_rmem", 0, 0,
                  "4096 131072 6291456" },
                { "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n",
                  "transparent_hugepage.enabled", 0, 0, "madvise" },
                { "proc/self/limits", limits, "process.nofile", 0, 0, "4096" },
                { "proc/self/limits", limits, "process.nproc", 0, 0, "unlimited" },
                { "proc/77/limits", limits, "process.nofile", 77, 0, "4096" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                expect_reading(*state, &rows[i]);
}

static void test_read__failures(void **state)
{
        static const struct expectation rows[] = {
                { NULL, NULL, "vm.max_map_count", 0, -ENOENT, "/proc/sys/vm/max_map_count is not there" },
                { "proc/sys/fs", "not a folder", "fs.nr_open", 0, -ENOENT, "/proc/sys/fs/nr_open is not there" },
                { "proc/sys/vm/swappiness", "6\x1b[0m\n", "vm.swappiness", 0, -EBADMSG, "no text" },
                { "sys/kernel/mm/transparent_hugepage/enabled", "always madvise never\n",
                  "transparent_hugepage.enabled", 0, -EBADMSG, "no word is marked" },
                { "sys/kernel/mm/transparent_hugepage/enabled", "always [] never\n", "transparent_hugepage.enabled", 0,
                  -EBADMSG, "no word is marked" },
                { NULL, NULL, "process.nofile", 0, -ENOENT, "/proc/self/limits is not there" },
                { NULL, NULL, "process.nofile", 78, -ESRCH, "process 78" },
                { "proc/79/limits", "Max processes             1                    2\n", "process.nofile", 79,
                  -EBADMSG, "no line 'Max open files'" },
                { "proc/80/limits", "Max open files            1                    x\n", "process.nofile", 80,
                  -EBADMSG, "/proc/80/limits" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++)
                expect_reading(*state, &rows[i]);
}

/* Runs in a child, as nobody where it can: root reads everything. */
static int read_as_nobody(const struct kt_root *root)
{
        const struct kt_tuner_facts facts = { .root = root };
        KT_AUTO_STR struct kt_str have = { 0 };
        struct kt_err e = { 0 };

        if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
                return 1;
        return kt_tuner_facts_read(&facts, kt_row_find("vm.swappiness", NULL), &have, &e) == -EACCES ? 0 : 2;
}

static void test_read__a_file_that_may_not_be_read(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_err e = { 0 };
        int status = -1;
        pid_t pid;

        test_write(tree, "proc/sys/vm/swappiness", "60\n");
        assert_int_equal(fchmodat(tree->fd, "proc/sys/vm/swappiness", 0, 0), 0);
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(read_as_nobody(&root));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_command__sets_the_value(void **state)
{
        static const struct {
                const char *id;
                const char *value;
                uint64_t pid;
                const char *expect;
        } rows[] = {
                { "vm.max_map_count", "262144", 0, "sysctl -w vm.max_map_count=262144" },
                { "net.ipv4.tcp_rmem", "4096 131072 16777216", 0,
                  "sysctl -w 'net.ipv4.tcp_rmem=4096 131072 16777216'" },
                { "transparent_hugepage.enabled", "madvise", 0,
                  "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled" },
                { "process.nofile", "100000", 0, "prlimit --pid $$ --nofile=100000" },
                { "process.nproc", "4096", 77, "prlimit --pid 77 --nproc=4096" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_tuner_facts facts = { .pid = rows[i].pid };
                KT_AUTO_STR struct kt_str command = { 0 };

                kt_tuner_facts_command(&facts, kt_row_find(rows[i].id, NULL), rows[i].value, &command);
                assert_string_equal(kt_str_get(&command), rows[i].expect);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_read__values, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_read__failures, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_read__a_file_that_may_not_be_read, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test(test_command__sets_the_value),
        };

        return TEST_MAIN(tests);
}
