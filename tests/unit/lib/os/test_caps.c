/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities: what a process keeps. Whatever gives something up runs in a child. */
#include "lib/os/caps.h"

#include "tests/unit/support.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_child_succeeds(int (*run)(void))
{
        pid_t pid = fork();
        int status = -1;

        assert_true(pid >= 0);
        if (pid == 0)
                _exit(run());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static int keep_nothing(void)
{
        bool could_bound = kt_caps_has(CAP_SETPCAP);
        struct kt_err e = { 0 };

        if (kt_caps_keep(NULL, 0, &e) < 0)
                return 1;
        if (kt_caps_has_any() || kt_caps_has(CAP_CHOWN))
                return 2;
        if (could_bound && prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) != 0)
                return 3;
        return kt_caps_keep(NULL, 0, &e) < 0 ? 4 : 0; /* again, from nothing */
}

static void test_keep__nothing(void **state)
{
        (void)state; /* no tree needed */
        expect_child_succeeds(keep_nothing);
}

static int keep_two(void)
{
        static const int kept[] = { CAP_CHOWN, CAP_FOWNER };
        bool had_chown = kt_caps_has(CAP_CHOWN);
        bool could_bound = kt_caps_has(CAP_SETPCAP);
        int bounded = prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0);
        struct kt_err e = { 0 };

        if (kt_caps_keep(kept, KT_COUNT(kept), &e) < 0)
                return 1;
        if (kt_caps_has(CAP_CHOWN) != had_chown || kt_caps_has(CAP_SETPCAP) || kt_caps_has(CAP_KILL))
                return 2;
        if (prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0) != bounded)
                return 3;
        return could_bound && prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0) != 0 ? 4 : 0;
}

static void test_keep__only_the_listed(void **state)
{
        (void)state; /* no tree needed */
        expect_child_succeeds(keep_two);
}

static int keep_gives_nothing_back(void)
{
        static const int chown_only[] = { CAP_CHOWN };
        static const int kill_only[] = { CAP_KILL };
        struct kt_err e = { 0 };

        if (kt_caps_keep(chown_only, KT_COUNT(chown_only), &e) < 0)
                return 1;
        if (kt_caps_keep(kill_only, KT_COUNT(kill_only), &e) < 0)
                return 2;
        return kt_caps_has_any() ? 3 : 0;
}

static void test_keep__what_is_gone_stays_gone(void **state)
{
        (void)state; /* no tree needed */
        expect_child_succeeds(keep_gives_nothing_back);
}

static int keep_clears_inherited(void)
{
        static const int kept[] = { CAP_CHOWN };
        struct kt_err e = { 0 };

        /* Fails for a process that has not got it, which then has nothing to clear either. */
        (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
        if (kt_caps_keep(kept, KT_COUNT(kept), &e) < 0)
                return 1;
        return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) == 0 ? 0 : 2;
}

static void test_keep__clears_ambient(void **state)
{
        (void)state; /* no tree needed */
        expect_child_succeeds(keep_clears_inherited);
}

static void test_name__as_kubernetes_spells_it(void **state)
{
        static const struct {
                int capability;
                const char *expect;
        } rows[] = {
                { CAP_CHOWN, "CHOWN" },
                { CAP_DAC_OVERRIDE, "DAC_OVERRIDE" },
                { CAP_SYS_RESOURCE, "SYS_RESOURCE" },
                { CAP_CHECKPOINT_RESTORE, "CHECKPOINT_RESTORE" },
                { CAP_LAST_CAP + 100, "?" },
                { -1, "?" },
        };

        (void)state; /* no tree needed */
        for (size_t i = 0; i < KT_COUNT(rows); i++)
                assert_string_equal(kt_caps_name(rows[i].capability), rows[i].expect);
}

static void test_name__every_known_capability_has_one(void **state)
{
        (void)state; /* no tree needed */
        for (int capability = 0; capability <= CAP_CHECKPOINT_RESTORE; capability++)
                assert_string_not_equal(kt_caps_name(capability), "?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_keep__nothing),
                cmocka_unit_test(test_keep__only_the_listed),
                cmocka_unit_test(test_keep__what_is_gone_stays_gone),
                cmocka_unit_test(test_keep__clears_ambient),
                cmocka_unit_test(test_name__as_kubernetes_spells_it),
                cmocka_unit_test(test_name__every_known_capability_has_one),
        };

        return TEST_MAIN(tests);
}
