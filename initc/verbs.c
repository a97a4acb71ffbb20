/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that look at one thing or do one thing: volume, need, config, chown. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "initc/args.h"
#include "initc/chown.h"
#include "initc/explain.h"
#include "initc/gather.h"
#include "initc/report.h"
#include "initc/sources.h"
#include "initc/steps.h"
#include "lib/base/auto.h"
#include "lib/kafka/schema.h"
#include "lib/os/caps.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"

/* Whether the findings tell of the failure already. They may be of what was looked at before something failed. */
static bool is_told(const struct kt_findings *findings, enum kt_exit code)
{
        return code != KT_EXIT_FAILED && findings && kt_findings_count(findings, KT_LEVEL_ERROR) > 0;
}

/* Prints what is wrong as a compiler would, on stderr. Returns code. */
static enum kt_exit complain(const struct kt_findings *findings, const struct kt_err *e, enum kt_exit code)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        char why[KT_ERR_TEXT_MAX];

        if (findings)
                kt_report_findings(findings, kt_report_has_colour(stderr), &text);
        if (e->code < 0 && !is_told(findings, code))
                kt_str_addf(&text, "error: %s\n", kt_err_text(e, why, sizeof(why)));
        return kt_report_print(&text, stderr) < 0 ? KT_EXIT_FAILED : code;
}

/* ---- volume ---- */

static void say_volume(const struct kt_gathered *g, const struct kt_steps *steps, const struct kt_layout_dir *item)
{
        const struct kt_log_dir *dir = kt_layout_log_dir(item);
        char entries[KT_NUM_TEXT_MAX];
        char wrong[KT_NUM_TEXT_MAX];

        kt_steps_say(steps, "volume", "%s  %s, %s entries, %s not of %u:%u, %llu segments in %llu partitions",
                     item->path, item->volume->fstype ? item->volume->fstype : "no filesystem",
                     kt_num_format_count(dir->entries, entries), kt_num_format_count(kt_log_dir_fixable(dir), wrong),
                     g->owner.uid, g->owner.gid, (unsigned long long)dir->found.segments,
                     (unsigned long long)dir->found.partitions);
}

/* Mounts are found by their names: a path is written as the kernel writes it. */
static int read_volume_paths(const struct kt_args *args, struct kt_err *e)
{
        for (size_t i = 0; i < args->operand_count; i++)
                if (!kt_layout_make_plain(args->operands[i]) || args->operands[i][0] == '\0')
                        return kt_err_set(e, -EINVAL,
                                          "volume wants the absolute path that a volume is mounted at, not '%s'",
                                          args->operands[i]);
        return 0;
}

int kt_verb_volume(void *verb_args)
{
        const struct kt_args *args = verb_args;
        struct kt_args own = *args;
        struct kt_steps steps;
        struct kt_gathered g;
        struct kt_err e = { 0 };
        enum kt_exit code;

        if (read_volume_paths(args, &e) < 0)
                return (int)complain(NULL, &e, KT_EXIT_USAGE);
        own.volumes = args->operand_count > 0 ? args->operands : NULL;
        kt_steps_init(&steps, args);
        code = kt_gather(&own, KT_GATHER_VOLUMES, &g, &e);
        if (code != KT_EXIT_OK) {
                code = complain(&g.findings, &e, code);
        } else {
                for (size_t i = 0; i < g.layout.count; i++)
                        say_volume(&g, &steps, &g.layout.items[i]);
                kt_steps_say_findings(&steps, &g.findings, args->verbose);
                kt_steps_say(&steps, kt_verdict_name(g.verdict), "%s",
                             g.verdict == KT_VERDICT_OK        ? "nothing to do"
                             : g.verdict == KT_VERDICT_FIXABLE ? "put it right with: kafka-initc prepare"
                                                               : "see above; nothing was changed");
                code = g.verdict == KT_VERDICT_OK ? KT_EXIT_OK : KT_EXIT_NOT_WANTED;
                if (args->output == KT_OUTPUT_JSON)
                        code = kt_report_volumes(&g, code);
        }
        kt_steps_done(&steps);
        kt_gathered_done(&g);
        return (int)code;
}

/* ---- need ---- */

struct units {
        const char *count;
        const char *per;
        const char *value;
};

static void say_sum(const struct kt_steps *steps, const char *name, const struct kt_need_sum *sum,
                    const struct units *units)
{
        char total[KT_NUM_TEXT_MAX];

        kt_steps_say(steps, name, "%s%s", kt_num_format_count(sum->total, total), units->value);
        for (size_t i = 0; i < sum->term_count; i++)
                kt_steps_say(steps, "", "%-18s %llu%s x %llu%s = %llu%s", sum->terms[i].name,
                             (unsigned long long)sum->terms[i].count, units->count,
                             (unsigned long long)sum->terms[i].per, units->per, (unsigned long long)sum->terms[i].value,
                             units->value);
}

int kt_verb_need(void *verb_args)
{
        static const struct units numbers = { "", "", "" };
        static const struct units bytes = { " B/s", " ms", " B" };
        const struct kt_args *args = verb_args;
        struct kt_steps steps;
        struct kt_gathered g;
        struct kt_err e = { 0 };
        enum kt_exit code;

        kt_steps_init(&steps, args);
        code = kt_gather(args, KT_GATHER_NEED_NOW, &g, &e);
        if (code != KT_EXIT_OK) {
                code = complain(&g.findings, &e, code);
        } else {
                const struct kt_limits_judge limits = { .need_maps = g.need.maps.total,
                                                        .have_maps = g.have_maps,
                                                        .need_descriptors = g.need.descriptors.total,
                                                        .have_descriptors = g.have_descriptors,
                                                        .refuse = true };
                struct kt_findings findings = { 0 };

                say_sum(&steps, "files", &g.need.descriptors, &numbers);
                say_sum(&steps, "maps", &g.need.maps, &numbers);
                say_sum(&steps, "cache", &g.need.memory, &bytes);
                kt_judge_limits(&limits, &findings);
                kt_steps_say_findings(&steps, &findings, args->verbose);
                code = findings.count > 0 ? KT_EXIT_NOT_WANTED : KT_EXIT_OK;
                kt_findings_done(&findings);
                if (args->output == KT_OUTPUT_JSON)
                        code = kt_report_need(&g, code);
        }
        kt_steps_done(&steps);
        kt_gathered_done(&g);
        return (int)code;
}

/* ---- config ---- */

/* As prepare would write them, but for secrets: this goes to terminals and to logs of builds. */
static enum kt_exit print_properties(const struct kt_kafka_version *version, const struct kt_properties *list)
{
        KT_AUTO(kt_properties_done) struct kt_properties shown = { 0 };
        KT_AUTO_STR struct kt_str text = { 0 };

        for (size_t i = 0; i < list->count; i++) {
                const char *key = list->items[i].key;
                const char *value = kt_schema_is_secret(version, key) ? "[hidden]" : list->items[i].value;

                if (kt_properties_set(&shown, key, value, NULL) < 0)
                        return KT_EXIT_FAILED;
        }
        kt_properties_render(&shown, &text);
        return kt_report_print(&text, stdout) < 0 ? KT_EXIT_FAILED : KT_EXIT_OK;
}

/* What was checked, as text or JSON. What no finding says stands on stderr, also beside the JSON. */
static enum kt_exit tell_config(const struct kt_args *args, const struct kt_kafka_version *version,
                                const struct kt_properties *list, const struct kt_findings *findings,
                                const struct kt_err *e, enum kt_exit code)
{
        if (args->output == KT_OUTPUT_TEXT)
                return complain(findings, e, code);
        if (!is_told(findings, code))
                code = complain(NULL, e, code);
        return kt_report_config(list, version, findings, code);
}

static int config_render(const struct kt_args *args)
{
        struct kt_gathered g;
        struct kt_err e = { 0 };
        enum kt_exit code = kt_gather(args, KT_GATHER_CONFIG, &g, &e);

        code = tell_config(args, g.version, &g.properties, &g.findings, &e, code);
        if (args->output == KT_OUTPUT_TEXT && code == KT_EXIT_OK)
                code = print_properties(g.version, &g.properties);
        kt_gathered_done(&g);
        return (int)code;
}

struct duplicates {
        const char *file;
        struct kt_findings *findings;
};

static void report_duplicate(void *context, const struct kt_property *old, unsigned line)
{
        const struct duplicates *duplicates = context;
        KT_AUTO_FREE char *source = kt_str_make("%s:%u", duplicates->file, line);

        kt_findings_add(duplicates->findings,
                        &(struct kt_finding){ .level = KT_LEVEL_WARNING,
                                              .id = "twice",
                                              .key = old->key,
                                              .source = source,
                                              .next = "keep one of them" },
                        "'%s' was set in line %u already; this later value wins", old->key, old->line);
}

/* A plain properties file has no spec around it: the version is given, roles follow from process.roles. */
static int read_properties_file(const char *path, struct kt_properties *list, struct kt_findings *findings,
                                struct kt_err *e)
{
        KT_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct duplicates duplicates = { .file = path, .findings = findings };
        KT_AUTO_STR struct kt_str text = { 0 };
        int r = fd < 0 ? -errno : kt_fs_read_fd(fd, KT_PROPERTIES_FILE_MAX, &text);

        if (r < 0)
                return kt_err_set(e, r, "read %s", path);
        return kt_properties_parse(path, kt_str_get(&text), text.len, list, report_duplicate, &duplicates, e);
}

static int check_properties_file(const struct kt_args *args, const char *path)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        struct kt_compile compile = { .spec = &spec };
        struct kt_err e = { 0 };
        enum kt_exit code = KT_EXIT_OK;
        const char *roles;

        compile.version = kt_kafka_version_find(args->kafka_version ? args->kafka_version : "");
        if (!compile.version) {
                if (args->kafka_version)
                        (void)kt_kafka_version_refuse(args->kafka_version, &e); /* complained of next */
                else
                        (void)kt_err_set(&e, -EINVAL, "--kafka-version VERSION says which Kafka %s is for",
                                         path); /* complained of next */
                return (int)complain(NULL, &e, KT_EXIT_USAGE);
        }
        if (kt_spec_default(&spec) < 0 || read_properties_file(path, &list, &findings, &e) < 0)
                return (int)complain(&findings, &e, KT_EXIT_USAGE);

        roles = kt_properties_get(&list, "process.roles");
        spec.kafka.roles = roles && kt_listener_is_named(roles, "broker") ? KT_ROLE_BROKER : 0;
        spec.kafka.roles |= roles && kt_listener_is_named(roles, "controller") ? KT_ROLE_CONTROLLER : 0;
        if (kt_compile(&compile, &list, &findings, &e) < 0)
                code = KT_EXIT_USAGE;
        return (int)tell_config(args, compile.version, &list, &findings, &e, code);
}

/* The pod is the set's first when there is none around. */
static int compile_spec(const struct kt_args *args, struct kt_identity *identity, struct kt_compile *compile,
                        struct kt_properties *list, struct kt_findings *findings, struct kt_err *e)
{
        const struct kt_spec *spec = compile->spec;
        int r;

        compile->version = kt_kafka_version_find(args->kafka_version ? args->kafka_version : spec->kafka.version);
        if (!compile->version)
                return kt_kafka_version_refuse(args->kafka_version, e);
        r = kt_identity_find(spec, args->pod ? args->pod : "kafka-0", identity, e);
        if (r < 0)
                return r;
        r = kt_sources_add_spec(spec, list);
        if (r < 0)
                return kt_err_set(e, r, "collect the properties");

        compile->identity = identity;
        return kt_compile(compile, list, findings, e);
}

/* kafka.yaml alone, anywhere. */
static int check_spec_file(const struct kt_args *args, const char *path)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        struct kt_compile compile = { .spec = &spec };
        struct kt_identity identity;
        struct kt_err e = { 0 };
        int r;

        r = kt_spec_load(path, &spec, &findings, &e);
        if (r == 0)
                r = compile_spec(args, &identity, &compile, &list, &findings, &e);
        return (int)tell_config(args, compile.version, &list, &findings, &e, r < 0 ? KT_EXIT_USAGE : KT_EXIT_OK);
}

static int config_check(const struct kt_args *args)
{
        const char *path = args->operand_count > 1 ? args->operands[1] : args->config;
        size_t len = strlen(path);

        if (len > 11 && strcmp(path + len - 11, ".properties") == 0)
                return check_properties_file(args, path);
        return check_spec_file(args, path);
}

/* The version in use: of the flag, else of the specification when there is one, else the newest that is known. */
static const struct kt_kafka_version *version_in_use(const struct kt_args *args)
{
        const struct kt_kafka_version *newest = &kt_kafka_versions[kt_kafka_version_count - 1];
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };

        if (args->kafka_version)
                return kt_kafka_version_find(args->kafka_version);
        if (kt_spec_load(args->config, &spec, &findings, NULL) < 0)
                return newest;
        return kt_kafka_version_find(spec.kafka.version);
}

static int config_explain(const struct kt_args *args)
{
        const struct kt_kafka_version *version = version_in_use(args);
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_err e = { 0 };
        int r;

        if (!version)
                (void)kt_kafka_version_refuse(args->kafka_version, &e); /* complained of next */
        else if (args->operand_count != 2)
                (void)kt_err_set(&e, -EINVAL, "config explain wants one KEY"); /* complained of next */
        if (e.code < 0)
                return (int)complain(NULL, &e, KT_EXIT_USAGE);
        r = kt_explain_key(version, args->operands[1], args->output == KT_OUTPUT_JSON, &out);
        if (r < 0 || (r > 0 && kt_report_print(&out, stdout) < 0))
                return KT_EXIT_FAILED;
        if (r == 0) {
                const char *near = kt_schema_suggest(version, args->operands[1]);

                (void)kt_err_set(&e, -EINVAL, "'%s' is no property of any Kafka that is known%s%s%s", args->operands[1],
                                 near ? "; did you mean " : "", near ? near : "",
                                 near ? "?" : ""); /* complained of next */
                return (int)complain(NULL, &e, KT_EXIT_NOT_WANTED);
        }
        return KT_EXIT_OK;
}

static int config_diff(const struct kt_args *args)
{
        const struct kt_kafka_version *from = NULL;
        const struct kt_kafka_version *to = NULL;
        KT_AUTO_STR struct kt_str known = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_err e = { 0 };

        if (args->operand_count == 3) {
                from = kt_kafka_version_find(args->operands[1]);
                to = kt_kafka_version_find(args->operands[2]);
        }
        if (!from || !to) {
                kt_kafka_version_add_names(&known);
                (void)kt_err_set(&e, -EINVAL, "config diff wants two versions that are known: %s",
                                 kt_str_get(&known)); /* complained of next */
                return (int)complain(NULL, &e, KT_EXIT_USAGE);
        }
        if (kt_explain_diff(from, to, args->output == KT_OUTPUT_JSON, &out) < 0)
                return KT_EXIT_FAILED;
        return kt_report_print(&out, stdout) < 0 ? KT_EXIT_FAILED : KT_EXIT_OK;
}

int kt_verb_config(void *verb_args)
{
        static const struct {
                const char *name;
                int (*run)(const struct kt_args *args);
        } actions[] = { { "render", config_render },
                        { "check", config_check },
                        { "explain", config_explain },
                        { "diff", config_diff } };
        const struct kt_args *args = verb_args;
        struct kt_err e = { 0 };

        for (size_t i = 0; args->operand_count > 0 && i < KT_COUNT(actions); i++)
                if (strcmp(args->operands[0], actions[i].name) == 0)
                        return actions[i].run(args);

        (void)kt_err_set(
                &e, -EINVAL,
                "config wants one of: render, check [FILE], explain KEY, diff FROM TO"); /* complained of next */
        return (int)complain(NULL, &e, KT_EXIT_USAGE);
}

/* ---- chown ---- */

static int parse_owner(const char *text, struct kt_owner *ret, struct kt_err *e)
{
        const char *colon = strchr(text, ':');
        KT_AUTO_FREE char *user = colon ? strndup(text, (size_t)(colon - text)) : NULL;
        uint64_t uid;
        uint64_t gid;

        if (!user || kt_num_parse_u64_in(user, 1, UINT32_MAX - 1, &uid) < 0 ||
            kt_num_parse_u64_in(colon + 1, 0, UINT32_MAX - 1, &gid) < 0)
                return kt_err_set(e, -EINVAL, "--owner '%s' is not UID:GID, two numbers of which the first is not 0",
                                  text);

        *ret = (struct kt_owner){ .uid = (uid_t)uid, .gid = (gid_t)gid };
        return 0;
}

/* "2 x a symbolic link, ...": what is not given away. */
static void say_left(const struct kt_steps *steps, const char *path, const struct kt_chown_stats *stats)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        for (size_t i = 0; i < KT_ENTRY_COUNT_; i++)
                if (stats->left[i] > 0)
                        kt_str_addf(&text, "%s%llu x %s", text.len > 0 ? ", " : "", (unsigned long long)stats->left[i],
                                    kt_entry_words((enum kt_entry)i));
        if (text.len > 0)
                kt_steps_say(steps, "left", "%s  %s", path, kt_str_get(&text));
}

static enum kt_exit chown_one(const struct kt_args *args, const struct kt_steps *steps, const char *path,
                              const struct kt_owner *owner)
{
        const struct kt_chown_opts opts = { .owner = *owner };
        struct kt_chown_stats stats = { 0 };
        KT_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct kt_err e = { 0 };
        char entries[KT_NUM_TEXT_MAX];
        char changed[KT_NUM_TEXT_MAX];
        int r;

        if (fd < 0) {
                (void)kt_err_set(&e, -errno, "open the folder %s", path); /* complained of next */
                return complain(NULL, &e, KT_EXIT_FAILED);
        }

        r = args->verify ? kt_chown_verify(fd, owner, &stats, &e) : kt_chown_tree(fd, &opts, &stats, &e);
        kt_steps_say(steps, "owner", "%s  %s entries, %s %s %u:%u", path, kt_num_format_count(stats.entries, entries),
                     kt_num_format_count(stats.changed, changed), args->verify ? "not of" : "given to", owner->uid,
                     owner->gid);
        say_left(steps, path, &stats);
        if (r < 0)
                return complain(NULL, &e, stats.failed > 0 ? KT_EXIT_PARTLY : KT_EXIT_FAILED);
        if (args->verify)
                return stats.changed + kt_chown_blocking(&stats) > 0 ? KT_EXIT_NOT_WANTED : KT_EXIT_OK;
        return kt_chown_blocking(&stats) > 0 ? KT_EXIT_PARTLY : KT_EXIT_OK;
}

int kt_verb_chown(void *verb_args)
{
        static const int needed[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER };
        const struct kt_args *args = verb_args;
        enum kt_exit worst = KT_EXIT_OK;
        struct kt_err e = { 0 };
        struct kt_owner owner;
        struct kt_steps steps;

        if (args->operand_count == 0)
                (void)kt_err_set(&e, -EINVAL, "chown wants at least one PATH"); /* complained of next */
        if (e.code < 0 || parse_owner(args->owner, &owner, &e) < 0)
                return (int)complain(NULL, &e, KT_EXIT_USAGE);
        if (kt_caps_keep(needed, KT_COUNT(needed), &e) < 0)
                return (int)complain(NULL, &e, KT_EXIT_FAILED);

        kt_steps_init(&steps, args);
        for (size_t i = 0; i < args->operand_count; i++) {
                enum kt_exit code = chown_one(args, &steps, args->operands[i], &owner);

                worst = worst == KT_EXIT_OK ? code : worst;
        }
        kt_steps_done(&steps);
        return (int)worst;
}
