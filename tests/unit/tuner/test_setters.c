/* SPDX-License-Identifier: Apache-2.0 */
/* Who else sets a row: precedence of sysctl.d, and TuneD's profiles. */
#include "tuner/setters.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

static void load(const struct test_tree *tree, struct kt_setters *setters)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_setters_load(&root, setters, &e), 0);
}

static void expect_last(const struct kt_setters *setters, const char *id, const char *file, const char *value)
{
        const struct kt_setter *last = NULL;

        for (size_t i = 0; i < setters->count; i++)
                if (strcmp(setters->items[i].row->id, id) == 0)
                        last = &setters->items[i];
        assert_non_null(last);
        assert_string_equal(last->file, file);
        assert_string_equal(last->value, value);
}

static void test_load__nothing(void **state)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

        load(*state, &setters);
        assert_int_equal(setters.count, 0);
}

static void test_load__later_name_wins_whatever_the_directory(void **state)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

        test_write(*state, "etc/sysctl.d/10-a.conf", "vm.max_map_count = 1\n");
        test_write(*state, "usr/lib/sysctl.d/90-b.conf", "# a comment\n\nvm.max_map_count=2 \n");
        load(*state, &setters);
        expect_last(&setters, "vm.max_map_count", "/usr/lib/sysctl.d/90-b.conf", "2");
        assert_int_equal(setters.items[setters.count - 1].line, 3);
}

static void test_load__same_name_is_hidden(void **state)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

        test_write(*state, "etc/sysctl.d/50-x.conf", "");
        test_write(*state, "run/sysctl.d/50-x.conf", "vm.swappiness=60\n");
        load(*state, &setters);
        assert_int_equal(setters.count, 0);
}

static void test_load__sysctl_conf(void **state)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

        test_write(*state, "etc/sysctl.conf", "vm.swappiness=60\n");
        test_write(*state, "etc/sysctl.d/zz.conf", "vm.swappiness=10\n");
        load(*state, &setters);
        expect_last(&setters, "vm.swappiness", "/etc/sysctl.conf", "60");
}

static void test_load__sysctl_conf_linked(void **state)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

        test_write(*state, "etc/sysctl.conf", "vm.swappiness=60\n");
        test_symlink(*state, "../sysctl.conf", "etc/sysctl.d/99-sysctl.conf");
        load(*state, &setters);
        assert_int_equal(setters.count, 1);
        expect_last(&setters, "vm.swappiness", "/etc/sysctl.d/99-sysctl.conf", "60");
}

static void test_load__ways_to_write_a_key(void **state)
{
        static const struct {
                const char *text;
                size_t count;
                const char *why;
        } rows[] = {
                { "net/ipv4/tcp_rmem = 1 2 3\n", 1, "slashes" },
                { "-net.ipv4.tcp_rmem=1\n", 1, "failures forgiven" },
                { "net.ipv4.tcp_?mem=1 2 3\n", 2, "a pattern" },
                { "  vm.swappiness\t=\t1\r\n", 1, "blanks" },
                { "-vm.swappiness\n", 0, "no value" },
                { "#vm.swappiness=1\n", 0, "comment" },
                { ";vm.swappiness=1\n", 0, "comment" },
                { "=1\n", 0, "no key" },
                { "vm.swappiness2=1\n", 0, "another key" },
                { "process.nofile=1\n", 0, "no sysctl" },
                { "[main]\nvm.swappiness=1\n", 1, "sysctl.d has no sections" },
        };

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

                test_write(*state, "etc/sysctl.d/a.conf", rows[i].text);
                load(*state, &setters);
                if (setters.count != rows[i].count)
                        fail_msg("%s: %zu setters", rows[i].why, setters.count);
        }
}

static void test_load__tuned_profile_after_what_it_includes(void **state)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

        test_write(*state, "etc/tuned/active_profile", "mine\n");
        test_write(*state, "etc/tuned/mine/tuned.conf", "[main]\ninclude=base\n[sysctl]\nvm.swappiness=>10\n");
        test_write(*state, "usr/lib/tuned/base/tuned.conf",
                   "[sysctl]\nvm.swappiness=30\n[vm]\ntransparent_hugepages=never\n[other]\nvm.dirty_ratio=1\n");
        load(*state, &setters);
        assert_int_equal(setters.count, 3);
        expect_last(&setters, "vm.swappiness", "/etc/tuned/mine/tuned.conf", "10");
        expect_last(&setters, "transparent_hugepage.enabled", "/usr/lib/tuned/base/tuned.conf", "never");
}

static void test_load__tuned_values(void **state)
{
        static const struct {
                const char *written;
                const char *value;
                char only;
        } rows[] = {
                { "10", "10", '\0' },           { ">10", "10", '>' },     { "<10", "10", '<' },
                { "\"1 2 3\"", "1 2 3", '\0' }, { "\">10\"", "10", '>' }, { "'10'", "10", '\0' },
                { "\"10", "\"10", '\0' },       { "\"", "\"", '\0' },     { ">", ">", '\0' },
                { "\"\"", "", '\0' },           { "\">\"", ">", '\0' },   { "", "", '\0' },
        };

        test_write(*state, "etc/tuned/active_profile", "mine\n");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };
                KT_AUTO_STR struct kt_str text = { 0 };

                kt_str_addf(&text, "[sysctl]\nvm.swappiness = %s\n", rows[i].written);
                test_write(*state, "etc/tuned/mine/tuned.conf", kt_str_get(&text));
                load(*state, &setters);
                expect_last(&setters, "vm.swappiness", "/etc/tuned/mine/tuned.conf", rows[i].value);
                assert_int_equal(setters.items[0].only, rows[i].only);
        }
}

/* TuneD takes the next file of that name: a profile may stand in front of the one it changes. */
static void test_load__tuned_includes_its_own_name(void **state)
{
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };

        test_write(*state, "etc/tuned/active_profile", "base, ../../etc\n");
        test_write(*state, "etc/tuned/base/tuned.conf", "[main]\ninclude=base,base\n[sysctl]\nvm.swappiness=1\n");
        test_write(*state, "usr/lib/tuned/base/tuned.conf", "[main]\ninclude=base\n[sysctl]\nvm.swappiness=30\n");
        load(*state, &setters);
        assert_int_equal(setters.count, 2);
        assert_string_equal(setters.items[0].file, "/usr/lib/tuned/base/tuned.conf");
        expect_last(&setters, "vm.swappiness", "/etc/tuned/base/tuned.conf", "1");
}

static void test_load__unreadable_file(void **state)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_setters_done) struct kt_setters setters = { 0 };
        struct kt_err e = { 0 };

        test_mkdir(*state, "etc/sysctl.d/a.conf");
        assert_int_equal(kt_root_open(((struct test_tree *)*state)->path, &root, &e), 0);
        assert_int_equal(kt_setters_load(&root, &setters, &e), -EISDIR);
        assert_non_null(strstr(e.text, "/etc/sysctl.d/a.conf"));
}

static void test_keep__only_lines_about_rows(void **state)
{
        KT_AUTO_STR struct kt_str out = { 0 };

        (void)state;
        kt_setters_keep("# mine\nkernel.hostname=secret\nvm.swappiness=1\n[main]\ninclude=base\npassword=x", &out);
        assert_string_equal(kt_str_get(&out), "\n\nvm.swappiness=1\n[main]\ninclude=base\n\n");
}

#define TREE(test) cmocka_unit_test_setup_teardown(test, test_tree_setup, test_tree_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TREE(test_load__nothing),
                TREE(test_load__later_name_wins_whatever_the_directory),
                TREE(test_load__same_name_is_hidden),
                TREE(test_load__sysctl_conf),
                TREE(test_load__sysctl_conf_linked),
                TREE(test_load__ways_to_write_a_key),
                TREE(test_load__tuned_profile_after_what_it_includes),
                TREE(test_load__tuned_values),
                TREE(test_load__tuned_includes_its_own_name),
                TREE(test_load__unreadable_file),
                cmocka_unit_test(test_keep__only_lines_about_rows),
        };

        return TEST_MAIN(tests);
}
