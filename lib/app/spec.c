/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.yaml: one table of keys drives reading, checking, defaults and the reference. */
#include "lib/app/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/app/yaml.h"
#include "lib/base/array.h"
#include "lib/kafka/version.h"
#include "lib/os/fs.h"
#include "lib/text/num.h"
#include "lib/text/str.h"
#include "lib/text/suggest.h"

enum {
        MESSAGE_MAX = 512,
        SHOWN_MAX = 80,     /* bytes of a value that a message repeats */
        COMPONENT_MAX = 32, /* one name of a path in our table */
        LISTED_MAX = 8,     /* a section with more keys is not listed in messages */
        LIST_MAX = 1000,    /* entries of one list of the file */
        CLUSTER_ID_MAX = 255,
        LABEL_MAX = 63, /* RFC 1123, as Kubernetes has it for names of Services and namespaces */
        PATH_LENGTH_MAX = 4095,
};

#define API_VERSION "k8skafka/v1"

/* What images fall back to when nobody sets CLUSTER_ID (apache/kafka docker/resources/common-scripts). */
#define SHARED_CLUSTER_ID "5L6g3nShT-eMCtK--X86sw"

struct kt_spec_reader {
        const char *file;
        struct kt_spec *spec;
        struct kt_findings *findings;
};

static const char *const format_choices[] = { "first-boot", "never", NULL };
static const char *const ephemeral_choices[] = { "refuse", "allow", NULL };
static const char *const shortfall_choices[] = { "refuse", "warn", NULL };
static const char *const policy_choices[] = { "apply", "check", "ignore", NULL };
static const char *const role_choices[] = { "broker", "controller", NULL };

/* Choices are stored as the index of their word. */
_Static_assert(sizeof(enum kt_spec_format) == sizeof(int) && sizeof(enum kt_spec_shortfall) == sizeof(int) &&
                       sizeof(enum kt_spec_policy) == sizeof(int),
               "enums are stored through an int");

/* ---- Complaints ---- */

enum problem { NO_YAML, UNKNOWN_KEY, MISSING_KEY, NO_VALUE, WRONG_TYPE, BAD_VALUE, OUT_OF_RANGE, CONFLICT };

static const char *const problem_ids[] = {
        [NO_YAML] = "syntax",
        [UNKNOWN_KEY] = "unknown-key",
        [MISSING_KEY] = "missing-key",
        [NO_VALUE] = "no-value",
        [WRONG_TYPE] = "wrong-type",
        [BAD_VALUE] = "bad-value",
        [OUT_OF_RANGE] = "out-of-range",
        [CONFLICT] = "conflict",
};

/* A finding at node's place; path and next may be NULL. Memory trouble stays in the findings. */
KT_PRINTF(6, 7)
static void complain_as(struct kt_spec_reader *reader, enum kt_level level, const struct kt_yaml *node,
                        enum problem problem, const char *const path_and_next[2], const char *format, ...)
{
        KT_AUTO_FREE char *source = kt_str_make("%s:%u:%u", reader->file, node->line, node->column);
        char message[MESSAGE_MAX];
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        if (!source || n < 0) {
                reader->findings->error = -ENOMEM;
                return;
        }

        kt_findings_add(reader->findings,
                        &(struct kt_finding){
                                .level = level,
                                .id = problem_ids[problem],
                                .key = path_and_next[0],
                                .value = problem != UNKNOWN_KEY && node->kind == KT_YAML_SCALAR ? node->text : NULL,
                                .source = source,
                                .next = path_and_next[1],
                        },
                        "%s%s", message, (size_t)n >= sizeof(message) ? "..." : "");
}

#define complain(reader, node, problem, path, next, ...) \
        complain_as(reader, KT_LEVEL_ERROR, node, problem, (const char *const[2]){ path, next }, __VA_ARGS__)
#define warn(reader, node, problem, path, next, ...) \
        complain_as(reader, KT_LEVEL_WARNING, node, problem, (const char *const[2]){ path, next }, __VA_ARGS__)

/* How much of a text a message shows: all of a short one, else whole UTF-8 characters. For %.*s. */
static int shown(const char *text)
{
        int len = SHOWN_MAX;

        if (strnlen(text, SHOWN_MAX + 1) <= SHOWN_MAX)
                return SHOWN_MAX;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
                len--;
        return len;
}

static const char *kind_name(enum kt_yaml_kind kind)
{
        static const char *const names[] = { [KT_YAML_NULL] = "nothing",
                                             [KT_YAML_SCALAR] = "a text",
                                             [KT_YAML_LIST] = "a list",
                                             [KT_YAML_MAP] = "a map" };

        return names[kind];
}

/* Whether node is of that kind; complains where it is not. */
static bool is_kind(struct kt_spec_reader *reader, const struct kt_yaml *node, enum kt_yaml_kind kind, const char *path,
                    const char *type)
{
        if (node->kind == kind)
                return true;

        if (node->kind == KT_YAML_NULL)
                complain(reader, node, NO_VALUE, path, "give it a value, or remove the key",
                         "'%s' has no value; expected: %s", path, type);
        else
                complain(reader, node, WRONG_TYPE, path, NULL, "'%s' is %s; expected: %s", path, kind_name(node->kind),
                         type);
        return false;
}

static void join_words(const char *const *words, struct kt_str *out)
{
        for (size_t i = 0; words[i]; i++)
                kt_str_addf(out, "%s%s", i > 0 ? ", " : "", words[i]);
}

/* Index of text in a NULL-terminated list of words; -1 and the nearest of them, or NULL, when it is none. */
static int find_word(const char *text, const char *const *words, const char **ret_best)
{
        size_t distance = 0;

        *ret_best = NULL;
        for (int i = 0; words[i]; i++) {
                if (strcmp(words[i], text) == 0)
                        return i;
                kt_suggest_consider(text, words[i], ret_best, &distance);
        }
        return -1;
}

/* The same for a node's text; complains when it is none of the words. */
static int match_word(struct kt_spec_reader *reader, const struct kt_yaml *node, const char *path,
                      const char *const *words)
{
        KT_AUTO_STR struct kt_str known = { 0 };
        const char *best = NULL;
        int found = find_word(node->text, words, &best);

        if (found >= 0)
                return found;

        join_words(words, &known);
        complain(reader, node, BAD_VALUE, path, NULL, "'%s' is '%.*s', none of: %s%s%s%s", path, shown(node->text),
                 node->text, kt_str_get(&known), best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
        return -1;
}

/* ---- Storing ---- */

static void *place_of(const struct kt_spec_reader *reader, const struct kt_spec_key *key)
{
        return (char *)reader->spec + key->offset;
}

/* Replaces the text that *place owns. */
static int store_text(char **place, const char *text)
{
        char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        free(*place);
        *place = copy;
        return 0;
}

static int append_text(struct kt_spec_texts *list, const char *text)
{
        if (kt_array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items)) < 0)
                return -ENOMEM;
        if (store_text(&list->items[list->count], text) < 0)
                return -ENOMEM;

        list->count++;
        return 0;
}

static void free_texts(struct kt_spec_texts *list)
{
        for (size_t i = 0; i < list->count; i++)
                free(list->items[i]);
        free(list->items);
}

/* ---- Readers of one key ---- */

static int read_api_version(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        if (is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type) && strcmp(node->text, API_VERSION) != 0)
                complain(reader, node, BAD_VALUE, key->path, "write apiVersion: " API_VERSION,
                         "apiVersion '%.*s' is not known; this program knows: " API_VERSION, shown(node->text),
                         node->text);
        return 0;
}

static int read_version(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        KT_AUTO_STR struct kt_str known = { 0 };

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;
        if (kt_kafka_version_find(node->text))
                return store_text(place_of(reader, key), node->text);

        kt_kafka_version_add_names(&known);
        complain(reader, node, BAD_VALUE, key->path, NULL, "Kafka '%.*s' is not known; known are: %s",
                 shown(node->text), node->text, kt_str_get(&known));
        return 0;
}

/* Complains unless node is a list of at most LIST_MAX texts that are not empty. */
static bool is_text_list(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        bool ok = true;

        if (!is_kind(reader, node, KT_YAML_LIST, key->path, key->type))
                return false;
        if (node->count > LIST_MAX) {
                complain(reader, node, OUT_OF_RANGE, key->path, NULL, "'%s' has %zu entries; at most %d are read",
                         key->path, node->count, (int)LIST_MAX);
                return false;
        }

        for (size_t i = 0; i < node->count; i++) {
                const struct kt_yaml *item = node->items[i];

                if (item->kind == KT_YAML_SCALAR && item->text[0] != '\0')
                        continue;
                complain(reader, item, WRONG_TYPE, key->path, NULL, "an entry of '%s' is %s; expected: %s", key->path,
                         item->kind == KT_YAML_SCALAR ? "empty" : kind_name(item->kind), key->type);
                ok = false;
        }
        return ok;
}

static int read_roles(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        static const unsigned bits[] = { KT_ROLE_BROKER, KT_ROLE_CONTROLLER };
        unsigned *roles = place_of(reader, key);

        if (!is_text_list(reader, node, key))
                return 0;
        if (node->count == 0)
                complain(reader, node, NO_VALUE, key->path,
                         "name broker, controller or both; ZooKeeper mode has no roles key", "'%s' is an empty list",
                         key->path);

        for (size_t i = 0; i < node->count; i++) {
                int role = match_word(reader, node->items[i], key->path, key->choices);

                if (role < 0)
                        continue;
                if (*roles & bits[role])
                        complain(reader, node->items[i], BAD_VALUE, key->path, NULL, "role '%s' is there twice",
                                 key->choices[role]);
                *roles |= bits[role];
        }
        return 0;
}

/* Kafka never parses cluster.id, but a leading '-' breaks the options of kafka-storage (KAFKA-15754). */
static int read_cluster_id(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        const char *problem = NULL;
        const char *text = node->text;

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;

        if (text[0] == '\0')
                problem = "is empty";
        else if (text[0] == '-')
                problem = "starts with '-', which the options of kafka-storage cannot take (KAFKA-15754)";
        else if (strlen(text) > CLUSTER_ID_MAX)
                problem = "is longer than 255 bytes";
        for (const char *at = text; *at && !problem; at++)
                if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f)
                        problem = "holds more than visible ASCII characters";
        if (problem) {
                complain(reader, node, BAD_VALUE, key->path, NULL, "'%s' %s", key->path, problem);
                return 0;
        }

        if (strcmp(text, SHARED_CLUSTER_ID) == 0)
                warn(reader, node, BAD_VALUE, key->path,
                     "make one of your own for a new cluster: kafka-storage random-uuid",
                     "'%s' is the constant that images fall back to: every unconfigured cluster shares it, so that a foreign "
                     "volume looks like one of ours",
                     key->path);
        return store_text(place_of(reader, key), text);
}

/* Whole numbers without quotes, min..max. False after a complaint. */
static bool get_number(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key,
                       uint64_t *ret)
{
        int r;

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return false;

        r = node->is_plain ? kt_num_parse_u64_in(node->text, key->min, key->max, ret) : -EINVAL;
        if (r == -ERANGE)
                complain(reader, node, OUT_OF_RANGE, key->path, NULL, "'%s' is %.*s; it has to be %llu..%llu",
                         key->path, shown(node->text), node->text, (unsigned long long)key->min,
                         (unsigned long long)key->max);
        else if (r < 0)
                complain(reader, node, WRONG_TYPE, key->path, NULL, "'%s' is '%.*s', no whole number%s", key->path,
                         shown(node->text), node->text, node->is_plain ? "" : ": write it without quotes");
        return r == 0;
}

static int read_count(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        uint64_t value = 0;

        if (get_number(reader, node, key, &value))
                *(uint64_t *)place_of(reader, key) = value;
        return 0;
}

static int read_node_id(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        uint64_t value = 0;

        if (get_number(reader, node, key, &value))
                *(uint32_t *)place_of(reader, key) = (uint32_t)value;
        return 0;
}

static int read_size(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        char least[KT_NUM_TEXT_MAX];
        char most[KT_NUM_TEXT_MAX];
        uint64_t value = 0;
        int r;

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;

        r = kt_num_parse_size(node->text, &value);
        if (r == 0 && value >= key->min && value <= key->max)
                *(uint64_t *)place_of(reader, key) = value;
        else if (r == 0 || r == -ERANGE)
                complain(reader, node, OUT_OF_RANGE, key->path, NULL, "'%s' is %.*s; it has to be %s to %s", key->path,
                         shown(node->text), node->text, kt_num_format_binary(key->min, least),
                         kt_num_format_binary(key->max, most));
        else
                complain(reader, node, WRONG_TYPE, key->path, "sizes look like 512Mi, 10Gi or 60M",
                         "'%s' is '%.*s', no size", key->path, shown(node->text), node->text);
        return 0;
}

static int read_duration(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        int64_t value = 0;
        int r;

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;

        r = kt_num_parse_duration(node->text, &value);
        if (r == 0 && (uint64_t)value >= key->min && (uint64_t)value <= key->max)
                *(int64_t *)place_of(reader, key) = value;
        else if (r == 0 || r == -ERANGE)
                complain(reader, node, OUT_OF_RANGE, key->path, NULL, "'%s' is %.*s; it has to be %llu to %llu seconds",
                         key->path, shown(node->text), node->text, (unsigned long long)key->min / 1000,
                         (unsigned long long)key->max / 1000);
        else
                complain(reader, node, WRONG_TYPE, key->path, "durations look like 500ms, 30s, 5m or 1h",
                         "'%s' is '%.*s', no duration", key->path, shown(node->text), node->text);
        return 0;
}

/* Lower-case letters, digits and '-' inside: RFC 1123 section 2.1, as Kubernetes restricts it. */
static bool is_label(const char *text)
{
        static const char ends[] = "abcdefghijklmnopqrstuvwxyz0123456789";
        size_t len = strlen(text);

        return len > 0 && len <= LABEL_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
               strchr(ends, text[0]) && strchr(ends, text[len - 1]);
}

static int read_label(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;
        if (is_label(node->text))
                return store_text(place_of(reader, key), node->text);

        complain(reader, node, BAD_VALUE, key->path, NULL,
                 "'%s' is '%.*s', no name for Kubernetes: 1 to 63 of a-z, 0-9 and '-', a letter or digit at both ends",
                 key->path, shown(node->text), node->text);
        return 0;
}

static int read_choice(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        int chosen;

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;

        chosen = match_word(reader, node, key->path, key->choices);
        if (chosen >= 0)
                memcpy(place_of(reader, key), &chosen, sizeof(chosen));
        return 0;
}

/* A choice of two words; the second one is true. */
static int read_switch(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        int chosen;

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;

        chosen = match_word(reader, node, key->path, key->choices);
        if (chosen >= 0)
                *(bool *)place_of(reader, key) = chosen == 1;
        return 0;
}

static int read_texts(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        int r = 0;

        if (!is_text_list(reader, node, key))
                return 0;
        for (size_t i = 0; i < node->count && r == 0; i++)
                r = append_text(place_of(reader, key), node->items[i]->text);
        return r;
}

static int read_owner(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        char user[KT_NUM_TEXT_MAX];
        const char *colon;
        uint64_t uid = 0;
        uint64_t gid = 0;

        if (!is_kind(reader, node, KT_YAML_SCALAR, key->path, key->type))
                return 0;

        /* 2^32-1 is chown(2)'s "leave it as it is". */
        colon = strchr(node->text, ':');
        if (!colon || (size_t)(colon - node->text) >= sizeof(user) ||
            snprintf(user, sizeof(user), "%.*s", (int)(colon - node->text), node->text) < 0 ||
            kt_num_parse_u64_in(user, 0, UINT32_MAX - 1, &uid) < 0 ||
            kt_num_parse_u64_in(colon + 1, 0, UINT32_MAX - 1, &gid) < 0) {
                complain(reader, node, BAD_VALUE, key->path,
                         "write the numbers of a user and a group, such as \"1000:1000\"", "'%s' is '%.*s', no UID:GID",
                         key->path, shown(node->text), node->text);
                return 0;
        }
        if (uid == 0) {
                complain(reader, node, BAD_VALUE, key->path, "write the user that the broker container runs as",
                         "'%s' gives the volumes to root, and a broker that is root is what this is here to avoid",
                         key->path);
                return 0;
        }

        reader->spec->storage.uid = (uid_t)uid;
        reader->spec->storage.gid = (gid_t)gid;
        return 0;
}

/* Why the path is none that a volume can have, or NULL. */
static const char *volume_problem(const char *path)
{
        if (path[0] != '/')
                return "is not absolute";
        if (path[1] == '\0')
                return "is the root of the filesystem";
        if (strlen(path) > PATH_LENGTH_MAX)
                return "is longer than 4095 bytes";
        if (strchr(path, ','))
                return "holds a comma, which log.dirs takes for the end of a path";
        for (const char *at = path; *at; at++)
                if ((unsigned char)*at < ' ' || *at == 0x7f)
                        return "holds a control character";

        for (const char *at = path; at; at = strchr(at + 1, '/')) {
                size_t len = strcspn(at + 1, "/");

                if (len == 0)
                        return "has an empty part ('//', or '/' at its end)";
                if ((len == 1 && at[1] == '.') || (len == 2 && at[1] == '.' && at[2] == '.'))
                        return "has a part '.' or '..'";
        }
        return NULL;
}

static bool is_inside(const char *inner, const char *outer)
{
        size_t len = strlen(outer);

        return strncmp(inner, outer, len) == 0 && inner[len] == '/';
}

/* Complains when the path is one of those before it, or inside one, or around one. */
static bool is_apart(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key,
                     const struct kt_spec_texts *others)
{
        for (size_t i = 0; i < others->count; i++) {
                const char *other = others->items[i];
                const char *relation = NULL;

                if (strcmp(node->text, other) == 0)
                        relation = "is there twice, as";
                else if (is_inside(node->text, other))
                        relation = "is inside";
                else if (is_inside(other, node->text))
                        relation = "is around";
                if (!relation)
                        continue;
                complain(reader, node, BAD_VALUE, key->path, NULL, "volume '%.*s' %s '%.*s'", shown(node->text),
                         node->text, relation, shown(other), other);
                return false;
        }
        return true;
}

static int read_volumes(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        struct kt_spec_texts *volumes = place_of(reader, key);

        if (!is_text_list(reader, node, key))
                return 0;

        for (size_t i = 0; i < node->count; i++) {
                const struct kt_yaml *item = node->items[i];
                const char *problem = volume_problem(item->text);

                if (problem)
                        complain(reader, item, BAD_VALUE, key->path, "write the absolute path the volume is mounted at",
                                 "volume '%.*s' %s", shown(item->text), item->text, problem);
                else if (is_apart(reader, item, key, volumes) && append_text(volumes, item->text) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- Properties ---- */

/* The text of a property: a scalar, or the scalars of a list joined by commas. False after a complaint. */
static bool get_property_text(struct kt_spec_reader *reader, const struct kt_yaml *name, const struct kt_yaml *node,
                              struct kt_str *ret)
{
        int len = shown(name->text);

        switch (node->kind) {
        case KT_YAML_NULL:
                complain(reader, node, NO_VALUE, name->text, "write \"\" for an empty value, or remove the line",
                         "property '%.*s' has no value", len, name->text);
                return false;
        case KT_YAML_MAP:
                complain(reader, node, WRONG_TYPE, name->text,
                         "write the whole name of the property in one line, with its dots",
                         "property '%.*s' is a map; properties are not nested", len, name->text);
                return false;
        case KT_YAML_SCALAR:
                kt_str_add(ret, node->text);
                return true;
        case KT_YAML_LIST:
                break;
        }

        for (size_t i = 0; i < node->count; i++) {
                if (node->items[i]->kind != KT_YAML_SCALAR) {
                        complain(reader, node->items[i], WRONG_TYPE, name->text, NULL,
                                 "an entry of property '%.*s' is %s; expected: text", len, name->text,
                                 kind_name(node->items[i]->kind));
                        return false;
                }
                kt_str_addf(ret, "%s%s", i > 0 ? "," : "", node->items[i]->text);
        }
        return true;
}

static int append_pair(struct kt_spec_pairs *list, const struct kt_yaml *name, struct kt_str *value)
{
        struct kt_spec_pair pair = { .line = name->line, .column = name->column };

        if (kt_array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items)) < 0)
                return -ENOMEM;

        pair.value = kt_str_take(value);
        pair.key = strdup(name->text);
        if (!pair.value || !pair.key) {
                free(pair.value);
                free(pair.key);
                return -ENOMEM;
        }
        list->items[list->count++] = pair;
        return 0;
}

static int read_properties(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        int r = 0;

        if (node->kind == KT_YAML_NULL || !is_kind(reader, node, KT_YAML_MAP, key->path, key->type))
                return 0;

        for (size_t i = 0; i < node->count && r == 0; i++) {
                KT_AUTO_STR struct kt_str value = { 0 };

                if (get_property_text(reader, node->keys[i], node->items[i], &value))
                        r = append_pair(place_of(reader, key), node->keys[i], &value);
        }
        return r;
}

/* ---- Tunables ---- */

/* Reads one member of a tunable's map. */
static int read_tunable_member(struct kt_spec_reader *reader, const struct kt_yaml *name, const struct kt_yaml *node,
                               struct kt_spec_tunable *tunable)
{
        static const char *const members[] = { "policy", "want", NULL };
        KT_AUTO_FREE char *path = kt_str_make("tuning.tunables.%s.%s", tunable->id, name->text);
        const char *best = NULL;
        int member;

        if (!path)
                return -ENOMEM;

        member = find_word(name->text, members, &best);
        if (member < 0) {
                complain(reader, name, UNKNOWN_KEY, path, NULL, "unknown key '%.*s'; known here: policy, want",
                         shown(path), path);
                return 0;
        }
        if (!is_kind(reader, node, KT_YAML_SCALAR, path, member == 0 ? "apply, check or ignore" : "text"))
                return 0;
        if (member == 1)
                return store_text(&tunable->want, node->text);

        member = match_word(reader, node, path, policy_choices);
        if (member >= 0)
                tunable->policy = (enum kt_spec_policy)member;
        return 0;
}

static int read_tunable(struct kt_spec_reader *reader, const struct kt_yaml *name, const struct kt_yaml *node)
{
        __typeof__(reader->spec->tuning) *tuning = &reader->spec->tuning;
        KT_AUTO_FREE char *path = kt_str_make("tuning.tunables.%s", name->text);
        struct kt_spec_tunable *tunable;
        int r = 0;

        if (!path)
                return -ENOMEM;
        if (!is_kind(reader, node, KT_YAML_MAP, path, "map of policy and want"))
                return 0;
        if (kt_array_reserve(&tuning->tunables, &tuning->tunable_cap, tuning->tunable_count + 1,
                             sizeof(*tuning->tunables)) < 0)
                return -ENOMEM;

        tunable = &tuning->tunables[tuning->tunable_count];
        *tunable = (struct kt_spec_tunable){ .id = strdup(name->text), .line = name->line, .column = name->column };
        if (!tunable->id)
                return -ENOMEM;
        tuning->tunable_count++;

        for (size_t i = 0; i < node->count && r == 0; i++)
                r = read_tunable_member(reader, node->keys[i], node->items[i], tunable);
        return r;
}

static int read_tunables(struct kt_spec_reader *reader, const struct kt_yaml *node, const struct kt_spec_key *key)
{
        int r = 0;

        if (node->kind == KT_YAML_NULL || !is_kind(reader, node, KT_YAML_MAP, key->path, key->type))
                return 0;
        if (node->count > LIST_MAX) {
                complain(reader, node, OUT_OF_RANGE, key->path, NULL, "'%s' has %zu entries; at most %d are read",
                         key->path, node->count, (int)LIST_MAX);
                return 0;
        }

        for (size_t i = 0; i < node->count && r == 0; i++)
                r = read_tunable(reader, node->keys[i], node->items[i]);
        return r;
}

/* ---- The table ---- */

#define AT(member) offsetof(struct kt_spec, member)
#define MIB        ((uint64_t)1 << 20)
#define TIB        ((uint64_t)1 << 40)

const struct kt_spec_key kt_spec_keys[] = {
        { .path = "apiVersion",
          .type = "text",
          .is_required = true,
          .help = "form of this file: " API_VERSION,
          .read = read_api_version },
        { .path = "kafka.version",
          .type = "text",
          .is_required = true,
          .help = "minor or patch release of Kafka; decides the known properties and the formats on disk",
          .read = read_version,
          .offset = AT(kafka.version) },
        { .path = "kafka.roles",
          .type = "list of broker, controller",
          .help = "roles of every pod in KRaft mode; left out for ZooKeeper mode",
          .read = read_roles,
          .offset = AT(kafka.roles),
          .choices = role_choices },
        { .path = "kafka.clusterId",
          .type = "text",
          .help = "cluster.id that all volumes have to bear; required in KRaft mode",
          .read = read_cluster_id,
          .offset = AT(kafka.cluster_id) },
        { .path = "kafka.nodeId.base",
          .type = "whole number",
          .preset = "0",
          .help = "node.id or broker.id of the pod with ordinal 0; the others count up from it",
          .read = read_node_id,
          .offset = AT(kafka.node_id_base),
          .max = INT32_MAX },
        { .path = "kafka.controllers",
          .type = "whole number",
          .preset = "1",
          .help = "pods of this set, from ordinal 0, that a new dynamic quorum starts with",
          .read = read_node_id,
          .offset = AT(kafka.controllers),
          .min = 1,
          .max = 9 },
        { .path = "kafka.service",
          .type = "text",
          .help = "headless Service that gives the pods their host names",
          .read = read_label,
          .offset = AT(kafka.service) },
        { .path = "kafka.namespace",
          .type = "text",
          .help = "namespace of the pods; POD_NAMESPACE of the environment when left out",
          .read = read_label,
          .offset = AT(kafka.namespace) },
        { .path = "kafka.heap",
          .type = "size",
          .help = "heap of the JVM; taken from the memory limit when left out",
          .read = read_size,
          .offset = AT(kafka.heap_bytes),
          .min = MIB,
          .max = 16 * TIB },
        { .path = "kafka.properties",
          .type = "map of properties",
          .help = "properties of that Kafka version; a list is joined by commas",
          .read = read_properties,
          .offset = AT(kafka.properties) },
        { .path = "kafka.allow",
          .type = "list of texts",
          .help = "prefixes of property names that plug-ins read and Kafka itself does not know",
          .read = read_texts,
          .offset = AT(kafka.allow) },
        { .path = "storage.owner",
          .type = "UID:GID",
          .preset = "1000:1000",
          .help = "numeric user and group that the volumes belong to; never root",
          .read = read_owner },
        { .path = "storage.volumes",
          .type = "list of paths",
          .help = "where the volumes are mounted: absolute paths, none inside another",
          .read = read_volumes,
          .offset = AT(storage.volumes) },
        { .path = "storage.format",
          .type = "first-boot or never",
          .preset = "first-boot",
          .help = "whether empty KRaft storage is formatted",
          .read = read_choice,
          .offset = AT(storage.format),
          .choices = format_choices },
        { .path = "storage.ephemeral",
          .type = "refuse or allow",
          .preset = "refuse",
          .help = "what happens when a path is no mount of a persistent filesystem; allow only warns",
          .read = read_switch,
          .offset = AT(storage.ephemeral),
          .choices = ephemeral_choices },
        { .path = "storage.sustainedRate",
          .type = "size",
          .help = "bytes that one broker's volumes take in a second for hours, as kafka-diskbench measured",
          .read = read_size,
          .offset = AT(storage.sustained_rate_bytes),
          .min = 1 << 20,
          .max = TIB },
        { .path = "workload.partitions",
          .type = "whole number",
          .preset = "1000",
          .help = "partition replicas that live on one broker",
          .read = read_count,
          .offset = AT(workload.partitions),
          .min = 1,
          .max = 1000000 },
        { .path = "workload.partitionSize",
          .type = "size",
          .preset = "1Gi",
          .help = "bytes that one replica keeps",
          .read = read_size,
          .offset = AT(workload.partition_size_bytes),
          .min = 1,
          .max = 1024 * TIB },
        { .path = "workload.connections",
          .type = "whole number",
          .preset = "1000",
          .help = "clients and brokers that are connected to one broker",
          .read = read_count,
          .offset = AT(workload.connections),
          .max = 1000000 },
        { .path = "workload.writeRate",
          .type = "size",
          .preset = "10M",
          .help = "bytes that one broker writes in a second, replication included",
          .read = read_size,
          .offset = AT(workload.write_rate_bytes),
          .max = TIB },
        { .path = "workload.bufferTime",
          .type = "duration",
          .preset = "30s",
          .help = "how long the newest data shall stay in the page cache for consumers",
          .read = read_duration,
          .offset = AT(workload.buffer_time_ms),
          .max = 24 * 60 * 60 * 1000 },
        { .path = "workload.classpathJars",
          .type = "whole number",
          .preset = "150",
          .help = "jars on the class path of the broker; each is an open file",
          .read = read_count,
          .offset = AT(workload.classpath_jars),
          .max = 10000 },
        { .path = "limits.onShortfall",
          .type = "refuse or warn",
          .preset = "refuse",
          .help = "what exec does when a limit is below the need",
          .read = read_choice,
          .offset = AT(limits.on_shortfall),
          .choices = shortfall_choices },
        { .path = "limits.waitForAgent",
          .type = "duration",
          .preset = "0s",
          .help = "how long exec waits for kafka-tunerd to raise a limit that is below the need, before onShortfall",
          .read = read_duration,
          .offset = AT(limits.wait_for_agent_ms),
          .max = 10 * 60 * 1000 },
        { .path = "tuning.profile",
          .type = "text",
          .preset = "kafka",
          .help = "set of tunables that the node is compared with",
          .read = read_label,
          .offset = AT(tuning.profile) },
        { .path = "tuning.tunables",
          .type = "map of tunables",
          .help = "exceptions: for the id of a tunable its policy (apply, check or ignore) and the value to want",
          .read = read_tunables },
};

const size_t kt_spec_key_count = KT_COUNT(kt_spec_keys);

/* ---- Sections ---- */

/* Copies the name behind prefix in the row's path, up to the next dot, into name; false when the row is elsewhere. */
static bool get_component(const struct kt_spec_key *row, const char *prefix, char name[COMPONENT_MAX])
{
        size_t prefix_len = strlen(prefix);
        size_t len;

        if (strncmp(row->path, prefix, prefix_len) != 0)
                return false;

        len = strcspn(row->path + prefix_len, ".");
        if (len >= COMPONENT_MAX)
                return false;
        memcpy(name, row->path + prefix_len, len);
        name[len] = '\0';
        return true;
}

static const struct kt_spec_key *find_row(const char *path)
{
        for (size_t i = 0; i < kt_spec_key_count; i++)
                if (strcmp(kt_spec_keys[i].path, path) == 0)
                        return &kt_spec_keys[i];
        return NULL;
}

static bool is_section(const char *path)
{
        size_t len = strlen(path);

        for (size_t i = 0; i < kt_spec_key_count; i++)
                if (strncmp(kt_spec_keys[i].path, path, len) == 0 && kt_spec_keys[i].path[len] == '.')
                        return true;
        return false;
}

/* The row whose last name is that one, wherever it stands. */
static const struct kt_spec_key *find_elsewhere(const char *name)
{
        for (size_t i = 0; i < kt_spec_key_count; i++) {
                const char *dot = strrchr(kt_spec_keys[i].path, '.');

                if (dot && strcmp(dot + 1, name) == 0)
                        return &kt_spec_keys[i];
        }
        return NULL;
}

static void say_unknown_key(struct kt_spec_reader *reader, const struct kt_yaml *key, const char *path,
                            const char *prefix)
{
        const struct kt_spec_key *elsewhere = find_elsewhere(key->text);
        KT_AUTO_STR struct kt_str known = { 0 };
        char names[KT_COUNT(kt_spec_keys)][COMPONENT_MAX];
        const char *best = NULL;
        size_t distance = 0;
        size_t count = 0;

        for (size_t i = 0; i < kt_spec_key_count; i++) {
                if (!get_component(&kt_spec_keys[i], prefix, names[count]) ||
                    (count > 0 && strcmp(names[count], names[count - 1]) == 0))
                        continue;
                kt_suggest_consider(key->text, names[count], &best, &distance);
                kt_str_addf(&known, "%s%s", count > 0 ? ", " : "", names[count]);
                count++;
        }

        if (best)
                complain(reader, key, UNKNOWN_KEY, path, NULL, "unknown key '%.*s'; did you mean %s?", shown(path),
                         path, best);
        else if (elsewhere)
                complain(reader, key, UNKNOWN_KEY, path, NULL, "unknown key '%.*s'; did you mean %s?", shown(path),
                         path, elsewhere->path);
        else if (count <= LISTED_MAX)
                complain(reader, key, UNKNOWN_KEY, path, NULL, "unknown key '%.*s'; known here: %s", shown(path), path,
                         kt_str_get(&known));
        else
                complain(reader, key, UNKNOWN_KEY, path, NULL, "unknown key '%.*s'", shown(path), path);
}

/* Reads a map whose keys stand behind prefix ("" or "kafka.") in the table. As deep as the table's paths, no deeper. */
static int read_section(struct kt_spec_reader *reader, const struct kt_yaml *map, const char *prefix)
{
        int r = 0;

        for (size_t i = 0; i < map->count && r == 0; i++) {
                const struct kt_yaml *node = map->items[i];
                KT_AUTO_FREE char *path = kt_str_make("%s%s", prefix, map->keys[i]->text);
                KT_AUTO_FREE char *inner = kt_str_make("%s%s.", prefix, map->keys[i]->text);
                const struct kt_spec_key *row;

                if (!path || !inner)
                        return -ENOMEM;

                row = find_row(path);
                if (row)
                        r = row->read(reader, node, row);
                else if (!is_section(path))
                        say_unknown_key(reader, map->keys[i], path, prefix);
                else if (node->kind != KT_YAML_NULL && is_kind(reader, node, KT_YAML_MAP, path, "map"))
                        r = read_section(reader, node, inner);
        }
        return r;
}

/* ---- What keys mean together ---- */

/* The node at a path of the table, or NULL; *ret_near is the innermost map that is there. */
static const struct kt_yaml *find_node(const struct kt_yaml *root, const char *path, const struct kt_yaml **ret_near)
{
        char name[COMPONENT_MAX];
        const struct kt_yaml *node = root;

        for (const char *at = path; node; at += strcspn(at, ".") + 1) {
                size_t len = strcspn(at, ".");

                *ret_near = node;
                if (len >= sizeof(name))
                        return NULL;
                memcpy(name, at, len);
                name[len] = '\0';
                node = kt_yaml_get(node, name);
                if (at[len] == '\0')
                        break;
        }
        return node;
}

static void check_required(struct kt_spec_reader *reader, const struct kt_yaml *root)
{
        for (size_t i = 0; i < kt_spec_key_count; i++) {
                const struct kt_spec_key *row = &kt_spec_keys[i];
                const struct kt_yaml *near = root;

                if (row->is_required && !find_node(root, row->path, &near))
                        complain(reader, near, MISSING_KEY, row->path, NULL, "'%s' is missing: %s", row->path,
                                 row->help);
        }
}

/* Roles, cluster id and version have to agree about the mode. */
static void check_mode(struct kt_spec_reader *reader, const struct kt_yaml *root)
{
        const struct kt_spec *spec = reader->spec;
        const struct kt_kafka_version *version;
        const struct kt_yaml *near = root;
        bool has_roles = find_node(root, "kafka.roles", &near) != NULL;
        bool has_id = find_node(root, "kafka.clusterId", &near) != NULL;

        if (!spec->kafka.version)
                return;

        version = kt_kafka_version_find(spec->kafka.version);
        if (!has_roles && !version->has_zookeeper)
                complain(reader, near, MISSING_KEY, "kafka.roles", "add kafka.roles: [broker, controller]",
                         "Kafka %s has no ZooKeeper mode, and without kafka.roles that is what was asked for",
                         spec->kafka.version);
        if (has_roles && !version->has_kraft)
                complain(reader, near, CONFLICT, "kafka.roles", "remove kafka.roles, or take a version with KRaft",
                         "Kafka %s knows no roles: it runs with ZooKeeper only", spec->kafka.version);
        if (has_roles && version->has_kraft && !has_id)
                complain(reader, near, MISSING_KEY, "kafka.clusterId",
                         "make one, once for the whole cluster: kafka-storage random-uuid (22 characters of base64url)",
                         "'kafka.clusterId' is missing: KRaft storage is formatted with it");
}

/* ---- Files ---- */

static int read_root(struct kt_spec_reader *reader, const struct kt_yaml *root)
{
        int r = 0;

        if (root->kind != KT_YAML_NULL && root->kind != KT_YAML_MAP) {
                complain(reader, root, WRONG_TYPE, NULL, NULL, "the file is %s; expected: map", kind_name(root->kind));
                return 0;
        }

        if (root->kind == KT_YAML_MAP)
                r = read_section(reader, root, "");
        if (r == 0) {
                check_required(reader, root);
                check_mode(reader, root);
        }
        return r;
}

/* Turns "file:line:column: text" into a finding. */
static void add_syntax_finding(struct kt_findings *findings, const char *file, const struct kt_err *problem)
{
        size_t len = strlen(file);
        const char *end = strncmp(problem->text, file, len) == 0 ? strstr(problem->text + len, ": ") : NULL;
        KT_AUTO_FREE char *source = end ? strndup(problem->text, (size_t)(end - problem->text)) : strdup(file);

        if (!source)
                findings->error = -ENOMEM;
        else
                kt_findings_add(
                        findings,
                        &(struct kt_finding){ .level = KT_LEVEL_ERROR, .id = problem_ids[NO_YAML], .source = source },
                        "%s", end ? end + 2 : problem->text);
}

/* Reads text into a spec that has its defaults. 0 or -ENOMEM. */
static int read_text(struct kt_spec_reader *reader, const char *text, size_t len)
{
        struct kt_err problem = { 0 };
        struct kt_yaml *root = NULL;
        int r;

        r = kt_yaml_parse(reader->file, text, len, &root, &problem);
        if (r == -EBADMSG) {
                add_syntax_finding(reader->findings, reader->file, &problem);
                return 0;
        }
        if (r < 0)
                return r;

        r = read_root(reader, root);
        reader->spec->workload.is_given = kt_yaml_get(root, "workload") != NULL;
        kt_yaml_free(root);
        return r;
}

int kt_spec_default(struct kt_spec *ret)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        struct kt_spec spec = { 0 };
        struct kt_spec_reader reader = { .file = "default", .spec = &spec, .findings = &findings };
        int r = 0;

        for (size_t i = 0; i < kt_spec_key_count && r == 0; i++) {
                const struct kt_spec_key *row = &kt_spec_keys[i];
                struct kt_yaml node = { .kind = KT_YAML_SCALAR, .is_plain = true };
                KT_AUTO_FREE char *text = NULL;

                if (!row->preset)
                        continue;
                text = strdup(row->preset);
                node.text = text;
                r = text ? row->read(&reader, &node, row) : -ENOMEM;
        }
        if (r < 0) {
                kt_spec_done(&spec);
                return r;
        }

        *ret = spec;
        return 0;
}

int kt_spec_parse(const char *file, const char *text, size_t len, struct kt_spec *ret, struct kt_findings *findings,
                  struct kt_err *e)
{
        struct kt_spec_reader reader = { .file = file, .spec = ret, .findings = findings };
        size_t errors_before = kt_findings_count(findings, KT_LEVEL_ERROR);
        int r;

        *ret = (struct kt_spec){ 0 };
        r = kt_spec_default(ret);
        if (r == 0)
                r = store_text(&ret->file, file);
        if (r == 0)
                r = read_text(&reader, text, len);
        if (r == 0)
                r = findings->error;
        if (r < 0)
                return kt_err_set(e, r, "read %s", file);

        return kt_findings_count(findings, KT_LEVEL_ERROR) > errors_before ? -EINVAL : 0;
}

int kt_spec_load(const char *path, struct kt_spec *ret, struct kt_findings *findings, struct kt_err *e)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        KT_AUTO_FD int fd = -1;
        int r;

        *ret = (struct kt_spec){ 0 };
        if (strcmp(path, "-") == 0) {
                kt_findings_add(findings,
                                &(struct kt_finding){ .level = KT_LEVEL_ERROR,
                                                      .id = problem_ids[BAD_VALUE],
                                                      .source = path,
                                                      .next = "write it to a file first, or give /dev/stdin" },
                                "the configuration is not read from standard input; it has to be a file");
                return findings->error ? kt_err_set(e, findings->error, "read %s", path) : -EINVAL;
        }

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return kt_err_set(e, -errno, "open %s", path);
        r = kt_fs_read_fd(fd, KT_YAML_FILE_MAX, &text);
        if (r < 0)
                return kt_err_set(e, r, "read %s", path);

        return kt_spec_parse(path, kt_str_get(&text), text.len, ret, findings, e);
}

void kt_spec_done(struct kt_spec *spec)
{
        for (size_t i = 0; i < spec->kafka.properties.count; i++) {
                free(spec->kafka.properties.items[i].key);
                free(spec->kafka.properties.items[i].value);
        }
        for (size_t i = 0; i < spec->tuning.tunable_count; i++) {
                free(spec->tuning.tunables[i].id);
                free(spec->tuning.tunables[i].want);
        }
        free_texts(&spec->kafka.allow);
        free_texts(&spec->storage.volumes);
        free(spec->kafka.properties.items);
        free(spec->tuning.tunables);
        free(spec->tuning.profile);
        free(spec->kafka.version);
        free(spec->kafka.cluster_id);
        free(spec->kafka.service);
        free(spec->kafka.namespace);
        free(spec->file);
        *spec = (struct kt_spec){ 0 };
}
