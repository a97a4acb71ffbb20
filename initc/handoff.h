/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-off directory: what prepare leaves for exec, in an emptyDir that both containers mount. */
#ifndef KT_INITC_HANDOFF_H
#define KT_INITC_HANDOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "initc/entry.h"
#include "lib/base/attr.h"
#include "lib/base/err.h"
#include "lib/kafka/uuid.h"
#include "lib/text/str.h"

#define KT_HANDOFF_DIR        "/run/k8skafka"
#define KT_HANDOFF_FILE       "handoff.json"
#define KT_HANDOFF_PROPERTIES "server.properties"
#define KT_HANDOFF_PROGRAM    "kafka-initc"

enum { KT_HANDOFF_FILE_MAX = 1 << 20, KT_HANDOFF_DIRS_MAX = 64, KT_HANDOFF_WAIT_MAX_S = 600 };

struct kt_handoff_dir {
        char *path;
        bool is_formatted; /* false: ZooKeeper mode before the first start, the broker writes meta.properties itself */
        bool has_directory_id;
        struct kt_uuid directory_id;
};

/* Texts are owned; release with kt_handoff_done. */
struct kt_handoff {
        char *pod;
        char *kafka_version;
        char *cluster_id; /* NULL: not known (ZooKeeper mode) */
        int32_t node_id;
        struct kt_owner owner;
        uint64_t properties_bytes; /* of server.properties, and its CRC32C: tells a torn or foreign file, no attacker */
        uint32_t properties_crc;
        uint64_t need_descriptors;
        uint64_t need_maps;
        bool refuse_shortfall;
        uint64_t wait_for_agent_s; /* rounded up; 0 also where the file is of a prepare that knew no waiting */
        uint64_t heap_bytes;       /* 0: from the memory limit */
        struct kt_handoff_dir dirs[KT_HANDOFF_DIRS_MAX];
        size_t dir_count;
};

void kt_handoff_done(struct kt_handoff *handoff);

/* Appends the JSON text: the same bytes for the same facts, so that a second run finds nothing to change. */
KT_MUST_CHECK int kt_handoff_render(const struct kt_handoff *handoff, struct kt_str *out);

/* -EBADMSG says which member is missing or wrong. */
KT_MUST_CHECK int kt_handoff_parse(const char *name, const char *text, size_t len, struct kt_handoff *ret,
                                   struct kt_err *e);

/* What stands in the directory. The files stay ours; they are of group gid (-1: as created), and only that group may
 * read server.properties, which can hold passwords. */
struct kt_handoff_files {
        const struct kt_str *properties;
        const struct kt_str *json;
        int program_fd; /* the running program, /proc/self/exe; borrowed */
        gid_t gid;
};

/* Writes what differs, atomically, handoff.json last: it vouches for the others. ret_changed says whether anything was
 * written. With is_dry nothing is, and ret_changed says what would be. */
KT_MUST_CHECK int kt_handoff_write(int dir_fd, const struct kt_handoff_files *files, bool is_dry, bool *ret_changed,
                                   struct kt_err *e);

#endif
