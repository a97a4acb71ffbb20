/* SPDX-License-Identifier: Apache-2.0 */
/* The kubelet: by its arguments and its file, the arguments winning. */
#include "tuner/kubelet.h"

#include "tests/unit/support.h"

#include <string.h>

#define BYTES(text) text, sizeof(text)

static void load(const struct test_tree *tree, struct kt_kubelet *ret)
{
        KT_AUTO(kt_root_done) struct kt_root root = { .fd = -1 };
        struct kt_err e = { 0 };

        assert_int_equal(kt_root_open(tree->path, &root, &e), 0);
        assert_int_equal(kt_kubelet_load(&root, ret, &e), 0);
}

static void test_load__there_is_none(void **state)
{
        KT_AUTO(kt_kubelet_done) struct kt_kubelet kubelet = { 0 };

        load(*state, &kubelet);
        assert_int_equal(kubelet.pid, 0);
        assert_false(kubelet.has_config);
        assert_false(kubelet.protects);
        assert_false(kt_kubelet_allows(&kubelet, "net.core.somaxconn"));
}

static void test_load__arguments_and_file(void **state)
{
        static const struct {
                const char *arguments;
                size_t len;
                const char *config; /* the file at /etc/kubelet.yaml */
                bool protects;
                bool allows; /* net.core.somaxconn */
                const char *why;
        } rows[] = {
                { BYTES("kubelet"), "protectKernelDefaults: true\n", false, false, "another file is the default" },
                { BYTES("kubelet\0--config=/etc/kubelet.yaml"), "protectKernelDefaults: true\n", true, false, "named" },
                { BYTES("kubelet\0--config\0/etc/kubelet.yaml"), "allowedUnsafeSysctls: [net.core.*]\n", false, true,
                  "in two words" },
                { BYTES("kubelet\0--config=/etc/kubelet.yaml\0--protect-kernel-defaults=false"),
                  "protectKernelDefaults: true\n", false, false, "the argument wins" },
                { BYTES("kubelet\0--protect-kernel-defaults"), "", true, false, "a bare flag" },
                { BYTES("kubelet\0--allowed-unsafe-sysctls=kernel.msg*,net.core.somaxconn"), "", false, true,
                  "a list" },
                { BYTES("kubelet\0--allowed-unsafe-sysctls\0net.core.*"), "", false, true, "a list in the next word" },
                { BYTES("kubelet\0--allowed-unsafe-sysctls"), "", false, false, "and no next word" },
                { BYTES("kubelet\0--config=/etc/kubelet.yaml\0--allowed-unsafe-sysctls=kernel.msg*"),
                  "allowedUnsafeSysctls: [net.core.*]\n", false, false, "the argument's list stands for the file's" },
                { BYTES("kubelet\0--allowed-unsafe-sysctls=kernel.msg*\0--allowed-unsafe-sysctls=net.core.*"), "",
                  false, true, "one list in two arguments" },
                { BYTES("kubelet\0--config=/etc/kubelet.yaml"), "{{{", false, false, "no YAML" },
                { "kubelet\0--protect-kernel-defaults=tr", 36, "", false, false, "cut off" },
        };

        test_write(*state, "proc/7/comm", "kubelet\n");
        test_write(*state, "proc/8/comm", "kubelet-helper\n");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_kubelet_done) struct kt_kubelet kubelet = { 0 };

                test_write_bytes(*state, "proc/7/cmdline", rows[i].arguments, rows[i].len);
                test_write(*state, "etc/kubelet.yaml", rows[i].config);
                load(*state, &kubelet);
                assert_int_equal(kubelet.pid, 7);
                assert_int_equal(kubelet.protects, rows[i].protects);
                assert_int_equal(kt_kubelet_allows(&kubelet, "net.core.somaxconn"), rows[i].allows);
                assert_false(kt_kubelet_allows(&kubelet, "vm.swappiness"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_load__there_is_none, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_load__arguments_and_file, test_tree_setup, test_tree_teardown),
        };

        return TEST_MAIN(tests);
}
