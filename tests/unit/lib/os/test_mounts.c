/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts: mountinfo lines of every shape, and finding one among them. */
#include "lib/os/mounts.h"

#include "tests/unit/support.h"

#include <errno.h>
#include <string.h>

static const char node[] =
        "1 0 0:2 / / rw shared:1 - rootfs rootfs rw\n"
        "21 1 8:2 / / rw,relatime shared:1 master:2 propagate_from:3 - xfs /dev/sda2 rw,attr2\n"
        "30 21 0:21 / /proc rw - proc proc rw\n"
        "40 21 259:1 /vol/data /var/lib/kafka/data-0 rw,noatime - ext4 /dev/nvme0n1p1 rw,data=ordered\n"
        "41 21 0:50 / /var/lib/kafka/data-00 ro - tmpfs  rw,size=4k\n"
        "42 41 0:51 / /var/lib/kafka/data-00 rw - tmpfs top rw\n";

static void test_parse__fills_every_field(void **state)
{
        struct kt_err e = { 0 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
        const struct kt_mount *mount;

        (void)state; /* no tree needed */
        assert_int_equal(kt_mounts_parse(node, &mounts, &e), 0);
        assert_int_equal(mounts.count, 6);
        mount = &mounts.items[3];
        assert_int_equal(mount->id, 40);
        assert_int_equal(mount->parent, 21);
        assert_int_equal(mount->major, 259);
        assert_int_equal(mount->minor, 1);
        assert_string_equal(mount->root, "/vol/data");
        assert_string_equal(mount->target, "/var/lib/kafka/data-0");
        assert_string_equal(mount->options, "rw,noatime");
        assert_string_equal(mount->fstype, "ext4");
        assert_string_equal(mount->source, "/dev/nvme0n1p1");
        assert_string_equal(mount->super_options, "rw,data=ordered");
        assert_string_equal(mounts.items[1].source, "/dev/sda2");
        assert_string_equal(mounts.items[4].source, "");
}

static void test_parse__unescapes(void **state)
{
        static const struct {
                const char *written;
                const char *expect;
                const char *why;
        } rows[] = {
                { "/a\\040b", "/a b", "blank" },
                { "/a\\011b", "/a\tb", "tab" },
                { "/a\\012b", "/a\nb", "newline" },
                { "/a\\134b", "/a\\b", "backslash" },
                { "/a\\043b", "/a#b", "hash" },
                { "/\\134040", "/\\040", "an escaped backslash is not unescaped again" },
                { "/\\303\\244", "/\xc3\xa4", "bytes above 127" },
                { "/a\\000b", "/a\\000b", "a NUL would cut the text" },
                { "/a\\400b", "/a\\400b", "above one byte" },
                { "/a\\08b", "/a\\08b", "no octal" },
                { "/a\\04", "/a\\04", "cut short" },
                { "/a\\", "/a\\", "nothing behind it" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_err e = { 0 };
                KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };
                KT_AUTO_STR struct kt_str line = { 0 };

                kt_str_addf(&line, "1 0 0:1 %s %s rw,a=\\054ro - t s\\040t rw", rows[i].written, rows[i].written);
                assert_int_equal(kt_mounts_parse(kt_str_get(&line), &mounts, &e), 0);
                assert_string_equal(mounts.items[0].target, rows[i].expect);
                assert_string_equal(mounts.items[0].root, rows[i].expect);
                assert_string_equal(mounts.items[0].source, "s t");
                assert_false(kt_mount_has_option(&mounts.items[0], "ro"));
        }
}

static void test_parse__takes_what_kernels_write(void **state)
{
        static const struct {
                const char *text;
                size_t expect;
                const char *why;
        } rows[] = {
                { "", 0, "no mounts" },
                { "1 0 0:1 / / rw - t s rw", 1, "no newline at the end" },
                { "1 0 0:1 net:[4026531840] /run/netns/a rw - nsfs nsfs rw\n", 1, "a root that is no path" },
                { "1 0 0:1 / /a//deleted rw - t s rw\n", 1, "an unlinked mount point" },
                { "1 0 4294967295:4294967295 / / rw - t s rw\n", 1, "largest device" },
                { "1 0 0:1 / / rw x:1 y - t s \n", 1, "unknown optional fields, no options" },
                { "1 0 0:1 / / rw - t s rw,a b - c\n", 1, "blanks in the filesystem's options" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_err e = { 0 };
                KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

                assert_int_equal(kt_mounts_parse(rows[i].text, &mounts, &e), 0);
                assert_int_equal(mounts.count, rows[i].expect);
        }
}

static void test_parse__refuses_other_text(void **state)
{
        static const struct {
                const char *text;
                const char *why;
        } rows[] = {
                { "\n", "empty line" },
                { "hello\n", "one word" },
                { "1 0 0:1 / / rw shared:1 ext4 /dev/a rw\n", "no separator" },
                { "1 0 0:1 / / rw -\n", "nothing behind the separator" },
                { "1 0 0:1 / / rw - ext4\n", "no source" },
                { "1 0 0:1 / / rw - ext4 /dev/a\n", "no options" },
                { "1 0 0:1 / / rw -  /dev/a rw\n", "empty type" },
                { "1  0:1 / / rw - t s rw\n", "empty parent" },
                { "x 0 0:1 / / rw - t s rw\n", "id is no number" },
                { "1 -1 0:1 / / rw - t s rw\n", "parent is no number" },
                { "1 0 01 / / rw - t s rw\n", "device without colon" },
                { "1 0 0:4294967296 / / rw - t s rw\n", "device too large" },
                { "1 0 0:1:2 / / rw - t s rw\n", "device with two colons" },
                { "99999999999999999999 0 0:1 / / rw - t s rw\n", "id too large" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_err e = { 0 };
                struct kt_mounts mounts = { 0 };

                assert_int_equal(kt_mounts_parse(rows[i].text, &mounts, &e), -EBADMSG);
                assert_non_null(strstr(e.text, "line 1"));
                assert_null(mounts.items);
        }
}

static void test_at__finds_the_topmost(void **state)
{
        static const struct {
                const char *target;
                const char *expect;
        } rows[] = {
                { "/", "/dev/sda2" },
                { "/var/lib/kafka/data-0", "/dev/nvme0n1p1" },
                { "/var/lib/kafka/data-00", "top" },
                { "/var/lib/kafka", NULL },
                { "/var/lib/kafka/data-0/", NULL },
        };
        struct kt_err e = { 0 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_mounts_parse(node, &mounts, &e), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                const struct kt_mount *mount = kt_mounts_at(&mounts, rows[i].target);

                if (rows[i].expect)
                        assert_string_equal(mount->source, rows[i].expect);
                else
                        assert_null(mount);
        }
}

static void test_at__a_moved_mount_is_on_top_of_a_later_line(void **state)
{
        struct kt_err e = { 0 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_mounts_parse("5 9 0:5 / /m rw - t moved rw\n9 1 0:9 / /m rw - t below rw\n", &mounts, &e),
                         0);
        assert_string_equal(kt_mounts_at(&mounts, "/m")->source, "moved");
        assert_string_equal(kt_mounts_of(&mounts, "/m/x")->source, "moved");
}

static void test_of__longest_prefix_by_components(void **state)
{
        static const struct {
                const char *path;
                const char *expect;
        } rows[] = {
                { "/", "/dev/sda2" },
                { "/etc/passwd", "/dev/sda2" },
                { "/process", "/dev/sda2" },
                { "/proc", "proc" },
                { "/proc/1", "proc" },
                { "/var/lib/kafka/data-0/kafka-log0", "/dev/nvme0n1p1" },
                { "/var/lib/kafka/data-00", "top" },
                { "/var/lib/kafka/data-000", "/dev/sda2" },
        };
        struct kt_err e = { 0 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_mounts_parse(node, &mounts, &e), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_string_equal(kt_mounts_of(&mounts, rows[i].path)->source, rows[i].expect);
}

static void test_of__nothing_holds_it(void **state)
{
        struct kt_err e = { 0 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

        (void)state; /* no tree needed */
        assert_null(kt_mounts_of(&mounts, "/"));
        assert_int_equal(kt_mounts_parse("30 21 0:21 / /proc rw - proc proc rw\n", &mounts, &e), 0);
        assert_null(kt_mounts_of(&mounts, "/etc"));
}

static void test_has_option__both_lists(void **state)
{
        static const struct {
                const char *option;
                bool expect;
        } rows[] = {
                { "noatime", true }, { "data=ordered", true }, { "rw", true }, { "noa", false },
                { "atime", false },  { "data", false },        { "", false },  { "ro", false },
        };
        struct kt_err e = { 0 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_mounts_parse(node, &mounts, &e), 0);
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_int_equal(kt_mount_has_option(&mounts.items[3], rows[i].option), rows[i].expect);
}

static void test_load__reads_through_the_root(void **state)
{
        const struct test_tree *tree = *state;
        struct kt_err e = { 0 };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

        test_write(tree, "proc/self/mountinfo", node);
        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_mounts_load(&root, NULL, &mounts, &e), 0);
        assert_int_equal(mounts.count, 6);
}

static void test_load__names_the_file_that_fails(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_mounts mounts = { 0 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_mounts_load(&root, "/proc/1/mountinfo", &mounts, &e), -ENOENT);
        assert_non_null(strstr(e.text, "/proc/1/mountinfo"));

        kt_err_clear(&e);
        test_write(tree, "proc/1/mountinfo", "garbage\n");
        assert_int_equal(kt_mounts_load(&root, "/proc/1/mountinfo", &mounts, &e), -EBADMSG);
        assert_string_equal(e.text, "/proc/1/mountinfo: line 1 is no line of a mountinfo file");

        kt_err_clear(&e);
        test_write_bytes(tree, "proc/1/mountinfo", "1 0 0:1 / / rw - t s rw\0\n", 25);
        assert_int_equal(kt_mounts_load(&root, "/proc/1/mountinfo", &mounts, &e), -EBADMSG);
        assert_non_null(strstr(e.text, "NUL"));
}

static void test_load__the_running_machine(void **state)
{
        struct kt_err e = { 0 };
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        KT_AUTO(kt_mounts_done) struct kt_mounts mounts = { 0 };

        (void)state; /* no tree needed */
        assert_int_equal(kt_root_open("/", &root, &e), 0);
        assert_int_equal(kt_mounts_load(&root, NULL, &mounts, &e), 0);
        assert_non_null(kt_mounts_of(&mounts, "/proc/self"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse__fills_every_field),
                cmocka_unit_test(test_parse__unescapes),
                cmocka_unit_test(test_parse__takes_what_kernels_write),
                cmocka_unit_test(test_parse__refuses_other_text),
                cmocka_unit_test(test_at__finds_the_topmost),
                cmocka_unit_test(test_at__a_moved_mount_is_on_top_of_a_later_line),
                cmocka_unit_test(test_of__longest_prefix_by_components),
                cmocka_unit_test(test_of__nothing_holds_it),
                cmocka_unit_test(test_has_option__both_lists),
                cmocka_unit_test_setup_teardown(test_load__reads_through_the_root, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__names_the_file_that_fails, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test(test_load__the_running_machine),
        };

        return TEST_MAIN(tests);
}
