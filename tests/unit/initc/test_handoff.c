/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-off: what is written is read back, each member is wanted, and an equal run writes nothing. */
#include "initc/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/support.h"

#define UUID "JEXY6aqPQY-7YRM25tYMOA"

static char *copy(const char *text)
{
        char *owned = strdup(text);

        assert_non_null(owned);
        return owned;
}

/* Two log dirs, one of them formatted. */
static struct kt_handoff example(void)
{
        struct kt_handoff handoff = { .pod = copy("kafka-2"),
                                      .kafka_version = copy("4.3"),
                                      .cluster_id = copy("MkU3OEVBNTcwNTJENDM2Qg"),
                                      .node_id = 102,
                                      .owner = { .uid = 1000, .gid = 1001 },
                                      .properties_bytes = 1234,
                                      .properties_crc = 0xdeadbeef,
                                      .need_descriptors = 1412,
                                      .need_maps = 3240,
                                      .refuse_shortfall = true,
                                      .wait_for_agent_s = 30,
                                      .heap_bytes = UINT64_C(3) << 30,
                                      .dir_count = 2 };

        handoff.dirs[0] = (struct kt_handoff_dir){ .path = copy("/a/kafka-log2"),
                                                   .is_formatted = true,
                                                   .has_directory_id = true };
        assert_int_equal(kt_uuid_parse(UUID, &handoff.dirs[0].directory_id, NULL), 0);
        handoff.dirs[1].path = copy("/b/\"odd\"\n");
        return handoff;
}

static void render(struct kt_str *out)
{
        KT_AUTO(kt_handoff_done) struct kt_handoff handoff = example();

        assert_int_equal(kt_handoff_render(&handoff, out), 0);
}

static void test_parse__round_trip(void **state)
{
        KT_AUTO(kt_handoff_done) struct kt_handoff want = example();
        KT_AUTO(kt_handoff_done) struct kt_handoff got = { 0 };
        KT_AUTO_STR struct kt_str first = { 0 };
        KT_AUTO_STR struct kt_str second = { 0 };
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        render(&first);
        assert_int_equal(kt_handoff_parse("handoff.json", first.data, first.len, &got, &e), 0);
        assert_string_equal(got.pod, want.pod);
        assert_string_equal(got.kafka_version, want.kafka_version);
        assert_string_equal(got.cluster_id, want.cluster_id);
        assert_int_equal(got.node_id, want.node_id);
        assert_memory_equal(&got.owner, &want.owner, sizeof(got.owner));
        assert_int_equal(got.properties_bytes, want.properties_bytes);
        assert_int_equal(got.properties_crc, want.properties_crc);
        assert_int_equal(got.need_descriptors, want.need_descriptors);
        assert_int_equal(got.need_maps, want.need_maps);
        assert_true(got.refuse_shortfall);
        assert_int_equal(got.wait_for_agent_s, 30);
        assert_int_equal(got.heap_bytes, want.heap_bytes);
        assert_int_equal(got.dir_count, 2);
        assert_true(got.dirs[0].is_formatted && got.dirs[0].has_directory_id);
        assert_true(kt_uuid_equal(&got.dirs[0].directory_id, &want.dirs[0].directory_id));
        assert_string_equal(got.dirs[0].path, want.dirs[0].path);
        assert_string_equal(got.dirs[1].path, want.dirs[1].path);
        assert_false(got.dirs[1].is_formatted || got.dirs[1].has_directory_id);

        assert_int_equal(kt_handoff_render(&got, &second), 0);
        assert_string_equal(kt_str_get(&first), kt_str_get(&second));
}

static void test_parse__no_cluster_and_only_warnings(void **state)
{
        KT_AUTO(kt_handoff_done) struct kt_handoff want = example();
        KT_AUTO(kt_handoff_done) struct kt_handoff got = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };

        (void)state; /* no tree needed */
        free(want.cluster_id);
        want.cluster_id = NULL;
        want.refuse_shortfall = false;
        want.heap_bytes = 0;
        assert_int_equal(kt_handoff_render(&want, &text), 0);
        assert_int_equal(kt_handoff_parse("handoff.json", text.data, text.len, &got, NULL), 0);
        assert_null(got.cluster_id);
        assert_false(got.refuse_shortfall);
        assert_int_equal(got.heap_bytes, 0);
}

/* Replaces the first `from` of the example by `to` and parses the result. */
static int parse_changed(const char *from, const char *to, struct kt_err *e)
{
        KT_AUTO(kt_handoff_done) struct kt_handoff got = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_STR struct kt_str changed = { 0 };
        const char *at;

        render(&text);
        at = strstr(kt_str_get(&text), from);
        if (!at)
                fail_msg("no %s in %s", from, kt_str_get(&text));
        kt_str_add_bytes(&changed, text.data, (size_t)(at - text.data));
        kt_str_add(&changed, to);
        kt_str_add(&changed, at + strlen(from));
        return kt_handoff_parse("handoff.json", changed.data, changed.len, &got, e);
}

static void test_parse__an_older_prepare_knew_no_waiting(void **state)
{
        struct kt_err e = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(parse_changed("\"waitForAgentSeconds\": 30", "\"somethingElse\": 30", &e), 0);
        assert_int_equal(parse_changed("\"waitForAgentSeconds\": 30", "\"waitForAgentSeconds\": \"x\"", &e), -EBADMSG);
        kt_err_clear(&e);
        assert_int_equal(parse_changed("\"waitForAgentSeconds\": 30", "\"waitForAgentSeconds\": 601", &e), -EBADMSG);
}

static void test_parse__each_member_is_wanted(void **state)
{
        static const char *const members[] = { "pod",     "kafkaVersion", "nodeId",   "owner",       "uid",
                                               "gid",     "properties",   "bytes",    "crc32c",      "need",
                                               "logDirs", "descriptors",  "mapAreas", "onShortfall", "heapBytes",
                                               "path",    "formatted" };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(members); i++) {
                KT_AUTO_FREE char *from = kt_str_make("\"%s\":", members[i]);
                KT_AUTO_FREE char *quoted = kt_str_make("'%s'", members[i]);
                struct kt_err e = { 0 };

                if (parse_changed(from, "\"renamed\":", &e) != -EBADMSG || !strstr(e.text, quoted))
                        fail_msg("%s: %s", members[i], e.text);
        }
}

static void test_parse__wrong_values(void **state)
{
        static const struct {
                const char *from;
                const char *to;
                const char *member; /* NULL: no JSON any more */
        } rows[] = {
                { "\"kafka-2\"", "7", "pod" },
                { "\"kafka-2\"", "null", "pod" },
                { "102", "\"102\"", "nodeId" },
                { "102", "-1", "nodeId" },
                { "102", "2147483648", "nodeId" },
                { "102", "1.5", "nodeId" },
                { "1000", "4294967295", "uid" },
                { "1001", "4294967295", "gid" },
                { "1234", "-5", "bytes" },
                { "3735928559", "4294967296", "crc32c" },
                { "1412", "true", "descriptors" },
                { "true", "1", "formatted" },
                { UUID, "short", "directoryId" },
                { "{", "[{", NULL },
                { "}", "", NULL },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_err e = { 0 };

                if (parse_changed(rows[i].from, rows[i].to, &e) != -EBADMSG ||
                    (rows[i].member && !strstr(e.text, rows[i].member)))
                        fail_msg("%s for %s: %s", rows[i].to, rows[i].from, e.text);
        }
}

static void test_parse__number_of_log_dirs(void **state)
{
        static const struct {
                size_t count;
                int expect;
        } rows[] = { { 0, -EBADMSG }, { 1, 0 }, { KT_HANDOFF_DIRS_MAX, 0 }, { KT_HANDOFF_DIRS_MAX + 1, -EBADMSG } };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_handoff_done) struct kt_handoff want = example();
                KT_AUTO(kt_handoff_done) struct kt_handoff got = { 0 };
                KT_AUTO_STR struct kt_str text = { 0 };
                KT_AUTO_STR struct kt_str many = { 0 };

                for (size_t d = 0; d < want.dir_count; d++)
                        free(want.dirs[d].path);
                want.dir_count = 0;
                assert_int_equal(kt_handoff_render(&want, &text), 0);
                assert_non_null(strstr(kt_str_get(&text), "[]"));
                kt_str_add_bytes(&many, text.data, (size_t)(strstr(text.data, "[]") - text.data + 1));
                for (size_t d = 0; d < rows[i].count; d++)
                        kt_str_addf(&many, "%s{\"path\": \"/a\", \"formatted\": true}", d ? "," : "");
                kt_str_add(&many, strstr(text.data, "[]") + 1);
                if (kt_handoff_parse("handoff.json", many.data, many.len, &got, NULL) != rows[i].expect)
                        fail_msg("%zu log dirs", rows[i].count);
        }
}

/* ---- writing ---- */

static const char *const names[] = { KT_HANDOFF_PROGRAM, KT_HANDOFF_PROPERTIES, KT_HANDOFF_FILE };

static int write_all(const struct test_tree *tree, const char *properties, bool is_dry, bool *changed)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_STR struct kt_str json = { 0 };
        KT_AUTO_FD int program = openat(tree->fd, "program", O_RDONLY | O_CLOEXEC);
        KT_AUTO_FD int dir = openat(tree->fd, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const struct kt_handoff_files files = {
                .properties = &text, .json = &json, .program_fd = program, .gid = (gid_t)-1
        };

        kt_str_add(&text, properties);
        render(&json);
        return kt_handoff_write(dir, &files, is_dry, changed, NULL);
}

static struct stat look(const struct test_tree *tree, const char *name)
{
        KT_AUTO_FREE char *path = kt_str_make("dir/%s", name);
        struct stat st = { 0 };

        if (fstatat(tree->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                st.st_ino = 0; /* there is none */
        return st;
}

static int setup(void **state)
{
        if (test_tree_setup(state) < 0)
                return -1;
        test_write(*state, "program", "\177ELF");
        test_mkdir(*state, "dir");
        return 0;
}

static void test_write__files_and_modes(void **state)
{
        static const mode_t modes[] = { 0555, 0440, 0444 };
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *program = NULL;
        KT_AUTO_FREE char *properties = NULL;
        bool changed = false;

        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        assert_true(changed);
        for (size_t i = 0; i < KT_COUNT(names); i++)
                assert_int_equal(look(tree, names[i]).st_mode & 07777, modes[i]);
        program = test_read(tree, "dir/" KT_HANDOFF_PROGRAM);
        properties = test_read(tree, "dir/" KT_HANDOFF_PROPERTIES);
        assert_string_equal(program, "\177ELF");
        assert_string_equal(properties, "a=b\n");
}

static void test_write__the_same_again_writes_nothing(void **state)
{
        const struct test_tree *tree = *state;
        struct stat before[KT_COUNT(names)];
        bool changed = false;

        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        for (size_t i = 0; i < KT_COUNT(names); i++)
                before[i] = look(tree, names[i]);
        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        assert_false(changed);
        for (size_t i = 0; i < KT_COUNT(names); i++)
                assert_int_equal(look(tree, names[i]).st_ino, before[i].st_ino);
}

static void test_write__replaces_only_what_differs(void **state)
{
        const struct test_tree *tree = *state;
        struct stat program;
        struct stat properties;
        bool changed = false;

        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        program = look(tree, KT_HANDOFF_PROGRAM);
        properties = look(tree, KT_HANDOFF_PROPERTIES);
        assert_int_equal(write_all(tree, "a=c\n", false, &changed), 0);
        assert_true(changed);
        assert_int_equal(look(tree, KT_HANDOFF_PROGRAM).st_ino, program.st_ino);
        assert_int_not_equal(look(tree, KT_HANDOFF_PROPERTIES).st_ino, properties.st_ino);
}

static void test_write__a_wrong_mode_differs(void **state)
{
        const struct test_tree *tree = *state;
        bool changed = false;

        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        assert_int_equal(fchmodat(tree->fd, "dir/" KT_HANDOFF_PROPERTIES, 0666, 0), 0);
        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        assert_true(changed);
        assert_int_equal(look(tree, KT_HANDOFF_PROPERTIES).st_mode & 07777, 0440);
}

static void test_write__a_dry_run_only_says_so(void **state)
{
        const struct test_tree *tree = *state;
        bool changed = false;

        assert_int_equal(write_all(tree, "a=b\n", true, &changed), 0);
        assert_true(changed);
        for (size_t i = 0; i < KT_COUNT(names); i++)
                assert_int_equal(look(tree, names[i]).st_ino, 0);

        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        assert_int_equal(write_all(tree, "a=b\n", true, &changed), 0);
        assert_false(changed);
}

static void test_write__follows_no_link(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO_FREE char *victim = NULL;
        bool changed = false;

        test_write(tree, "victim", "precious");
        for (size_t i = 0; i < KT_COUNT(names); i++) {
                KT_AUTO_FREE char *path = kt_str_make("dir/%s", names[i]);

                test_symlink(tree, "../victim", path);
        }
        assert_int_equal(write_all(tree, "a=b\n", false, &changed), 0);
        victim = test_read(tree, "victim");
        assert_string_equal(victim, "precious");
        assert_true(S_ISREG(look(tree, KT_HANDOFF_FILE).st_mode));
}

static void test_write__a_program_that_cannot_be_read(void **state)
{
        const struct test_tree *tree = *state;
        const struct kt_str text = { 0 };
        const struct kt_handoff_files files = { .properties = &text, .json = &text, .program_fd = -1 };
        struct kt_err e = { 0 };
        bool changed = false;

        assert_int_equal(kt_handoff_write(tree->fd, &files, false, &changed, &e), -EBADF);
        assert_false(changed);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, setup, test_tree_teardown)

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse__round_trip),
        cmocka_unit_test(test_parse__no_cluster_and_only_warnings),
        cmocka_unit_test(test_parse__an_older_prepare_knew_no_waiting),
        cmocka_unit_test(test_parse__each_member_is_wanted),
        cmocka_unit_test(test_parse__wrong_values),
        cmocka_unit_test(test_parse__number_of_log_dirs),
        WITH_TREE(test_write__files_and_modes),
        WITH_TREE(test_write__the_same_again_writes_nothing),
        WITH_TREE(test_write__replaces_only_what_differs),
        WITH_TREE(test_write__a_wrong_mode_differs),
        WITH_TREE(test_write__a_dry_run_only_says_so),
        WITH_TREE(test_write__follows_no_link),
        WITH_TREE(test_write__a_program_that_cannot_be_read),
};

int main(void)
{
        return TEST_MAIN(tests);
}
