/* SPDX-License-Identifier: Apache-2.0 */
/* The volumes of broker pods, as the kubelet mounted them on this node. */
#ifndef KT_DAEMONSET_VOLUMES_H
#define KT_DAEMONSET_VOLUMES_H

#include <stdbool.h>

#include "daemonset/state.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "tuner/tuner.h"

#define KT_KUBELET_DIR "/var/lib/kubelet"

enum { KT_VOLUME_NAME_MAX = 254 };

struct kt_volume_path {
        char pod_uid[KT_POD_UID_MAX];
        char name[KT_VOLUME_NAME_MAX];
};

/* Pure: whether target is where the kubelet mounts a persistent volume of a pod, and of which (GetPodVolumeDir):
 * DIR/pods/UID/volumes/kubernetes.io~PLUGIN/NAME, of a CSI driver with /mount behind it. Secrets, tokens, emptyDirs and
 * the like are none. */
bool kt_volume_parse(const char *kubelet_dir, const char *target, struct kt_volume_path *ret);

/* Reads what is mounted, keeps the volumes of the state's brokers, and makes the tuner's rows about disks mean theirs.
 * *ret_changed is set when there are others than before. 0 or -errno; the volumes before stay then. */
KT_MUST_CHECK int kt_volumes_update(struct kt_tuner *tuner, const char *kubelet_dir, struct kt_node_state *state,
                                    bool *ret_changed, struct kt_err *e);

#endif
