/* SPDX-License-Identifier: Apache-2.0 */
/* From the API's objects of this node's pods to broker containers, and from those to their processes.
 *
 * What a pod may do to us: its user chooses names, labels, image, argv, environment and files, and may make control
 * groups inside its own where it is privileged. None of that is asked. Which container counts is the API's word alone
 * (namespace, label, name of the container, uid and container id from its status, which only the kubelet writes);
 * which processes are in it is the kernel's (cgroup.procs of the directory that the kubelet made, found by its exact
 * place). */
#ifndef KT_DAEMONSET_PODS_H
#define KT_DAEMONSET_PODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/app/report.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"

enum {
        KT_POD_NAME_MAX = 254,        /* RFC 1123 subdomain, with its NUL */
        KT_POD_UID_MAX = 64,          /* a UUID; of a static pod 32 hexadecimal digits */
        KT_POD_CONTAINER_MAX = 80,    /* 64 hexadecimal digits, as every runtime of today makes them */
        KT_PODS_PROCESSES_MAX = 4096, /* of one container */
        KT_PODS_GROUPS_MAX = 256,     /* control groups of one container */
        KT_PODS_DEPTH_MAX = 8,        /* how deep they are nested */
};

/* Which pods are brokers. All borrowed. */
struct kt_pods_rule {
        const char *node;              /* spec.nodeName */
        const char *const *namespaces; /* NULL-terminated; an empty list allows none */
        const char *selector;          /* equality only: "app.kubernetes.io/name=kafka,a=b" */
        const char *container;         /* name of the broker container */
};

/* Why a pod is or is not one that is touched. */
enum kt_pod_state {
        KT_POD_RUNNING,     /* its broker container runs */
        KT_POD_WAITING,     /* it will: no container id yet, or the container is not started */
        KT_POD_ENDED,       /* Succeeded or Failed */
        KT_POD_ELSEWHERE,   /* another node, or none */
        KT_POD_NOT_ALLOWED, /* a namespace that is not in the rule */
        KT_POD_NOT_LABELLED,
        KT_POD_NO_CONTAINER, /* no container of that name (init containers and ephemeral ones do not count) */
        KT_POD_STATE_COUNT_,
};
const char *kt_pod_state_name(enum kt_pod_state state); /* "running", "not-allowed", ... */

struct kt_pod {
        enum kt_pod_state state;
        char namespace[KT_POD_NAME_MAX];
        char name[KT_POD_NAME_MAX];
        char uid[KT_POD_UID_MAX];
        char container[KT_POD_CONTAINER_MAX]; /* id without "containerd://"; "" unless running */
        char boot[KT_POD_NAME_MAX];           /* status.containerStatuses[].state.running.startedAt; "" */
};

/* Checks the rule: a selector of another form than equality is -EINVAL. */
KT_MUST_CHECK int kt_pods_check_rule(const struct kt_pods_rule *rule, struct kt_err *e);

/* Reads a pod object. 0, or -EBADMSG when it is none: a name, uid or container id of a form that Kubernetes does not
 * allow. Of a pod that is not KT_POD_RUNNING only state, namespace, name and uid are set. */
KT_MUST_CHECK int kt_pod_read(struct kt_json *object, const struct kt_pods_rule *rule, struct kt_pod *ret,
                              struct kt_err *e);

/* Where the kernel keeps a container's processes. Release with kt_pods_cgroup_done. */
struct kt_pods_cgroup {
        int fd;          /* O_PATH of the directory */
        int version;     /* 1 or 2 */
        char *path;      /* from the hierarchy's top: "kubepods/burstable/pod.../6b2b..." */
        char *hierarchy; /* of version 1 its folder ("pids"), of version 2 "" */
};

/* Finds the directory by the exact places in which kubelets make it (cgroupfs and systemd drivers, all classes of
 * service, cgroups(7) version 1 and 2); a directory of that name anywhere else does not count, nor does a symlink.
 * cgroup_dir NULL: /sys/fs/cgroup. -ENOENT: there is none (yet). */
KT_MUST_CHECK int kt_pods_find_cgroup(const struct kt_root *root, const char *cgroup_dir, const struct kt_pod *pod,
                                      struct kt_pods_cgroup *ret, struct kt_err *e);
void kt_pods_cgroup_done(struct kt_pods_cgroup *cgroup);

/* A process that is pinned: its number cannot come to mean another one unnoticed. Borrowed from the walk. */
struct kt_pods_process {
        uint64_t pid;
        uint64_t start; /* ticks since boot, /proc/PID/stat: with pid and boot id, who it is */
        int pidfd;      /* -1 in a captured node, to whose processes nothing can be done */
        int proc_fd;    /* O_PATH of its /proc/PID; everything in it fails once it has ended */
        char *groups;   /* its /proc/PID/cgroup when it was found in the container's group */
};

/* True while pid is still the process that was pinned, runs, and has left none of its control groups: to be asked
 * before and behind everything that takes a number, as prlimit(2) does. context: the process. */
bool kt_pods_is_same(void *context);

struct kt_pods_walk {
        size_t seen;    /* numbers in cgroup.procs, of nested groups too */
        size_t pinned;  /* of them: each was called */
        size_t gone;    /* ended, or left the group, before they were pinned */
        size_t foreign; /* 0: of a PID namespace that is not seen from here */
};

/* Pins each process in the group and in the groups below it and calls each, until that returns non-zero, which is
 * returned. -E2BIG: more than KT_PODS_PROCESSES_MAX processes, KT_PODS_GROUPS_MAX groups or KT_PODS_DEPTH_MAX levels;
 * those before the limit were called. Needs a /proc of the PID namespace of the node. */
KT_MUST_CHECK int kt_pods_each_process(const struct kt_root *root, const struct kt_pods_cgroup *cgroup,
                                       int (*each)(void *context, struct kt_pods_process *process), void *context,
                                       struct kt_pods_walk *ret, struct kt_err *e);

#endif
