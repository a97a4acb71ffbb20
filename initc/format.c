/* SPDX-License-Identifier: Apache-2.0 */
/* Formats an empty log dir for KRaft. Layout: org.apache.kafka.metadata.storage.Formatter of 3.9 to 4.4. */
#include "initc/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/auto.h"
#include "lib/kafka/checkpoint.h"
#include "lib/kafka/meta.h"
#include "lib/os/fs.h"

static int64_t now_ms(void)
{
        struct timespec now;

        if (clock_gettime(CLOCK_REALTIME, &now) < 0)
                return 0;
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int write_file(int dir_fd, const char *name, const struct kt_str *text, mode_t mode,
                      const struct kt_owner *owner, struct kt_err *e)
{
        const struct kt_fs_attr attr = { .mode = mode, .uid = owner->uid, .gid = owner->gid };

        if (kt_str_error(text) < 0)
                return kt_err_set(e, -ENOMEM, "make %s", name);
        return kt_fs_write_atomic(dir_fd, name, text->data, text->len, &attr, e);
}

static int write_bootstrap(int dir_fd, const struct kt_format *format, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        kt_checkpoint_bootstrap(format->version, now_ms(), &text);
        return write_file(dir_fd, KT_CHECKPOINT_BOOTSTRAP, &text, 0644, &format->owner, e);
}

/* Returns how many: none for a controller that joins later. */
static size_t fill_voters(const struct kt_format *format, const struct kt_uuid *directory_id,
                          struct kt_voter voters[KT_FORMAT_VOTERS_MAX])
{
        if (format->quorum != KT_QUORUM_FIRST_VOTER)
                return 0;

        for (size_t i = 0; i < format->voter_count; i++) {
                voters[i] = format->voters[i];
                if (voters[i].node_id == format->node_id)
                        voters[i].directory_id = *directory_id;
                else
                        kt_uuid_derive(format->cluster_id, voters[i].node_id, &voters[i].directory_id);
        }
        return format->voter_count;
}

static int write_first_snapshot(int dir_fd, const struct kt_format *format, const struct kt_uuid *directory_id,
                                struct kt_err *e)
{
        struct kt_voter voters[KT_FORMAT_VOTERS_MAX];
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_FD int fd = -1;

        if (mkdirat(dir_fd, KT_CHECKPOINT_METADATA_DIR, 0755) < 0 && errno != EEXIST)
                return kt_err_set(e, -errno, "make %s", KT_CHECKPOINT_METADATA_DIR);
        fd = kt_fs_open_beneath(dir_fd, KT_CHECKPOINT_METADATA_DIR, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return kt_err_set(e, fd, "open %s", KT_CHECKPOINT_METADATA_DIR);

        if (format->quorum == KT_QUORUM_STATIC)
                kt_checkpoint_first_static(format->version, now_ms(), &text);
        else
                kt_checkpoint_first(format->version, voters, fill_voters(format, directory_id, voters), now_ms(),
                                    &text);
        if (fchown(fd, format->owner.uid, format->owner.gid) < 0)
                return kt_err_set(e, -errno, "give away %s", KT_CHECKPOINT_METADATA_DIR);
        return write_file(fd, KT_CHECKPOINT_FIRST, &text, 0400, &format->owner, e);
}

/* Without bootstrap.checkpoint (4.4, KIP-1170) every controller gets its bootstrap records in the snapshot. */
static bool has_first_snapshot(const struct kt_format *format)
{
        return format->quorum == KT_QUORUM_FIRST_VOTER ||
               (format->quorum != KT_QUORUM_NONE && !format->version->has_bootstrap_checkpoint);
}

static int write_meta(int dir_fd, const struct kt_format *format, const struct kt_uuid *directory_id, struct kt_err *e)
{
        struct kt_meta meta = { .version = 1,
                                .has_node_id = true,
                                .node_id = format->node_id,
                                .has_directory_id = true,
                                .directory_id = *directory_id };
        KT_AUTO_STR struct kt_str text = { 0 };
        int n = snprintf(meta.cluster_id, sizeof(meta.cluster_id), "%s", format->cluster_id);

        if (n < 0 || (size_t)n >= sizeof(meta.cluster_id))
                return kt_err_set(e, -EINVAL, "the cluster id is too long");

        kt_meta_render(&meta, now_ms() / 1000, &text);
        return write_file(dir_fd, KT_META_FILE, &text, 0644, &format->owner, e);
}

static int choose_directory_id(const struct kt_format *format, struct kt_uuid *ret, struct kt_err *e)
{
        if (format->quorum != KT_QUORUM_FIRST_VOTER || format->voter_count < 2)
                return kt_uuid_random(ret, e);

        kt_uuid_derive(format->cluster_id, format->node_id, ret);
        return 0;
}

int kt_format_dir(int dir_fd, const struct kt_format *format, struct kt_uuid *ret_directory_id, struct kt_err *e)
{
        struct kt_uuid directory_id;
        struct stat st;
        int r;

        if (fstatat(dir_fd, KT_META_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
                return kt_err_set(e, -EEXIST, "format a log dir that has a %s", KT_META_FILE);
        if (errno != ENOENT) /* it may be there: an I/O error must not read as "empty" */
                return kt_err_set(e, -errno, "look for %s", KT_META_FILE);

        if (format->voter_count > KT_FORMAT_VOTERS_MAX)
                return kt_err_set(e, -EINVAL, "format for more than %d first voters", KT_FORMAT_VOTERS_MAX);
        r = choose_directory_id(format, &directory_id, e);
        if (r == 0 && format->version->has_bootstrap_checkpoint)
                r = write_bootstrap(dir_fd, format, e);
        if (r == 0 && has_first_snapshot(format))
                r = write_first_snapshot(dir_fd, format, &directory_id, e);
        if (r == 0)
                r = write_meta(dir_fd, format, &directory_id, e);
        if (r < 0)
                return r;

        *ret_directory_id = directory_id;
        return 0;
}
