/* SPDX-License-Identifier: Apache-2.0 */
/* Broker pods of this node, and the processes of their containers.
 *
 * See pods.h for what an attacker controls. Two things tie a number in cgroup.procs to a process that is safe to touch:
 * it is pinned (pidfd_open(2), and /proc/PID held open, which never comes to mean a later process), and cgroup.procs is
 * read once more afterwards. A process that was pinned while it had the number, still runs, and whose number still
 * stands in the group was in the group. What /proc/PID/cgroup says is not parsed for that: seen from a cgroup namespace
 * of our own it is relative to us (cgroup_namespaces(7)), and a container may have groups of any name inside of its
 * own. It only must not change from then on.
 *
 * prlimit(2) takes a number, and between the last question and the call, while the journal is written, the process may
 * end and its number be given to another one. Whoever calls it asks again afterwards (kt_pods_is_same); what another
 * process had before is not known then, and not put back. To hit a chosen process, an attacker has to have the kernel's
 * next number there within those milliseconds; what it gets is the limit of the profile, as any broker does.
 *
 * Which process of the container is the waiting `kafka-initc exec` is not asked. Its argv, its exe link and the bytes
 * of that file are the container's to choose (the hand-off volume is writable for the broker's user), so that they
 * prove nothing. All processes of the one container are treated alike; limits are inherited by what they start. */
#include "daemonset/pods.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"
#include "lib/text/str.h"

enum {
        CONTAINER_ID_LENGTH = 64,
        SELECTOR_MAX = 512,
        PROCS_FILE_MAX = 1 << 17,  /* cgroup.procs with more than KT_PODS_PROCESSES_MAX numbers */
        GROUPS_FILE_MAX = 1 << 14, /* /proc/PID/cgroup: version 1 has a dozen lines */
        STAT_FILE_MAX = 1 << 12,
        BATCH = 64, /* processes that are pinned at the same time: three descriptors each */
};

/* ---- What the API says ---- */

static const char *const state_names[] = {
        [KT_POD_RUNNING] = "running",
        [KT_POD_WAITING] = "waiting",
        [KT_POD_ENDED] = "ended",
        [KT_POD_ELSEWHERE] = "elsewhere",
        [KT_POD_NOT_ALLOWED] = "not-allowed",
        [KT_POD_NOT_LABELLED] = "not-labelled",
        [KT_POD_NO_CONTAINER] = "no-container",
};

const char *kt_pod_state_name(enum kt_pod_state state)
{
        return state_names[state];
}

/* The next "key=value" of *at in buf, split; false at the end, and when it is of no such form. */
static bool next_term(const char **at, char buf[SELECTOR_MAX], const char **ret_value)
{
        size_t len = strcspn(*at, ",");
        char *equals;

        if (len == 0 || len >= SELECTOR_MAX)
                return false;
        memcpy(buf, *at, len);
        buf[len] = '\0';
        *at += len + ((*at)[len] == ',');

        equals = strchr(buf, '=');
        if (!equals || equals == buf)
                return false;
        *equals = '\0';
        *ret_value = equals + 1 + (equals[1] == '=');
        return true;
}

int kt_pods_check_rule(const struct kt_pods_rule *rule, struct kt_err *e)
{
        static const char label[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./";
        char buf[SELECTOR_MAX];
        const char *at = rule->selector;
        const char *value;

        do {
                if (!next_term(&at, buf, &value) || buf[strspn(buf, label)] || value[strspn(value, label)])
                        return kt_err_set(e, -EINVAL,
                                          "'%.200s' is no selector of labels; write name=value, and more behind commas",
                                          rule->selector);
        } while (*at);
        return 0;
}

static bool has_labels(struct kt_json *metadata, const char *selector)
{
        struct kt_json *labels = NULL;
        char buf[SELECTOR_MAX];
        const char *value;
        const char *have;

        if (kt_json_get_part(metadata, "labels", &labels) < 0)
                return false;
        do {
                if (!next_term(&selector, buf, &value) || kt_json_get_text(labels, buf, &have) < 0 ||
                    strcmp(have, value) != 0)
                        return false;
        } while (*selector);
        return true;
}

static bool is_allowed(const char *namespace, const char *const *namespaces)
{
        for (; *namespaces; namespaces++)
                if (strcmp(*namespaces, namespace) == 0)
                        return true;
        return false;
}

/* Copies a text of allowed characters only; -EBADMSG for any other. */
static int copy_text(const struct kt_json *object, const char *key, const char *allowed, char *ret, size_t size)
{
        const char *text = NULL;
        int r = kt_json_get_text(object, key, &text);
        size_t len = r == 0 ? strlen(text) : 0;

        if (r == -ENOMEM)
                return r;
        if (r < 0 || len == 0 || len >= size || text[strspn(text, allowed)] != '\0')
                return -EBADMSG;
        memcpy(ret, text, len + 1);
        return 0;
}

/* The element of the list with that name; NULL: there is none. */
static struct kt_json *find_named(struct kt_json *object, const char *key, const char *name)
{
        struct kt_json *list = NULL;
        struct kt_json *item;
        const char *text;

        if (kt_json_get_part(object, key, &list) < 0)
                return NULL;
        for (size_t i = 0; (item = kt_json_at(list, i)); i++)
                if (kt_json_get_text(item, "name", &text) == 0 && strcmp(text, name) == 0)
                        return item;
        return NULL;
}

/* "containerd://" and 64 hexadecimal digits; the scheme names the runtime. */
static int read_container_id(const struct kt_json *status, char ret[KT_POD_CONTAINER_MAX])
{
        const char *text = NULL;
        const char *id;
        int r = kt_json_get_text(status, "containerID", &text);

        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        id = strstr(text, "://");
        id = id ? id + strlen("://") : text;
        if (strlen(id) != CONTAINER_ID_LENGTH || id[strspn(id, "0123456789abcdef")] != '\0')
                return -EBADMSG;
        memcpy(ret, id, CONTAINER_ID_LENGTH + 1);
        return 0;
}

/* Fills what is known of the container's run. A container that does not run is none: its id would be the last one's. */
static int read_run(struct kt_json *status, struct kt_pod *pod)
{
        struct kt_json *state = NULL;
        struct kt_json *running = NULL;
        int r;

        pod->state = KT_POD_WAITING;
        if (!status || kt_json_get_part(status, "state", &state) < 0 ||
            kt_json_get_part(state, "running", &running) < 0)
                return 0;

        r = read_container_id(status, pod->container);
        if (r == 0)
                r = copy_text(running, "startedAt", "0123456789-:.TZ+", pod->boot, sizeof(pod->boot));
        if (r == 0)
                pod->state = KT_POD_RUNNING;
        return r;
}

static int read_broker(struct kt_json *spec, struct kt_json *object, const struct kt_pods_rule *rule,
                       struct kt_pod *pod)
{
        struct kt_json *status = NULL;
        const char *phase = "";

        if (!find_named(spec, "containers", rule->container)) {
                pod->state = KT_POD_NO_CONTAINER;
                return 0;
        }
        if (kt_json_get_part(object, "status", &status) < 0) {
                pod->state = KT_POD_WAITING;
                return 0;
        }
        if (kt_json_get_text(status, "phase", &phase) == 0 &&
            (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0)) {
                pod->state = KT_POD_ENDED;
                return 0;
        }
        return read_run(find_named(status, "containerStatuses", rule->container), pod);
}

/* Who it is. */
static int read_names(const struct kt_json *metadata, struct kt_pod *pod)
{
        static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
        int r;

        r = copy_text(metadata, "namespace", name, pod->namespace, sizeof(pod->namespace));
        if (r == 0)
                r = copy_text(metadata, "name", name, pod->name, sizeof(pod->name));
        /* It becomes part of a path: no dot, no slash. */
        if (r == 0)
                r = copy_text(metadata, "uid", "abcdef0123456789-", pod->uid, sizeof(pod->uid));
        return r;
}

int kt_pod_read(struct kt_json *object, const struct kt_pods_rule *rule, struct kt_pod *ret, struct kt_err *e)
{
        struct kt_json *metadata = NULL;
        struct kt_json *spec = NULL;
        struct kt_pod pod = { 0 };
        const char *node = "";
        int r;

        r = kt_json_get_part(object, "metadata", &metadata);
        if (r == 0)
                r = kt_json_get_part(object, "spec", &spec);
        if (r == 0)
                r = read_names(metadata, &pod);
        if (r < 0)
                return kt_err_set(e, r == -ENOMEM ? r : -EBADMSG, "what the API server sent is no pod");

        if (kt_json_get_text(spec, "nodeName", &node) < 0 || strcmp(node, rule->node) != 0)
                pod.state = KT_POD_ELSEWHERE;
        else if (!is_allowed(pod.namespace, rule->namespaces))
                pod.state = KT_POD_NOT_ALLOWED;
        else if (!has_labels(metadata, rule->selector))
                pod.state = KT_POD_NOT_LABELLED;
        else
                r = read_broker(spec, object, rule, &pod);
        if (r < 0)
                return kt_err_set(e, r, "the status of pod %s/%s has no container id of a known form", pod.namespace,
                                  pod.name);
        *ret = pod;
        return 0;
}

/* ---- Where its control group is ---- */

/* Places of a pod's group below the top of a hierarchy; %U is the uid with '-' as '_', %u as it is. Kubelets make them
 * so (kubernetes, pkg/kubelet/cm/pod_container_manager_linux.go and cgroup_manager_linux.go); "kubelet" on top is what
 * kind and some distributions have as the kubelet's --cgroup-root. */
static const char *const pod_places[] = {
        "kubepods/burstable/pod%u",
        "kubepods/besteffort/pod%u",
        "kubepods/pod%u",
        "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%U.slice",
        "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod%U.slice",
        "kubepods.slice/kubepods-pod%U.slice",
        "kubelet/kubepods/burstable/pod%u",
        "kubelet/kubepods/besteffort/pod%u",
        "kubelet/kubepods/pod%u",
        "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod%U.slice",
        "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod%U.slice",
        "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod%U.slice",
};

/* Names of a container's group in its pod's; %i is its id. */
static const char *const container_names[] = {
        "%i",
        "cri-containerd-%i.scope",
        "crio-%i.scope",
        "docker-%i.scope",
};

/* Hierarchies of version 1 in which every container has a group, the best first. */
static const char *const hierarchies[] = { "pids", "systemd", "memory", "cpu,cpuacct", "freezer", "devices" };

static void add_place(struct kt_str *out, const char *form, const struct kt_pod *pod)
{
        for (const char *at = form; *at; at++) {
                if (*at != '%') {
                        kt_str_add_char(out, *at);
                        continue;
                }
                at++;
                if (*at == 'u')
                        kt_str_add(out, pod->uid);
                else if (*at == 'i')
                        kt_str_add(out, pod->container);
                else
                        for (const char *c = pod->uid; *c; c++)
                                kt_str_add_char(out, *c == '-' ? '_' : *c);
        }
}

/* Opens the directory; -ENOENT also for what stands there and is none, as a symlink or a mount. */
static int open_group(int dir_fd, const char *path)
{
        int fd = kt_fs_open_beneath(dir_fd, path, O_PATH | O_DIRECTORY, 0);

        return fd == -ENOTDIR || fd == -ELOOP || fd == -EXDEV ? -ENOENT : fd;
}

/* Tries all names in one place. */
static int find_container(int top_fd, const char *place, const struct kt_pod *pod, struct kt_pods_cgroup *ret)
{
        KT_AUTO_STR struct kt_str path = { 0 };
        KT_AUTO_FD int pod_fd = -1;

        add_place(&path, place, pod);
        if (kt_str_error(&path) < 0)
                return -ENOMEM;
        pod_fd = open_group(top_fd, kt_str_get(&path));
        if (pod_fd < 0)
                return pod_fd;

        for (size_t i = 0; i < KT_COUNT(container_names); i++) {
                KT_AUTO_STR struct kt_str name = { 0 };
                KT_AUTO_FD int fd = -1;

                add_place(&name, container_names[i], pod);
                if (kt_str_error(&name) < 0)
                        return -ENOMEM;
                fd = open_group(pod_fd, kt_str_get(&name));
                if (fd == -ENOENT)
                        continue;
                if (fd < 0)
                        return fd;
                ret->path = kt_str_make("%s/%s", kt_str_get(&path), kt_str_get(&name));
                if (!ret->path)
                        return -ENOMEM;
                ret->fd = kt_take_fd(&fd);
                return 0;
        }
        return -ENOENT;
}

static int find_in_hierarchy(int top_fd, const struct kt_pod *pod, struct kt_pods_cgroup *ret)
{
        for (size_t i = 0; i < KT_COUNT(pod_places); i++) {
                int r = find_container(top_fd, pod_places[i], pod, ret);

                if (r != -ENOENT)
                        return r;
        }
        return -ENOENT;
}

static int find_in_version_1(const struct kt_root *root, const char *cgroup_dir, const struct kt_pod *pod,
                             struct kt_pods_cgroup *ret)
{
        for (size_t i = 0; i < KT_COUNT(hierarchies); i++) {
                KT_AUTO_FREE char *path = kt_str_make("%s/%s", cgroup_dir, hierarchies[i]);
                KT_AUTO_FD int fd = path ? kt_fs_open_in_root(root->fd, path, O_PATH | O_DIRECTORY) : -ENOMEM;
                int r = fd < 0 ? fd : find_in_hierarchy(fd, pod, ret);

                if (r == 0)
                        ret->hierarchy = strdup(hierarchies[i]);
                if (r == 0 && !ret->hierarchy)
                        return -ENOMEM;
                if (r != -ENOENT)
                        return r;
        }
        return -ENOENT;
}

/* A hierarchy of version 2 has this file in every group (cgroups(7)). */
static bool is_version_2(int top_fd)
{
        KT_AUTO_FD int fd = kt_fs_open_beneath(top_fd, "cgroup.controllers", O_PATH, 0);

        return fd >= 0;
}

int kt_pods_find_cgroup(const struct kt_root *root, const char *cgroup_dir, const struct kt_pod *pod,
                        struct kt_pods_cgroup *ret, struct kt_err *e)
{
        const char *dir = cgroup_dir ? cgroup_dir : "/sys/fs/cgroup";
        KT_AUTO(kt_pods_cgroup_done) struct kt_pods_cgroup found = { .fd = -1 };
        KT_AUTO_FD int top_fd = kt_fs_open_in_root(root->fd, dir, O_PATH | O_DIRECTORY);
        int r;

        if (top_fd < 0)
                return kt_err_set(e, top_fd, "open %s", dir);
        found.version = is_version_2(top_fd) ? 2 : 1;
        if (found.version == 1)
                r = find_in_version_1(root, dir, pod, &found);
        else {
                found.hierarchy = strdup("");
                r = found.hierarchy ? find_in_hierarchy(top_fd, pod, &found) : -ENOMEM;
        }
        if (r < 0)
                return kt_err_set(e, r, "find the control group of pod %s/%s (uid %s, container %.12s) below %s",
                                  pod->namespace, pod->name, pod->uid, pod->container, dir);

        *ret = found;
        found = (struct kt_pods_cgroup){ .fd = -1 };
        return 0;
}

void kt_pods_cgroup_done(struct kt_pods_cgroup *cgroup)
{
        cgroup->fd = kt_close(cgroup->fd);
        free(cgroup->path);
        free(cgroup->hierarchy);
        cgroup->path = NULL;
        cgroup->hierarchy = NULL;
}

/* ---- Processes ---- */

/* Reads a file beside a descriptor of its folder, up to max bytes. */
static int read_at(int dir_fd, const char *name, size_t max, struct kt_str *ret)
{
        KT_AUTO_FD int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        int r = fd < 0 ? -errno : kt_fs_read_fd(fd, max, ret);

        return r < 0 ? r : kt_str_error(ret);
}

/* Field 22 of /proc/PID/stat; the second one may hold anything, and ends at the last ')' (proc(5)). */
static int read_start(int proc_fd, uint64_t *ret)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        char *at;
        char *end;
        int r = read_at(proc_fd, "stat", STAT_FILE_MAX, &text);

        if (r < 0)
                return r;
        at = text.len > 0 ? strrchr(text.data, ')') : NULL;
        for (int field = 2; at && field < 22; field++) {
                at = strchr(at, ' ');
                if (at)
                        at++;
        }
        end = at ? strchr(at, ' ') : NULL;
        if (!end)
                return -EBADMSG;
        *end = '\0';
        return kt_num_parse_u64(at, ret);
}

static void unpin(struct kt_pods_process *process)
{
        kt_close(process->pidfd);
        kt_close(process->proc_fd);
        free(process->groups);
        *process = (struct kt_pods_process){ .pidfd = -1, .proc_fd = -1 };
}

/* A descriptor of a process that has ended is readable (pidfd_open(2)). */
static bool runs(int pidfd)
{
        struct pollfd poller = { .fd = pidfd, .events = POLLIN };

        return poll(&poller, 1, 0) == 0;
}

static int pin(const struct kt_root *root, uint64_t pid, struct kt_pods_process *ret)
{
        KT_AUTO(unpin) struct kt_pods_process process = { .pid = pid, .pidfd = -1, .proc_fd = -1 };
        KT_AUTO_STR struct kt_str groups = { 0 };
        char path[sizeof("/proc/") + KT_NUM_TEXT_MAX];
        int r;

        if (root->is_host) {
                process.pidfd = pidfd_open((pid_t)pid, 0);
                if (process.pidfd < 0)
                        return -errno;
        }
        (void)snprintf(path, sizeof(path), "/proc/%llu", (unsigned long long)pid); /* any number fits */
        process.proc_fd = kt_fs_open_in_root(root->fd, path, O_PATH | O_DIRECTORY);
        if (process.proc_fd < 0)
                return process.proc_fd;
        r = read_start(process.proc_fd, &process.start);
        if (r == 0)
                r = read_at(process.proc_fd, "cgroup", GROUPS_FILE_MAX, &groups);
        if (r < 0)
                return r;
        process.groups = kt_str_take(&groups);
        if (!process.groups)
                return -ENOMEM;
        /* It had the number from before the folder was opened until now: the folder is its own. */
        if (root->is_host && !runs(process.pidfd))
                return -ESRCH;

        *ret = process;
        process = (struct kt_pods_process){ .pidfd = -1, .proc_fd = -1 };
        return 0;
}

bool kt_pods_is_same(void *context)
{
        const struct kt_pods_process *process = context;
        KT_AUTO_STR struct kt_str groups = { 0 };
        uint64_t start = 0;

        return read_start(process->proc_fd, &start) == 0 && start == process->start &&
               read_at(process->proc_fd, "cgroup", GROUPS_FILE_MAX, &groups) == 0 &&
               strcmp(kt_str_get(&groups), process->groups) == 0 && (process->pidfd < 0 || runs(process->pidfd));
}

/* ---- The walk ---- */

struct walk {
        const struct kt_root *root;
        int (*each)(void *context, struct kt_pods_process *process);
        void *context;
        struct kt_pods_walk *stats;
        size_t groups;
        unsigned depth;
};

/* The numbers in cgroup.procs, at most max of them. *ret_more: there were more. The list of a threaded group cannot be
 * read (EOPNOTSUPP, cgroups(7)); its processes stand in the group above. */
static int read_numbers(int group_fd, uint64_t *numbers, size_t max, size_t *ret_count, bool *ret_more)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        int r = read_at(group_fd, "cgroup.procs", PROCS_FILE_MAX, &text);
        char *at = text.len > 0 ? text.data : NULL;

        *ret_count = 0;
        *ret_more = r == -EFBIG;
        if (r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT) /* the last two: it has gone meanwhile */
                return 0;
        if (r < 0 && r != -EFBIG)
                return r;

        while (at && *at) {
                char *end = strchr(at, '\n');

                if (!end) /* cut where the limit is */
                        break;
                if (*ret_count == max) {
                        *ret_more = true;
                        break;
                }
                *end = '\0';
                r = kt_num_parse_u64_in(at, 0, INT32_MAX, &numbers[*ret_count]);
                if (r < 0)
                        return -EBADMSG;
                (*ret_count)++;
                at = end + 1;
        }
        return 0;
}

static int compare_numbers(const void *a, const void *b)
{
        uint64_t left = *(const uint64_t *)a;
        uint64_t right = *(const uint64_t *)b;

        return left < right ? -1 : left > right;
}

/* Pins some processes, looks whether they are in the group still, and calls each for those. */
static int visit(struct walk *walk, int group_fd, const uint64_t *numbers, size_t count, uint64_t *again)
{
        struct kt_pods_process pinned[BATCH];
        size_t pinned_count = 0;
        size_t again_count = 0;
        bool more = false;
        int r;

        for (size_t i = 0; i < count; i++) {
                if (numbers[i] == 0)
                        walk->stats->foreign++;
                else if (pin(walk->root, numbers[i], &pinned[pinned_count]) == 0)
                        pinned_count++;
                else
                        walk->stats->gone++;
        }
        r = read_numbers(group_fd, again, KT_PODS_PROCESSES_MAX, &again_count, &more);
        if (r == 0)
                qsort(again, again_count, sizeof(*again), compare_numbers);
        for (size_t i = 0; i < pinned_count; i++) {
                if (r == 0 && bsearch(&pinned[i].pid, again, again_count, sizeof(*again), compare_numbers) &&
                    (pinned[i].pidfd < 0 || runs(pinned[i].pidfd))) {
                        walk->stats->pinned++;
                        r = walk->each(walk->context, &pinned[i]);
                } else
                        walk->stats->gone++;
                unpin(&pinned[i]);
        }
        return r;
}

static int walk_group(struct walk *walk, int group_fd)
{
        size_t room = KT_PODS_PROCESSES_MAX;
        KT_AUTO_FREE uint64_t *numbers = calloc(room, sizeof(*numbers));
        KT_AUTO_FREE uint64_t *again = calloc(room, sizeof(*again));
        size_t count = 0;
        bool more = false;
        int r;

        if (!numbers || !again)
                return -ENOMEM;
        if (++walk->groups > KT_PODS_GROUPS_MAX)
                return -E2BIG;
        r = read_numbers(group_fd, numbers, room - walk->stats->seen, &count, &more);
        walk->stats->seen += count;
        for (size_t i = 0; r == 0 && i < count; i += BATCH)
                r = visit(walk, group_fd, numbers + i, count - i < BATCH ? count - i : BATCH, again);
        return r != 0 ? r : more ? -E2BIG : 0;
}

struct inner {
        struct walk *walk;
        int group_fd;
};

static int walk_tree(struct walk *walk, int group_fd);

static int walk_inner(void *context, const char *name)
{
        const struct inner *inner = context;
        KT_AUTO_FD int fd = open_group(inner->group_fd, name);
        int r;

        if (fd == -ENOENT) /* one of the group's files, or it has gone */
                return 0;
        if (fd < 0)
                return fd;
        if (inner->walk->depth == KT_PODS_DEPTH_MAX)
                return -E2BIG;
        inner->walk->depth++;
        r = walk_tree(inner->walk, fd);
        inner->walk->depth--;
        return r;
}

static int walk_tree(struct walk *walk, int group_fd)
{
        struct inner inner = { walk, group_fd };
        int r = walk_group(walk, group_fd);

        if (r == 0)
                r = kt_fs_each(group_fd, walk_inner, &inner);
        return r == -ENOENT ? 0 : r; /* it has gone meanwhile */
}

int kt_pods_each_process(const struct kt_root *root, const struct kt_pods_cgroup *cgroup,
                         int (*each)(void *context, struct kt_pods_process *process), void *context,
                         struct kt_pods_walk *ret, struct kt_err *e)
{
        struct walk walk = { .root = root, .each = each, .context = context, .stats = ret };
        int r;

        *ret = (struct kt_pods_walk){ 0 };
        r = walk_tree(&walk, cgroup->fd);
        if (r == -E2BIG)
                return kt_err_set(e, r, "%s has more than %d processes, or more than %d groups, or deeper ones than %d",
                                  cgroup->path, (int)KT_PODS_PROCESSES_MAX, (int)KT_PODS_GROUPS_MAX,
                                  (int)KT_PODS_DEPTH_MAX);
        return r < 0 ? kt_err_set(e, r, "walk over the processes in %s", cgroup->path) : r;
}
