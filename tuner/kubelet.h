/* SPDX-License-Identifier: Apache-2.0 */
/* What the kubelet of a node does with sysctls: which it sets itself, which it lets pods set. */
#ifndef KT_TUNER_KUBELET_H
#define KT_TUNER_KUBELET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/os/root.h"
#include "lib/text/str.h"

#define KT_KUBELET_CONFIG "/var/lib/kubelet/config.yaml"

enum { KT_KUBELET_PATH_MAX = 256 };

/* Zero-initialise; release with kt_kubelet_done. */
struct kt_kubelet {
        uint64_t pid; /* 0: none runs, or it could not be seen */
        bool has_config;
        bool protects; /* --protect-kernel-defaults, protectKernelDefaults: it compares instead of writing */
        char config[KT_KUBELET_PATH_MAX];
        struct kt_str allowed; /* names and patterns of allowedUnsafeSysctls, each with its NUL */
};

/* Looks for its process and its configuration. What is not there is no error; -ENOMEM is. */
KT_MUST_CHECK int kt_kubelet_load(const struct kt_root *root, struct kt_kubelet *ret, struct kt_err *e);
void kt_kubelet_done(struct kt_kubelet *kubelet);

/* True when the kubelet lets a pod set it although it is not among the safe ones. */
bool kt_kubelet_allows(const struct kt_kubelet *kubelet, const char *sysctl);

/* What every kubelet sets when it starts, or, when it protects, expects. */
struct kt_kubelet_own {
        const char *id;
        const char *path;
        const char *value;
};

extern const struct kt_kubelet_own kt_kubelet_owns[];
extern const size_t kt_kubelet_own_count;

#endif
