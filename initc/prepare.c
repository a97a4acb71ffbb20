/* SPDX-License-Identifier: Apache-2.0 */
/* `kafka-initc prepare`: facts, judgement, plan, act.
 *
 * Runs as root with CHOWN, DAC_OVERRIDE and FOWNER and nothing else. Everything is judged before the first write; a
 * refusal changes nothing. The steps are rows: `format` is the same run with fewer of them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "initc/args.h"
#include "initc/chown.h"
#include "initc/format.h"
#include "initc/gather.h"
#include "initc/handoff.h"
#include "initc/report.h"
#include "initc/steps.h"
#include "lib/base/auto.h"
#include "lib/kafka/crc32c.h"
#include "lib/os/caps.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"

#define TERMINATION_LOG    "/dev/termination-log"
#define SPEED_FROM_SECONDS 0.05 /* shorter runs say nothing about speed */

struct run {
        const struct kt_args *args;
        struct kt_gathered g;
        struct kt_steps steps;
        struct kt_err e;
        const char *next; /* what a person does when all went well */
        bool changed;     /* anything was written, or would be */
        bool partly;      /* some entries could not be given away */
};

static double seconds_since(const struct timespec *start)
{
        struct timespec now;

        if (clock_gettime(CLOCK_MONOTONIC, &now) < 0)
                return 0;
        return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* What a step that has work to do is called: done, or only planned. */
static enum kt_step_state work(struct run *run)
{
        run->changed = true;
        return run->args->dry_run ? KT_STEP_PLANNED : KT_STEP_DONE;
}

/* ---- config ---- */

static int step_config(struct run *run)
{
        size_t from[3] = { 0, 0, 0 };
        const struct kt_properties *list = &run->g.properties;
        KT_AUTO_FREE char *path = kt_str_make("%s/%s", run->args->handoff, KT_HANDOFF_PROPERTIES);

        for (size_t i = 0; i < list->count; i++) {
                const char *source = list->items[i].source;

                from[strncmp(source, "env ", 4) == 0 ? 2 : strcmp(source, KT_DEFAULT_SOURCE) == 0 ? 1 : 0]++;
        }
        kt_steps_add(&run->steps, "config", KT_STEP_DONE, path,
                     "%zu properties: %zu spec, %zu defaults of ours, %zu env", list->count, from[0], from[1], from[2]);
        return 0;
}

/* ---- volume ---- */

static void tell_volumes(struct run *run, enum kt_step_state state)
{
        for (size_t i = 0; i < run->g.layout.count; i++) {
                const struct kt_layout_dir *item = &run->g.layout.items[i];
                const struct kt_volume *volume = item->volume;
                char have[KT_NUM_TEXT_MAX];
                char all[KT_NUM_TEXT_MAX];

                if (volume->fd < 0)
                        kt_steps_add(&run->steps, "volume", state, NULL, "%s", volume->path);
                else
                        kt_steps_add(&run->steps, "volume", state, NULL, "%s  %s on %s, %s of %s free, log dir %s",
                                     volume->path, volume->fstype ? volume->fstype : "no mount",
                                     volume->source ? volume->source : "nothing",
                                     kt_num_format_binary(volume->free_bytes, have),
                                     kt_num_format_binary(volume->total_bytes, all), kt_layout_log_dir(item)->name);
        }
}

static int step_volume(struct run *run)
{
        tell_volumes(run, KT_STEP_DONE);
        return 0;
}

/* ---- owner ---- */

/* Makes what is missing: the log dir, and a way through the mount for its owner. */
static int make_log_dir(struct run *run, const struct kt_layout_dir *item)
{
        const struct kt_log_dir *dir = kt_layout_log_dir(item);
        int r;

        if (kt_judge_needs_reach(&run->g.judge, item) &&
            fchmod(item->volume->fd, (item->volume->st.st_mode & 07777) | 0111) < 0)
                return kt_err_set(&run->e, -errno, "let the broker through %s", item->volume->path);
        if (dir->exists)
                return 0;

        r = kt_fs_make_beneath(item->volume->fd, dir->name, 0750);
        return r < 0 ? kt_err_set(&run->e, r, "make %s", item->path) : 0;
}

static void show_progress(void *context, const struct kt_chown_stats *stats)
{
        const struct run *run = context;
        char entries[KT_NUM_TEXT_MAX];
        char changed[KT_NUM_TEXT_MAX];

        if (run->steps.is_text)
                (void)fprintf(stderr, "owner      %s entries so far, %s given away\n", /* progress only */
                              kt_num_format_count(stats->entries, entries),
                              kt_num_format_count(stats->changed, changed));
}

static int give_log_dir(struct run *run, const struct kt_layout_dir *item, struct kt_chown_stats *sum)
{
        const struct kt_chown_opts opts = { .owner = run->g.owner, .progress = show_progress, .context = run };
        struct kt_chown_stats stats = { 0 };
        struct kt_err e = { 0 };
        KT_AUTO_FD int fd = -1;
        int r;

        r = make_log_dir(run, item);
        if (r < 0)
                return r;
        fd = kt_volume_open_log_dir(item->volume, kt_layout_log_dir(item));
        if (fd < 0)
                return kt_err_set(&run->e, fd, "open %s", item->path);

        r = kt_chown_tree(fd, &opts, &stats, &e);
        sum->entries += stats.entries;
        sum->changed +=
                stats.changed > 0 || kt_layout_log_dir(item)->exists ? stats.changed : 1; /* made as its owner */
        sum->failed += stats.failed;
        if (r < 0 && stats.failed == 0)
                return kt_err_set(&run->e, r, "%s: %s", item->path, e.text);
        if (r < 0) {
                char text[KT_ERR_TEXT_MAX];

                run->partly = true;
                kt_steps_say(&run->steps, "warning", "%s: %llu entries could not be given away, the first: %s",
                             item->path, (unsigned long long)stats.failed, kt_err_text(&e, text, sizeof(text)));
        }
        return 0;
}

static bool is_right(const struct run *run, const struct kt_layout_dir *item)
{
        const struct kt_log_dir *dir = kt_layout_log_dir(item);

        return dir->exists && kt_log_dir_fixable(dir) == 0 && !kt_judge_needs_reach(&run->g.judge, item);
}

static void tell_owner(struct run *run, const struct kt_chown_stats *sum, uint64_t wrong, double seconds)
{
        char entries[KT_NUM_TEXT_MAX];
        char changed[KT_NUM_TEXT_MAX];
        char rate[KT_NUM_TEXT_MAX];
        char aside[64] = "";

        kt_num_format_count(sum->entries, entries);
        if (wrong == 0) {
                kt_steps_add(&run->steps, "owner", KT_STEP_UNCHANGED, NULL, "%s entries, all of %u:%u", entries,
                             run->g.owner.uid, run->g.owner.gid);
                return;
        }
        kt_num_format_count(run->args->dry_run ? wrong : sum->changed, changed);
        if (!run->args->dry_run && seconds >= SPEED_FROM_SECONDS)
                (void)snprintf(aside, sizeof(aside), "%.2f s, %s/s", seconds, /* always fits */
                               kt_num_format_count((uint64_t)((double)sum->entries / seconds), rate));
        kt_steps_add(&run->steps, "owner", work(run), aside[0] ? aside : NULL, "%s %s, %s %s to %u:%u", entries,
                     sum->entries == 1 ? "entry" : "entries", changed, run->args->dry_run ? "would be given" : "given",
                     run->g.owner.uid, run->g.owner.gid);
}

static int step_owner(struct run *run)
{
        struct kt_chown_stats sum = { 0 };
        struct timespec start = { 0 };
        uint64_t wrong = 0;

        if (clock_gettime(CLOCK_MONOTONIC, &start) < 0)
                return kt_err_set(&run->e, -errno, "read the clock");
        for (size_t i = 0; i < run->g.layout.count; i++) {
                const struct kt_layout_dir *item = &run->g.layout.items[i];
                const struct kt_log_dir *dir = kt_layout_log_dir(item);
                int r;

                if (is_right(run, item) || run->args->dry_run) {
                        sum.entries += dir->entries;
                        wrong += is_right(run, item) ? 0 : kt_log_dir_fixable(dir) + !dir->exists;
                        continue;
                }
                wrong += kt_log_dir_fixable(dir) + 1;
                r = give_log_dir(run, item, &sum);
                if (r < 0)
                        return r;
        }
        tell_owner(run, &sum, wrong, seconds_since(&start));
        return 0;
}

/* ---- format ---- */

/* The pods that the quorum starts with. hosts keeps their names while the voters are used. */
static size_t name_voters(const struct run *run, const struct kt_listener *own,
                          char hosts[KT_FORMAT_VOTERS_MAX][KT_HOST_NAME_MAX],
                          struct kt_voter voters[KT_FORMAT_VOTERS_MAX])
{
        size_t count = run->g.spec.kafka.controllers;

        for (uint32_t i = 0; i < count; i++) {
                bool is_me = i == run->g.identity.ordinal;

                kt_identity_host(&run->g.identity, i, hosts[i], KT_HOST_NAME_MAX);
                voters[i] = (struct kt_voter){ .node_id = (int32_t)(run->g.spec.kafka.node_id_base + i),
                                               .listener = own->name,
                                               .host = is_me ? own->host : hosts[i],
                                               .port = own->port };
        }
        return count;
}

static int format_log_dir(struct run *run, const struct kt_layout_dir *item, struct kt_log_dir *dir)
{
        const struct kt_compile compile = { .spec = &run->g.spec,
                                            .version = run->g.version,
                                            .identity = &run->g.identity };
        char hosts[KT_FORMAT_VOTERS_MAX][KT_HOST_NAME_MAX];
        struct kt_voter voters[KT_FORMAT_VOTERS_MAX];
        struct kt_listener own = { .port = 0 };
        struct kt_format format = { .version = run->g.version,
                                    .cluster_id = run->g.spec.kafka.cluster_id,
                                    .node_id = run->g.identity.node_id,
                                    .quorum = kt_judge_quorum(&run->g.judge, item),
                                    .voters = voters,
                                    .owner = run->g.owner };
        KT_AUTO_FD int fd = kt_volume_open_log_dir(item->volume, dir);
        int r;

        if (fd < 0)
                return kt_err_set(&run->e, fd, "open %s", item->path);
        if (!run->g.judge.can_give)
                format.owner = (struct kt_owner){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
        if (format.quorum == KT_QUORUM_FIRST_VOTER && !kt_config_controller(&compile, &run->g.properties, &own))
                return kt_err_set(&run->e, -EINVAL, "find the controller's listener");
        if (format.quorum == KT_QUORUM_FIRST_VOTER)
                format.voter_count = name_voters(run, &own, hosts, voters);

        r = kt_format_dir(fd, &format, &dir->meta.directory_id, &run->e);
        if (r < 0)
                return r;
        dir->has_meta = true;
        dir->is_meta_readable = true;
        dir->meta.has_directory_id = true;
        return 0;
}

static int step_format(struct run *run)
{
        for (size_t i = 0; i < run->g.layout.count; i++) {
                const struct kt_layout_dir *item = &run->g.layout.items[i];
                struct kt_log_dir *dir = kt_layout_log_dir(item);
                char id[KT_UUID_TEXT_MAX] = "none";
                int r;

                if (run->g.spec.kafka.roles == 0) {
                        kt_steps_add(&run->steps, "format", KT_STEP_UNCHANGED, NULL,
                                     "ZooKeeper mode: the broker writes meta.properties itself");
                        return 0;
                }
                if (!kt_judge_needs_format(&run->g.judge, item)) {
                        if (dir->meta.has_directory_id)
                                kt_uuid_format(&dir->meta.directory_id, id);
                        kt_steps_add(&run->steps, "format", KT_STEP_UNCHANGED, NULL,
                                     "formatted before, directory id %s", id);
                        continue;
                }
                if (run->args->dry_run) {
                        kt_steps_add(&run->steps, "format", work(run), NULL, "KRaft %s (metadata.version %d), %s",
                                     run->g.version->name, run->g.version->features[0].level, item->path);
                        continue;
                }
                r = format_log_dir(run, item, dir);
                if (r < 0)
                        return r;
                kt_steps_add(&run->steps, "format", work(run), NULL, "KRaft %s (metadata.version %d), directory id %s",
                             run->g.version->name, run->g.version->features[0].level,
                             kt_uuid_format(&dir->meta.directory_id, id));
        }
        return 0;
}

/* ---- need ---- */

static int step_need(struct run *run)
{
        char descriptors[KT_NUM_TEXT_MAX];
        char maps[KT_NUM_TEXT_MAX];
        char cache[KT_NUM_TEXT_MAX];
        char have[KT_NUM_TEXT_MAX];
        KT_AUTO_FREE char *aside = NULL;

        if (run->g.have_maps != UINT64_MAX)
                aside = kt_str_make("node gives %s map areas", kt_num_format_count(run->g.have_maps, have));
        kt_steps_add(&run->steps, "need", KT_STEP_DONE, aside, "descriptors %s   map areas %s   page cache %s",
                     kt_num_format_count(run->g.need.descriptors.total, descriptors),
                     kt_num_format_count(run->g.need.maps.total, maps),
                     kt_num_format_decimal(run->g.need.memory.total, cache));
        return 0;
}

/* ---- hand-off ---- */

static int fill_handoff(struct run *run, const struct kt_str *properties, struct kt_handoff *handoff)
{
        const char *cluster = run->g.spec.kafka.cluster_id;

        *handoff = (struct kt_handoff){
                .pod = strdup(run->g.identity.pod),
                .kafka_version = strdup(run->g.version->name),
                .cluster_id = cluster ? strdup(cluster) : NULL,
                .node_id = run->g.identity.node_id,
                .owner = run->g.owner,
                .properties_bytes = properties->len,
                .properties_crc = kt_crc32c(properties->data, properties->len),
                .need_descriptors = run->g.need.descriptors.total,
                .need_maps = run->g.need.maps.total,
                .refuse_shortfall = run->g.spec.limits.on_shortfall == KT_SHORTFALL_REFUSE,
                .wait_for_agent_s = (uint64_t)(run->g.spec.limits.wait_for_agent_ms + 999) / 1000,
                .heap_bytes = run->g.spec.kafka.heap_bytes,
        };
        if (!handoff->pod || !handoff->kafka_version || (cluster && !handoff->cluster_id))
                return -ENOMEM;

        if (run->g.layout.count > KT_HANDOFF_DIRS_MAX)
                return -E2BIG;
        for (size_t i = 0; i < run->g.layout.count; i++) {
                const struct kt_log_dir *dir = kt_layout_log_dir(&run->g.layout.items[i]);
                struct kt_handoff_dir *out = &handoff->dirs[handoff->dir_count++];

                out->path = strdup(run->g.layout.items[i].path);
                out->is_formatted = dir->has_meta;
                out->has_directory_id = dir->meta.has_directory_id;
                out->directory_id = dir->meta.directory_id;
                if (!out->path)
                        return -ENOMEM;
        }
        return 0;
}

/* Opens the directory; a dry run does not make one. */
static int open_handoff_dir(struct run *run)
{
        int fd;

        if (!run->args->dry_run)
                return kt_fs_make_dir(run->args->handoff, 0755, &run->e);

        fd = open(run->args->handoff, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int write_handoff(struct run *run, const struct kt_str *properties, const struct kt_str *json, bool *ret_changed)
{
        KT_AUTO_FD int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        KT_AUTO_FD int dir = open_handoff_dir(run);
        const struct kt_handoff_files files = { .properties = properties,
                                                .json = json,
                                                .program_fd = program,
                                                .gid = run->g.judge.can_give ? run->g.owner.gid : (gid_t)-1 };

        *ret_changed = true;
        if (dir == -ENOENT && run->args->dry_run)
                return 0;
        if (dir < 0)
                return run->e.code ? run->e.code : kt_err_set(&run->e, dir, "open %s", run->args->handoff);
        if (program < 0)
                return kt_err_set(&run->e, -errno, "open the running program");
        return kt_handoff_write(dir, &files, run->args->dry_run, ret_changed, &run->e);
}

static int step_handoff(struct run *run)
{
        KT_AUTO(kt_handoff_done) struct kt_handoff handoff = { 0 };
        KT_AUTO_STR struct kt_str properties = { 0 };
        KT_AUTO_STR struct kt_str json = { 0 };
        bool changed;
        int r;

        kt_properties_render(&run->g.properties, &properties);
        r = kt_str_error(&properties);
        if (r == 0)
                r = fill_handoff(run, &properties, &handoff);
        if (r == 0)
                r = kt_handoff_render(&handoff, &json);
        if (r < 0)
                return kt_err_set(&run->e, r, "put the hand-off together");

        r = write_handoff(run, &properties, &json, &changed);
        if (r < 0)
                return r;
        kt_steps_add(&run->steps, "hand-off", changed ? work(run) : KT_STEP_UNCHANGED, NULL, "%s%s", run->args->handoff,
                     changed ? "" : ", as it was");
        return 0;
}

/* ---- the run ---- */

struct step_row {
        const char *name;
        int (*act)(struct run *run);
};

static const struct step_row prepare_rows[] = {
        { "config", step_config }, { "volume", step_volume }, { "owner", step_owner },
        { "format", step_format }, { "need", step_need },     { "hand-off", step_handoff },
};

static const struct step_row format_rows[] = {
        { "volume", step_volume },
        { "owner", step_owner },
        { "format", step_format },
};

static void say_who(const struct run *run)
{
        unsigned roles = run->g.spec.kafka.roles;
        const char *mode = roles == 0                                       ? "ZooKeeper mode"
                           : roles == (KT_ROLE_BROKER | KT_ROLE_CONTROLLER) ? "KRaft broker+controller"
                           : roles == KT_ROLE_BROKER                        ? "KRaft broker"
                                                                            : "KRaft controller";

        kt_steps_say(&run->steps, run->g.identity.pod, "Kafka %s, %s, %s %d%s%s", run->g.version->name, mode,
                     roles == 0 ? "broker.id" : "node.id", run->g.identity.node_id,
                     run->g.spec.kafka.cluster_id ? ", cluster " : "",
                     run->g.spec.kafka.cluster_id ? run->g.spec.kafka.cluster_id : "");
}

/* The last word, where `kubectl describe` shows it. Only there if the pod has such a file. */
static void write_termination_message(const struct run *run, const char *text)
{
        const char *given = run->args->termination_log;
        int flags = O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | (given ? O_CREAT : 0);
        KT_AUTO_FD int fd = -1;

        if (run->args->dry_run)
                return;
        fd = open(given ? given : TERMINATION_LOG, flags, 0644);
        if (fd >= 0 && kt_fs_write_all(fd, text, strlen(text)) < 0)
                kt_steps_say(&run->steps, "warning", "the termination message could not be written");
}

static char *tell_success(const struct run *run, bool is_partly)
{
        const char *word = run->args->dry_run ? "planned" : is_partly ? "partly" : "ready";
        const char *before = run->changed || run->args->dry_run || is_partly ? "" : "nothing had to be changed; ";
        const char *what = run->args->dry_run
                                   ? run->changed ? "nothing was changed; run it without --dry-run" : "nothing to do"
                           : is_partly ? "some entries still belong to others; see the warnings"
                                       : run->next;

        kt_steps_say(&run->steps, word, "%s%s", before, what);
        return kt_str_make("%s: %s%s\n", word, before, what);
}

/* The report in JSON has no place for what kept it from being complete. */
static char *tell_failure(const struct run *run)
{
        char why[KT_ERR_TEXT_MAX];

        (void)kt_err_text(&run->e, why, sizeof(why)); /* returns its own buffer */
        kt_steps_say(&run->steps, "failed", "%s", why);
        if (!run->steps.is_text)
                (void)fprintf(stderr, "error: %s\n", why); /* the exit code says it, too */
        return kt_str_make("failed: %s\n", why);
}

static enum kt_exit finish(struct run *run, enum kt_exit code)
{
        const struct kt_finding *refusal = kt_findings_first(&run->g.findings, KT_LEVEL_ERROR);
        KT_AUTO_FREE char *text = NULL;

        if (code == KT_EXIT_OK || code == KT_EXIT_PARTLY) {
                text = tell_success(run, code == KT_EXIT_PARTLY);
        } else if (refusal && code != KT_EXIT_FAILED) {
                KT_AUTO_FREE char *told = kt_steps_finding_text(refusal);

                text = kt_str_make("refused: %s\n", told ? told : refusal->message);
        } else {
                text = tell_failure(run);
        }
        if (text)
                write_termination_message(run, text);
        return code;
}

/* Where errors are in the file that a person wrote, they are told as a compiler would; nothing was looked at yet. */
static enum kt_exit finish_usage(struct run *run, enum kt_exit code)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        char why[KT_ERR_TEXT_MAX];

        kt_report_findings(&run->g.findings, kt_report_has_colour(stderr), &text);
        if (kt_findings_count(&run->g.findings, KT_LEVEL_ERROR) == 0)
                kt_str_addf(&text, "error: %s\n", kt_err_text(&run->e, why, sizeof(why)));
        if (text.data)
                write_termination_message(run, text.data);
        return kt_report_print(&text, stderr) < 0 ? KT_EXIT_FAILED : code;
}

static enum kt_exit act(struct run *run, const struct step_row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (rows[i].act(run) < 0) {
                        char why[KT_ERR_TEXT_MAX];

                        kt_steps_add(&run->steps, rows[i].name, KT_STEP_FAILED, NULL, "%s",
                                     kt_err_text(&run->e, why, sizeof(why)));
                        return KT_EXIT_FAILED;
                }
        return run->partly ? KT_EXIT_PARTLY : KT_EXIT_OK;
}

/* A refusal shows what was seen, and nothing is done. */
static enum kt_exit refuse(struct run *run)
{
        bool only_permission = true;

        for (size_t i = 0; i < run->g.findings.count; i++)
                if (run->g.findings.items[i].level == KT_LEVEL_ERROR)
                        only_permission =
                                only_permission && strcmp(run->g.findings.items[i].id, KT_JUDGE_NOT_PERMITTED) == 0;

        tell_volumes(run, KT_STEP_REFUSED);
        kt_steps_say_findings(&run->steps, &run->g.findings, run->args->verbose);
        return only_permission ? KT_EXIT_UNSUPPORTED : KT_EXIT_NOT_WANTED;
}

static enum kt_exit judge_and_act(struct run *run, const struct step_row *rows, size_t count)
{
        const struct kt_limits_judge limits = { .need_maps = run->g.need.maps.total,
                                                .have_maps = run->g.have_maps,
                                                .have_descriptors = UINT64_MAX, /* this container's, not the broker's */
                                                .refuse = run->g.spec.limits.on_shortfall == KT_SHORTFALL_REFUSE };

        say_who(run);
        if (rows == prepare_rows)
                kt_judge_limits(&limits, &run->g.findings);
        if (kt_findings_count(&run->g.findings, KT_LEVEL_ERROR) > 0)
                return refuse(run);

        kt_steps_say_findings(&run->steps, &run->g.findings, run->args->verbose);
        return act(run, rows, count);
}

static int run_rows(const struct kt_args *args, const struct step_row *rows, size_t count)
{
        static const int needed[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER };
        struct run run = { .args = args,
                           .g.root.fd = -1,
                           .next = rows == prepare_rows ? "start the broker with: kafka-initc exec"
                                                        : "go on with: kafka-initc prepare" };
        enum kt_exit code;

        kt_steps_init(&run.steps, args);
        umask(022);
        /* A reader of ours that is gone must not end the work halfway. */
        (void)sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL); /* cannot fail for this signal */
        code = kt_caps_keep(needed, KT_COUNT(needed), &run.e) < 0 ? KT_EXIT_FAILED
                                                                  : kt_gather(args, KT_GATHER_NEED, &run.g, &run.e);
        if (code == KT_EXIT_USAGE)
                code = finish_usage(&run, code);
        else
                code = finish(&run, code == KT_EXIT_OK ? judge_and_act(&run, rows, count) : code);

        if (args->output == KT_OUTPUT_JSON)
                code = kt_report_prepare(&run.g, &run.steps, code);
        kt_steps_done(&run.steps);
        kt_gathered_done(&run.g);
        return (int)code;
}

int kt_verb_prepare(void *args)
{
        return run_rows(args, prepare_rows, KT_COUNT(prepare_rows));
}

int kt_verb_format(void *args)
{
        return run_rows(args, format_rows, KT_COUNT(format_rows));
}
