/* SPDX-License-Identifier: Apache-2.0 */
/* Pods as the API gives them out and as nobody should, control groups of every layout, and processes that pretend. */
#include "daemonset/pods.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/text/str.h"
#include "tests/unit/support.h"

#define UID       "179734ac-bdfd-43c6-8587-9671a657abaa"
#define UID_UNDER "179734ac_bdfd_43c6_8587_9671a657abaa"
#define OTHER_UID "00000000-bdfd-43c6-8587-9671a657abaa"
#define ID        "6b2b20f5aaaabbbbccccddddeeeeffff00001111222233334444555567258db3"
#define OTHER_ID  "0000000000000000000000000000000000000000000000000000000000000001"
#define STATUS(id)                                                              \
        "\"status\":{\"phase\":\"Running\",\"containerStatuses\":["             \
        "{\"name\":\"side\",\"containerID\":\"containerd://" OTHER_ID           \
        "\",\"state\":{\"running\":{\"startedAt\":\"2026-01-01T00:00:00Z\"}}}," \
        "{\"name\":\"kafka\",\"restartCount\":3,\"containerID\":\"" id          \
        "\",\"state\":{\"running\":{\"startedAt\":\"2026-01-02T03:04:05Z\"}}}]}"
#define META                                                                        \
        "\"metadata\":{\"namespace\":\"kafka\",\"name\":\"kafka-0\",\"uid\":\"" UID \
        "\",\"labels\":{\"app\":\"kafka\",\"tier\":\"broker\"}}"
#define SPEC "\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"side\"},{\"name\":\"kafka\"}]}"

static const char *const namespaces[] = { "kafka", "kafka-test", NULL };
static const struct kt_pods_rule rule = {
        .node = "n1", .namespaces = namespaces, .selector = "app=kafka,tier==broker", .container = "kafka"
};

static int read_pod(const char *text, const struct kt_pods_rule *by, struct kt_pod *ret)
{
        struct kt_json *object = NULL;
        int r;

        assert_int_equal(kt_json_parse_foreign("pod", text, strlen(text), &object, NULL), 0);
        r = kt_pod_read(object, by, ret, NULL);
        kt_json_free(object);
        return r;
}

static void test_read__a_running_broker(void **state)
{
        struct kt_pod pod = { 0 };
        (void)state;

        assert_int_equal(read_pod("{" META "," SPEC "," STATUS("containerd://" ID) "}", &rule, &pod), 0);
        assert_string_equal(kt_pod_state_name(pod.state), "running");
        assert_string_equal(pod.namespace, "kafka");
        assert_string_equal(pod.name, "kafka-0");
        assert_string_equal(pod.uid, UID);
        assert_string_equal(pod.container, ID);
        assert_string_equal(pod.boot, "2026-01-02T03:04:05Z");
}

static void test_read__states(void **state)
{
        static const struct {
                const char *expect;
                const char *text;
                const char *why;
        } rows[] = {
                { "running", "{" META "," SPEC "," STATUS("cri-o://" ID) "}", "another runtime" },
                { "waiting", "{" META "," SPEC "}", "no status yet" },
                { "waiting", "{" META "," SPEC ",\"status\":{\"phase\":\"Pending\"}}", "not yet" },
                { "waiting", "{" META "," SPEC ",\"status\":{\"containerStatuses\":null}}", "null" },
                { "waiting",
                  "{" META "," SPEC
                  ",\"status\":{\"containerStatuses\":[{\"name\":\"kafka\",\"containerID\":\"containerd://" ID
                  "\",\"state\":{\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}}]}}",
                  "its id is of the last run" },
                { "waiting",
                  "{" META "," SPEC
                  ",\"status\":{\"initContainerStatuses\":[{\"name\":\"kafka\",\"containerID\":\"containerd://" ID
                  "\",\"state\":{\"running\":{\"startedAt\":\"2026\"}}}]}}",
                  "an init container of that name" },
                { "ended", "{" META "," SPEC ",\"status\":{\"phase\":\"Failed\"}}", "failed" },
                { "ended", "{" META "," SPEC ",\"status\":{\"phase\":\"Succeeded\"}}", "done" },
                { "elsewhere", "{" META ",\"spec\":{\"nodeName\":\"n2\",\"containers\":[]}}", "another node" },
                { "elsewhere", "{" META ",\"spec\":{}}", "not scheduled" },
                { "elsewhere", "{" META ",\"spec\":{\"nodeName\":\"n1\\u0000\"}}", "a NUL" },
                { "not-allowed",
                  "{\"metadata\":{\"namespace\":\"evil\",\"name\":\"kafka-0\",\"uid\":\"" UID
                  "\",\"labels\":{\"app\":\"kafka\",\"tier\":\"broker\"}}," SPEC "," STATUS("containerd://" ID) "}",
                  "the right label in a namespace that is not allowed" },
                { "not-allowed",
                  "{\"metadata\":{\"namespace\":\"kafka-tes\",\"name\":\"k\",\"uid\":\"" UID "\"}," SPEC "}",
                  "part of an allowed name" },
                { "not-labelled",
                  "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"k\",\"uid\":\"" UID "\"}," SPEC "}", "no labels" },
                { "not-labelled",
                  "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"k\",\"uid\":\"" UID
                  "\",\"labels\":{\"app\":\"kafka\",\"tier\":\"controller\"}}," SPEC "}",
                  "one of two" },
                { "not-labelled",
                  "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"k\",\"uid\":\"" UID
                  "\",\"labels\":{\"app\":\"kafka\\u0000x\",\"tier\":\"broker\"}}," SPEC "}",
                  "a NUL" },
                { "no-container", "{" META ",\"spec\":{\"nodeName\":\"n1\",\"containers\":[{\"name\":\"x\"}]}}",
                  "another" },
                { "no-container",
                  "{" META ",\"spec\":{\"nodeName\":\"n1\",\"ephemeralContainers\":[{\"name\":\"kafka\"}]}}",
                  "ephemeral" },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_pod pod = { 0 };
                int r = read_pod(rows[i].text, &rule, &pod);

                if (r != 0 || strcmp(kt_pod_state_name(pod.state), rows[i].expect) != 0)
                        fail_msg("%s: %d %s", rows[i].why, r, kt_pod_state_name(pod.state));
                if (pod.state != KT_POD_RUNNING)
                        assert_string_equal(pod.container, "");
        }
}

static void test_read__refuses_what_is_no_pod(void **state)
{
        static const char *const rows[] = {
                "{}",
                "[]",
                "{" META "}",
                "{" SPEC "}",
                "{\"metadata\":{\"name\":\"a\",\"uid\":\"" UID "\"}," SPEC "}",
                "{\"metadata\":{\"namespace\":\"kafka\",\"uid\":\"" UID "\"}," SPEC "}",
                "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"a\"}," SPEC "}",
                "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"a\",\"uid\":\"../../x\"}," SPEC "}",
                "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"a\",\"uid\":\"\"}," SPEC "}",
                "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"a/b\",\"uid\":\"" UID "\"}," SPEC "}",
                "{\"metadata\":{\"namespace\":\"kafka\",\"name\":\"a\\nb\",\"uid\":\"" UID "\"}," SPEC "}",
                "{\"metadata\":{\"namespace\":\"kafka\",\"name\":7,\"uid\":\"" UID "\"}," SPEC "}",
                "{" META "," SPEC "," STATUS("containerd://../../../system.slice/sshd.service") "}",
                "{" META "," SPEC "," STATUS("containerd://6b2b20f5") "}",
                "{" META "," SPEC "," STATUS("containerd://" ID "0") "}",
                "{" META "," SPEC "," STATUS("") "}",
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_pod pod = { .name = "as before" };

                if (read_pod(rows[i], &rule, &pod) != -EBADMSG)
                        fail_msg("%s", rows[i]);
                assert_string_equal(pod.name, "as before");
        }
}

static void test_check_rule__knows_selectors(void **state)
{
        static const struct {
                const char *selector;
                int code;
        } rows[] = {
                { "app=kafka", 0 },  { "app==kafka", 0 },     { "app.kubernetes.io/name=kafka,a=b", 0 },
                { "a=", 0 },         { "", -EINVAL },         { "app", -EINVAL },
                { "=b", -EINVAL },   { "a=b,", 0 },           { "a=b,,c=d", -EINVAL },
                { "a!=b", -EINVAL }, { "a in (b)", -EINVAL }, { "a=b&fieldSelector=", -EINVAL },
                { "!a", -EINVAL },   { "a=b c", -EINVAL },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                struct kt_pods_rule by = rule;

                by.selector = rows[i].selector;
                if (kt_pods_check_rule(&by, NULL) != rows[i].code)
                        fail_msg("'%s'", rows[i].selector);
        }
}

/* ---- Control groups, in a captured node ---- */

static struct kt_pod broker(void)
{
        struct kt_pod pod = { .namespace = "kafka", .name = "kafka-0", .uid = UID, .container = ID };

        return pod;
}

static void open_tree(const struct test_tree *tree, struct kt_root *ret)
{
        assert_int_equal(kt_root_open(tree->path, ret, NULL), 0);
        assert_false(ret->is_host);
}

static void test_find_cgroup__all_layouts(void **state)
{
        static const struct {
                const char *path;
                int version;
        } rows[] = {
                { "pids/kubepods/burstable/pod" UID "/" ID, 1 },
                { "pids/kubepods/besteffort/pod" UID "/" ID, 1 },
                { "pids/kubepods/pod" UID "/" ID, 1 },
                { "systemd/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_UNDER
                  ".slice/cri-containerd-" ID ".scope",
                  1 },
                { "memory/kubepods/pod" UID "/" ID, 1 },
                { "kubepods/burstable/pod" UID "/" ID, 2 },
                { "kubepods.slice/kubepods-pod" UID_UNDER ".slice/crio-" ID ".scope", 2 },
                { "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_UNDER
                  ".slice/cri-containerd-" ID ".scope",
                  2 },
                { "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_UNDER ".slice/docker-" ID
                  ".scope",
                  2 },
                { "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
                  "kubelet-kubepods-burstable-pod" UID_UNDER ".slice/cri-containerd-" ID ".scope",
                  2 },
                { "kubelet/kubepods/pod" UID "/" ID, 2 },
        };
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup cgroup = { .fd = -1 };
                KT_AUTO_FREE char *path = kt_str_make("sys/fs/cgroup/%s", rows[i].path);
                struct kt_pod pod = broker();
                struct kt_root root;
                void *own = NULL;
                const struct test_tree *tree;

                assert_int_equal(test_tree_setup(&own), 0);
                tree = own;
                test_mkdir(tree, path);
                if (rows[i].version == 2)
                        test_write(tree, "sys/fs/cgroup/cgroup.controllers", "pids\n");
                open_tree(tree, &root);
                if (kt_pods_find_cgroup(&root, NULL, &pod, &cgroup, NULL) != 0)
                        fail_msg("%s", rows[i].path);
                assert_int_equal(cgroup.version, rows[i].version);
                assert_string_equal(cgroup.path, rows[i].version == 2 ? rows[i].path : strchr(rows[i].path, '/') + 1);
                assert_true(cgroup.fd >= 0);
                kt_root_done(&root);
                assert_int_equal(test_tree_teardown(&own), 0);
        }
}

static void test_find_cgroup__forged_places_do_not_count(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup cgroup = { .fd = -1 };
        struct kt_pod pod = broker();
        struct kt_err e = { 0 };
        struct kt_root root;

        /* Made by a container inside of its own group. */
        test_mkdir(tree, "sys/fs/cgroup/pids/kubepods/pod" OTHER_UID "/" OTHER_ID "/kubepods/pod" UID "/" ID);
        test_mkdir(tree, "sys/fs/cgroup/pids/kubepods/pod" OTHER_UID "/" ID);
        test_mkdir(tree, "sys/fs/cgroup/pids/kubepods/pod" UID "x/" ID);
        test_mkdir(tree, "sys/fs/cgroup/pids/kubepods/pod" UID "/" OTHER_ID);
        test_mkdir(tree, "sys/fs/cgroup/pids/pod" UID "/" ID);
        test_mkdir(tree, "sys/fs/cgroup/pids/docker/kubepods/pod" UID "/" ID);
        test_mkdir(tree, "sys/fs/cgroup/nothing/kubepods/pod" UID "/" ID);
        /* Links, and a file. */
        test_mkdir(tree, "sys/fs/cgroup/pids/elsewhere/" ID);
        test_symlink(tree, "../elsewhere/" ID, "sys/fs/cgroup/pids/kubepods/pod" UID "/cri-containerd-" ID ".scope");
        test_symlink(tree, "../../elsewhere", "sys/fs/cgroup/pids/kubepods/burstable/pod" UID);
        test_write(tree, "sys/fs/cgroup/pids/kubepods/besteffort/pod" UID "/" ID, "no folder");
        open_tree(tree, &root);
        assert_int_equal(kt_pods_find_cgroup(&root, NULL, &pod, &cgroup, &e), -ENOENT);
        assert_non_null(strstr(e.text, "kafka/kafka-0"));
        assert_int_equal(cgroup.fd, -1);
        kt_root_done(&root);
}

static void test_find_cgroup__another_folder(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup cgroup = { .fd = -1 };
        struct kt_pod pod = broker();
        struct kt_root root;

        test_mkdir(tree, "host/cgroup/pids/kubepods/pod" UID "/" ID);
        open_tree(tree, &root);
        assert_int_equal(kt_pods_find_cgroup(&root, NULL, &pod, &cgroup, NULL), -ENOENT);
        assert_int_equal(kt_pods_find_cgroup(&root, "/host/cgroup", &pod, &cgroup, NULL), 0);
        assert_string_equal(cgroup.hierarchy, "pids");
        kt_root_done(&root);
}

/* ---- Processes of a captured node ---- */

#define GROUP "sys/fs/cgroup/pids/kubepods/pod" UID "/" ID

static void add_process(const struct test_tree *tree, unsigned pid, const char *start, const char *group)
{
        KT_AUTO_FREE char *stat_path = kt_str_make("proc/%u/stat", pid);
        KT_AUTO_FREE char *cgroup_path = kt_str_make("proc/%u/cgroup", pid);
        KT_AUTO_FREE char *stat_text =
                kt_str_make("%u (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %s 20 21\n", pid, start);

        test_write(tree, stat_path, stat_text);
        test_write(tree, cgroup_path, group);
}

struct seen {
        const struct test_tree *tree;
        struct kt_str pids;
        int stop;
};

static int see(void *context, struct kt_pods_process *process)
{
        struct seen *seen = context;

        assert_true(kt_pods_is_same(process));
        kt_str_addf(&seen->pids, "%llu@%llu ", (unsigned long long)process->pid, (unsigned long long)process->start);
        return seen->stop;
}

static int walk(const struct test_tree *tree, int (*each)(void *, struct kt_pods_process *), struct seen *seen,
                struct kt_pods_walk *stats)
{
        KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup cgroup = { .fd = -1 };
        struct kt_pod pod = broker();
        struct kt_root root;
        int r;

        open_tree(tree, &root);
        assert_int_equal(kt_pods_find_cgroup(&root, NULL, &pod, &cgroup, NULL), 0);
        r = kt_pods_each_process(&root, &cgroup, each, seen, stats, NULL);
        kt_root_done(&root);
        return r;
}

static void test_each_process__of_the_group_and_below(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { 0 };
        struct kt_pods_walk stats;

        test_write(tree, GROUP "/cgroup.procs", "7\n0\n8\n9\n");
        test_write(tree, GROUP "/inner/deeper/cgroup.procs", "10\n");
        test_symlink(tree, "../../..", GROUP "/link");
        test_write(tree, "sys/fs/cgroup/pids/kubepods/pod" UID "/cgroup.procs", "11\n");
        add_process(tree, 7, "700", "4:pids:/a\n");
        add_process(tree, 8, "800", "4:pids:/a\n");
        add_process(tree, 10, "1000", "4:pids:/a\n");
        add_process(tree, 11, "1100", "4:pids:/a\n");
        assert_int_equal(walk(tree, see, &seen, &stats), 0);
        assert_string_equal(kt_str_get(&seen.pids), "7@700 8@800 10@1000 ");
        assert_int_equal(stats.seen, 5);
        assert_int_equal(stats.pinned, 3);
        assert_int_equal(stats.gone, 1);
        assert_int_equal(stats.foreign, 1);

        seen.stop = 42;
        kt_str_clear(&seen.pids);
        assert_int_equal(walk(tree, see, &seen, &stats), 42);
        assert_string_equal(kt_str_get(&seen.pids), "7@700 ");
        kt_str_done(&seen.pids);
}

static void test_each_process__refuses_a_list_that_is_none(void **state)
{
        static const char *const rows[] = { "potato\n", "-1\n", "7 8\n", "99999999999\n", "\n" };
        const struct test_tree *tree = *state;
        struct seen seen = { 0 };
        struct kt_pods_walk stats;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                test_write(tree, GROUP "/cgroup.procs", rows[i]);
                assert_int_equal(walk(tree, see, &seen, &stats), -EBADMSG);
                assert_int_equal(stats.pinned, 0);
        }
}

static void test_each_process__skips_what_cannot_be_read(void **state)
{
        static const char *const rows[] = { "", "7 (x", "7 (x) S",
                                            "7 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x 20" };
        const struct test_tree *tree = *state;
        struct seen seen = { 0 };
        struct kt_pods_walk stats;

        test_write(tree, GROUP "/cgroup.procs", "7\n");
        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                add_process(tree, 7, "1", "4:pids:/a\n");
                test_write(tree, "proc/7/stat", rows[i]);
                assert_int_equal(walk(tree, see, &seen, &stats), 0);
                assert_int_equal(stats.gone, 1);
        }
}

static int see_impostor(void *context, struct kt_pods_process *process)
{
        const struct seen *seen = context;

        assert_true(kt_pods_is_same(process));
        add_process(seen->tree, 7, "701", "4:pids:/a\n");
        assert_false(kt_pods_is_same(process)); /* a later one with its number */
        add_process(seen->tree, 7, "700", "4:pids:/b\n");
        assert_false(kt_pods_is_same(process)); /* it has left the group */
        add_process(seen->tree, 7, "700", "4:pids:/a\n");
        assert_true(kt_pods_is_same(process));
        return 0;
}

static void test_is_same__start_and_group(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { .tree = tree };
        struct kt_pods_walk stats;

        test_write(tree, GROUP "/cgroup.procs", "7\n");
        add_process(tree, 7, "700", "4:pids:/a\n");
        assert_int_equal(walk(tree, see_impostor, &seen, &stats), 0);
        assert_int_equal(stats.pinned, 1);
}

static int count_only(void *context, struct kt_pods_process *process)
{
        struct seen *seen = context;

        seen->stop += process->pid > 0;
        return 0;
}

static void test_each_process__many(void **state)
{
        const struct test_tree *tree = *state;
        KT_AUTO_STR struct kt_str procs = { 0 };
        struct seen seen = { 0 };
        struct kt_pods_walk stats;

        for (unsigned pid = 1; pid <= KT_PODS_PROCESSES_MAX; pid++)
                kt_str_addf(&procs, "%u\n", pid);
        test_write(tree, GROUP "/cgroup.procs", kt_str_get(&procs));
        for (unsigned pid = 1; pid <= 1100; pid++)
                add_process(tree, pid, "5", "4:pids:/a\n");
        assert_int_equal(walk(tree, count_only, &seen, &stats), 0);
        assert_int_equal(seen.stop, 1100);
        assert_int_equal(stats.gone, KT_PODS_PROCESSES_MAX - 1100);

        kt_str_add(&procs, "70000\n");
        test_write(tree, GROUP "/cgroup.procs", kt_str_get(&procs));
        assert_int_equal(walk(tree, count_only, &seen, &stats), -E2BIG);
        assert_int_equal(stats.seen, KT_PODS_PROCESSES_MAX);
        assert_int_equal(stats.pinned, 1100);
}

static void test_each_process__limits_groups(void **state)
{
        const struct test_tree *tree = *state;
        struct seen seen = { 0 };
        struct kt_pods_walk stats;

        test_mkdir(tree, GROUP "/1/2/3/4/5/6/7/8");
        assert_int_equal(walk(tree, see, &seen, &stats), 0);
        test_mkdir(tree, GROUP "/1/2/3/4/5/6/7/8/9");
        assert_int_equal(walk(tree, see, &seen, &stats), -E2BIG);
        for (unsigned i = 0; i < KT_PODS_GROUPS_MAX; i++) {
                KT_AUTO_FREE char *path = kt_str_make(GROUP "/a%u", i);

                test_mkdir(tree, path);
        }
        assert_int_equal(walk(tree, see, &seen, &stats), -E2BIG);
}

/* ---- Real processes in real control groups ---- */

struct real {
        char top[128]; /* plays /sys/fs/cgroup */
        char group[512];
        pid_t inside;
        pid_t outside;
        int r;
        unsigned calls;
};

static pid_t start_process(void)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails must not leave it */
                close(STDOUT_FILENO);
                close(STDERR_FILENO);
                pause();
                _exit(0);
        }
        return pid;
}

static bool write_pid(const char *group, pid_t pid)
{
        char path[600];
        char text[32];
        KT_AUTO_FD int fd = -1;
        int len = snprintf(text, sizeof(text), "%d\n", pid);

        snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd >= 0 && write(fd, text, (size_t)len) == len;
}

static void end_process(pid_t pid)
{
        if (pid <= 0)
                return;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
}

/* A group made as the kubelet does, below one of our own, with a process in it; false where this machine has none. */
static bool make_real(struct real *real, const char *hierarchy, const char *below)
{
        static const char *const parts[] = { "", "/kubepods", "/pod" UID, "/" ID };
        size_t len;

        *real = (struct real){ 0 };
        snprintf(real->top, sizeof(real->top), "%s/k8skafka-test-%d", hierarchy, getpid());
        if (mkdir(real->top, 0755) < 0)
                return false;
        len = (size_t)snprintf(real->group, sizeof(real->group), "%s%s", real->top, below);
        for (size_t i = 0; i < KT_COUNT(parts); i++) {
                len += (size_t)snprintf(real->group + len, sizeof(real->group) - len, "%s", parts[i]);
                if (mkdir(real->group, 0755) < 0 && errno != EEXIST)
                        return false;
        }
        real->inside = start_process();
        real->outside = start_process();
        return write_pid(real->group, real->inside);
}

static void remove_real(struct real *real)
{
        end_process(real->inside);
        end_process(real->outside);
        /* An empty group goes at once, but for the time that its last process takes. */
        for (char *slash; strlen(real->group) >= strlen(real->top) && real->group[0]; *slash = '\0') {
                for (int i = 0; i < 100 && rmdir(real->group) < 0 && errno == EBUSY; i++)
                        usleep(1000);
                slash = strrchr(real->group, '/');
        }
}

static int see_real(void *context, struct kt_pods_process *process)
{
        struct real *real = context;

        real->calls++;
        assert_int_equal(process->pid, real->inside);
        assert_true(kt_pods_is_same(process));
        end_process(real->inside);
        real->inside = 0;
        assert_false(kt_pods_is_same(process));
        return 0;
}

static int see_leaving(void *context, struct kt_pods_process *process)
{
        struct real *real = context;

        real->calls++;
        assert_true(kt_pods_is_same(process));
        assert_true(write_pid(real->top, real->inside));
        assert_false(kt_pods_is_same(process));
        return 0;
}

static void test_real_groups__pinned_processes(void **state)
{
        static const struct {
                const char *hierarchy;
                const char *below;
                int version;
                int (*each)(void *context, struct kt_pods_process *process);
        } rows[] = {
                { "/sys/fs/cgroup/pids", "/pids", 1, see_real }, { "/sys/fs/cgroup/pids", "/pids", 1, see_leaving },
                { "/sys/fs/cgroup/unified", "", 2, see_real },   { "/sys/fs/cgroup/unified", "", 2, see_leaving },
                { "/sys/fs/cgroup", "", 2, see_real },           { "/sys/fs/cgroup", "", 2, see_leaving },
        };
        unsigned tried = 0;
        (void)state;

        for (size_t i = 0; i < KT_COUNT(rows); i++) {
                KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup cgroup = { .fd = -1 };
                struct kt_pod pod = broker();
                struct kt_pods_walk stats;
                struct kt_root root;
                struct real real;

                assert_int_equal(kt_root_open(NULL, &root, NULL), 0);
                if (make_real(&real, rows[i].hierarchy, rows[i].below)) {
                        tried++;
                        assert_int_equal(kt_pods_find_cgroup(&root, real.top, &pod, &cgroup, NULL), 0);
                        assert_int_equal(cgroup.version, rows[i].version);
                        assert_int_equal(kt_pods_each_process(&root, &cgroup, rows[i].each, &real, &stats, NULL), 0);
                        assert_int_equal(real.calls, 1);
                        assert_int_equal(stats.pinned, 1);
                        assert_int_equal(stats.seen, 1);
                }
                remove_real(&real);
                kt_root_done(&root);
        }
        if (tried == 0)
                skip(); /* not root, or no control group may be made here */
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read__a_running_broker),
                cmocka_unit_test(test_read__states),
                cmocka_unit_test(test_read__refuses_what_is_no_pod),
                cmocka_unit_test(test_check_rule__knows_selectors),
                cmocka_unit_test(test_find_cgroup__all_layouts),
                cmocka_unit_test_setup_teardown(test_find_cgroup__forged_places_do_not_count, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_find_cgroup__another_folder, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_each_process__of_the_group_and_below, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_each_process__refuses_a_list_that_is_none, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_each_process__skips_what_cannot_be_read, test_tree_setup,
                                                test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_is_same__start_and_group, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_each_process__many, test_tree_setup, test_tree_teardown),
                cmocka_unit_test_setup_teardown(test_each_process__limits_groups, test_tree_setup, test_tree_teardown),
                cmocka_unit_test(test_real_groups__pinned_processes),
        };

        return TEST_MAIN(tests);
}
