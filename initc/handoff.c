/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-off directory. */
#include "initc/handoff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/app/report.h"
#include "lib/base/auto.h"
#include "lib/os/fs.h"

enum { PROGRAM_MAX = 64 << 20 };

void kt_handoff_done(struct kt_handoff *handoff)
{
        for (size_t i = 0; i < handoff->dir_count; i++)
                free(handoff->dirs[i].path);
        free(handoff->pod);
        free(handoff->kafka_version);
        free(handoff->cluster_id);
        *handoff = (struct kt_handoff){ 0 };
}

static void render_dirs(const struct kt_handoff *handoff, struct kt_json *list)
{
        for (size_t i = 0; i < handoff->dir_count; i++) {
                const struct kt_handoff_dir *dir = &handoff->dirs[i];
                struct kt_json *item = kt_json_object(list, NULL);
                char text[KT_UUID_TEXT_MAX];

                kt_json_text(item, "path", dir->path);
                kt_json_bool(item, "formatted", dir->is_formatted);
                if (dir->has_directory_id)
                        kt_json_text(item, "directoryId", kt_uuid_format(&dir->directory_id, text));
        }
}

int kt_handoff_render(const struct kt_handoff *handoff, struct kt_str *out)
{
        struct kt_json *document = kt_json_new("HandOff");
        struct kt_json *part;
        int r;

        kt_json_text(document, "pod", handoff->pod);
        kt_json_text(document, "kafkaVersion", handoff->kafka_version);
        kt_json_text(document, "clusterId", handoff->cluster_id);
        kt_json_int(document, "nodeId", handoff->node_id);
        part = kt_json_object(document, "owner");
        kt_json_int(part, "uid", handoff->owner.uid);
        kt_json_int(part, "gid", handoff->owner.gid);
        part = kt_json_object(document, "properties");
        kt_json_count(part, "bytes", handoff->properties_bytes);
        kt_json_count(part, "crc32c", handoff->properties_crc);
        part = kt_json_object(document, "need");
        kt_json_count(part, "descriptors", handoff->need_descriptors);
        kt_json_count(part, "mapAreas", handoff->need_maps);
        kt_json_text(part, "onShortfall", handoff->refuse_shortfall ? "refuse" : "warn");
        kt_json_count(part, "waitForAgentSeconds", handoff->wait_for_agent_s);
        kt_json_count(document, "heapBytes", handoff->heap_bytes);
        render_dirs(handoff, kt_json_list(document, "logDirs"));

        r = kt_json_render(document, out);
        kt_json_free(document);
        return r;
}

/* ---- reading it back ---- */

/* Keeps the name of the first member that is missing or wrong. */
struct reader {
        const char *bad;
};

static struct kt_json *read_part(struct reader *reader, struct kt_json *from, const char *key)
{
        struct kt_json *part = NULL;

        if (!reader->bad && kt_json_get_part(from, key, &part) < 0)
                reader->bad = key;
        return part;
}

static uint64_t read_count(struct reader *reader, const struct kt_json *from, const char *key, uint64_t max)
{
        uint64_t value = 0;

        if (!reader->bad && (kt_json_get_count(from, key, &value) < 0 || value > max))
                reader->bad = key;
        return value;
}

/* A member that an older prepare did not write. */
static uint64_t read_newer_count(struct reader *reader, const struct kt_json *from, const char *key, uint64_t max)
{
        uint64_t value = 0;

        if (!reader->bad && kt_json_get_count(from, key, &value) == -ENOENT)
                return 0;
        return read_count(reader, from, key, max);
}

/* A required text, owned by the caller. */
static char *read_text(struct reader *reader, const struct kt_json *from, const char *key)
{
        const char *value = NULL;
        char *copy;

        if (reader->bad || kt_json_get_text(from, key, &value) < 0 || !value) {
                reader->bad = reader->bad ? reader->bad : key;
                return NULL;
        }
        copy = strdup(value);
        if (!copy)
                reader->bad = key;
        return copy;
}

static bool read_flag(struct reader *reader, const struct kt_json *from, const char *key)
{
        bool value = false;

        if (!reader->bad && kt_json_get_bool(from, key, &value) < 0)
                reader->bad = key;
        return value;
}

static void read_dirs(struct reader *reader, struct kt_json *list, struct kt_handoff *handoff)
{
        struct kt_json *item;

        for (size_t i = 0; !reader->bad && (item = kt_json_at(list, i)); i++) {
                struct kt_handoff_dir *dir = &handoff->dirs[i];
                const char *id = NULL;

                if (i == KT_HANDOFF_DIRS_MAX) {
                        reader->bad = "logDirs";
                        return;
                }
                handoff->dir_count = i + 1;
                dir->path = read_text(reader, item, "path");
                dir->is_formatted = read_flag(reader, item, "formatted");
                dir->has_directory_id = kt_json_get_text(item, "directoryId", &id) == 0;
                if (dir->has_directory_id && kt_uuid_parse(id, &dir->directory_id, NULL) < 0)
                        reader->bad = "directoryId";
        }
        if (handoff->dir_count == 0)
                reader->bad = reader->bad ? reader->bad : "logDirs";
}

static void read_members(struct reader *reader, struct kt_json *document, struct kt_handoff *handoff)
{
        struct kt_json *owner = read_part(reader, document, "owner");
        struct kt_json *properties = read_part(reader, document, "properties");
        struct kt_json *need = read_part(reader, document, "need");
        KT_AUTO_FREE char *shortfall = NULL;
        const char *cluster_id = NULL;

        handoff->pod = read_text(reader, document, "pod");
        handoff->kafka_version = read_text(reader, document, "kafkaVersion");
        handoff->node_id = (int32_t)read_count(reader, document, "nodeId", INT32_MAX);
        if (!reader->bad && kt_json_get_text(document, "clusterId", &cluster_id) == 0) {
                handoff->cluster_id = strdup(cluster_id);
                reader->bad = handoff->cluster_id ? NULL : "clusterId";
        }
        handoff->owner.uid = (uid_t)read_count(reader, owner, "uid", UINT32_MAX - 1);
        handoff->owner.gid = (gid_t)read_count(reader, owner, "gid", UINT32_MAX - 1);
        handoff->properties_bytes = read_count(reader, properties, "bytes", UINT64_MAX);
        handoff->properties_crc = (uint32_t)read_count(reader, properties, "crc32c", UINT32_MAX);
        handoff->need_descriptors = read_count(reader, need, "descriptors", UINT64_MAX);
        handoff->need_maps = read_count(reader, need, "mapAreas", UINT64_MAX);
        shortfall = read_text(reader, need, "onShortfall");
        handoff->refuse_shortfall = !shortfall || strcmp(shortfall, "warn") != 0;
        handoff->wait_for_agent_s = read_newer_count(reader, need, "waitForAgentSeconds", KT_HANDOFF_WAIT_MAX_S);
        handoff->heap_bytes = read_count(reader, document, "heapBytes", UINT64_MAX);
        read_dirs(reader, read_part(reader, document, "logDirs"), handoff);
}

int kt_handoff_parse(const char *name, const char *text, size_t len, struct kt_handoff *ret, struct kt_err *e)
{
        struct kt_handoff handoff = { .node_id = -1 };
        struct reader reader = { .bad = NULL };
        struct kt_json *document = NULL;
        int r;

        r = kt_json_parse(name, text, len, &document, e);
        if (r < 0)
                return r;

        read_members(&reader, document, &handoff);
        kt_json_free(document);
        if (reader.bad) {
                kt_handoff_done(&handoff);
                return kt_err_set(e, -EBADMSG, "%s: '%s' is missing or wrong", name, reader.bad);
        }

        *ret = handoff;
        return 0;
}

/* ---- writing ---- */

static int write_one(int dir_fd, const char *name, const struct kt_str *text, const struct kt_fs_attr *attr,
                     bool is_dry, bool *changed, struct kt_err *e)
{
        if (kt_fs_is_same(dir_fd, name, text->data, text->len, attr))
                return 0;

        *changed = true;
        return is_dry ? 0 : kt_fs_write_atomic(dir_fd, name, text->data, text->len, attr, e);
}

int kt_handoff_write(int dir_fd, const struct kt_handoff_files *files, bool is_dry, bool *ret_changed, struct kt_err *e)
{
        const struct kt_fs_attr secret = { .mode = 0440, .uid = (uid_t)-1, .gid = files->gid };
        const struct kt_fs_attr open = { .mode = 0444, .uid = (uid_t)-1, .gid = files->gid };
        const struct kt_fs_attr program = { .mode = 0555, .uid = (uid_t)-1, .gid = files->gid };
        KT_AUTO_STR struct kt_str binary = { 0 };
        bool changed = false;
        int r;

        r = kt_fs_read_fd(files->program_fd, PROGRAM_MAX, &binary);
        if (r < 0)
                return kt_err_set(e, r, "read the running program");

        r = write_one(dir_fd, KT_HANDOFF_PROGRAM, &binary, &program, is_dry, &changed, e);
        if (r == 0)
                r = write_one(dir_fd, KT_HANDOFF_PROPERTIES, files->properties, &secret, is_dry, &changed, e);
        if (r == 0)
                r = write_one(dir_fd, KT_HANDOFF_FILE, files->json, &open, is_dry, &changed, e);
        if (r < 0)
                return r;

        *ret_changed = changed;
        return 0;
}
