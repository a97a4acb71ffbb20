/* SPDX-License-Identifier: Apache-2.0 */
/* `config explain` and `config diff`: what the releases' own definitions say of their properties. */
#include "initc/explain.h"

#include <stdio.h>
#include <string.h>

#include "lib/app/report.h"
#include "lib/kafka/schema.h"
#include "lib/text/str.h"

static const char *const type_names[KT_SCHEMA_TYPE_COUNT_] = {
        [KT_SCHEMA_BOOLEAN] = "boolean", [KT_SCHEMA_STRING] = "string", [KT_SCHEMA_INT] = "int",
        [KT_SCHEMA_SHORT] = "short",     [KT_SCHEMA_LONG] = "long",     [KT_SCHEMA_DOUBLE] = "double",
        [KT_SCHEMA_LIST] = "list",       [KT_SCHEMA_CLASS] = "class",   [KT_SCHEMA_PASSWORD] = "password",
};

static const char *preset_of(const struct kt_schema_key *key)
{
        if (key->preset)
                return key->preset[0] ? key->preset : "(empty)";
        return key->is_required ? "(required)" : "(none)";
}

static void add_row(struct kt_json *list, const struct kt_schema_key *key)
{
        struct kt_json *item = kt_json_object(list, NULL);
        struct kt_json *versions = kt_json_list(item, "versions");

        for (size_t i = 0; i < kt_kafka_version_count; i++)
                if (key->versions & 1U << kt_kafka_versions[i].schema_bit)
                        kt_json_add_text(versions, kt_kafka_versions[i].name);
        kt_json_text(item, "type", type_names[key->type]);
        kt_json_text(item, "default", key->preset);
        kt_json_text(item, "allowed", key->validator);
        kt_json_bool(item, "required", key->is_required);
        kt_json_bool(item, "internal", key->is_internal);
}

static void say_row(struct kt_str *out, const struct kt_schema_key *key)
{
        const char *first = NULL;
        const char *last = NULL;

        for (size_t i = 0; i < kt_kafka_version_count; i++)
                if (key->versions & 1U << kt_kafka_versions[i].schema_bit) {
                        first = first ? first : kt_kafka_versions[i].name;
                        last = kt_kafka_versions[i].name;
                }
        kt_str_addf(out, "  %s%s%s", first, first == last ? "" : " to ", first == last ? "" : last);
        kt_str_pad(out, 17, ' ');
        kt_str_addf(out, "%s, default %s%s%s%s\n", type_names[key->type], preset_of(key),
                    key->validator ? ", allowed " : "", key->validator ? key->validator : "",
                    key->is_internal ? ", internal" : "");
}

int kt_explain_key(const struct kt_kafka_version *version, const char *name, bool is_json, struct kt_str *out)
{
        struct kt_json *document = kt_json_new("ConfigExplanation");
        struct kt_json *list;
        bool is_known = false;
        int r = 0;

        kt_json_text(document, "key", name);
        list = kt_json_list(document, "definitions");
        if (!is_json)
                kt_str_addf(out, "%s\n", name);
        for (size_t i = 0; i < kt_schema_key_count; i++) {
                if (strcmp(kt_schema_keys[i].name, name) != 0)
                        continue;
                is_known = true;
                add_row(list, &kt_schema_keys[i]);
                if (!is_json)
                        say_row(out, &kt_schema_keys[i]);
        }
        if (!is_json && kt_schema_replacement(name) && is_known && !kt_schema_find(version, name))
                kt_str_addf(out, "  not in %s: %s\n", version->name, kt_schema_replacement(name));
        if (!is_json && !is_known && kt_schema_is_open_ended(name))
                kt_str_add(
                        out,
                        "  legal, though no definition lists it: listeners, providers and plug-ins read such names\n");

        if (is_json)
                r = kt_json_render(document, out);
        kt_json_free(document);
        if (r == 0)
                r = kt_str_error(out);
        return r < 0 ? r : is_known || kt_schema_is_open_ended(name);
}

/* What became of one name. */
struct change {
        const char *sign;
        const char *word;
        const char *detail;
};

static struct change compare(const struct kt_schema_key *from, const struct kt_schema_key *to)
{
        if (!from && !to)
                return (struct change){ 0 };
        if (!to)
                return (struct change){ "-", "removed", kt_schema_replacement(from->name) };
        if (!from)
                return (struct change){ "+", "added", NULL };
        if (from == to)
                return (struct change){ 0 };
        if (strcmp(preset_of(from), preset_of(to)) != 0)
                return (struct change){ "~", "default", NULL };
        return (struct change){ "~", from->type == to->type ? "allowed" : "type", NULL };
}

static void say_change(struct kt_str *out, const struct change *change, const char *name,
                       const struct kt_schema_key *from, const struct kt_schema_key *to)
{
        kt_str_addf(out, "%s %s", change->sign, name);
        kt_str_pad(out, 60, ' ');
        if (!to)
                kt_str_addf(out, "  %s", change->detail ? change->detail : "");
        else if (!from)
                kt_str_addf(out, "  %s, default %s", type_names[to->type], preset_of(to));
        else if (strcmp(change->word, "default") == 0)
                kt_str_addf(out, "  default %s -> %s", preset_of(from), preset_of(to));
        else if (strcmp(change->word, "type") == 0)
                kt_str_addf(out, "  type %s -> %s", type_names[from->type], type_names[to->type]);
        else
                kt_str_addf(out, "  allowed %s -> %s", from->validator ? from->validator : "anything",
                            to->validator ? to->validator : "anything");
        kt_str_add_char(out, '\n');
}

static void add_change(struct kt_json *list, const struct change *change, const char *name,
                       const struct kt_schema_key *from, const struct kt_schema_key *to)
{
        struct kt_json *item = kt_json_object(list, NULL);

        kt_json_text(item, "key", name);
        kt_json_text(item, "change", change->word);
        kt_json_text(item, "from", from ? from->preset : NULL);
        kt_json_text(item, "to", to ? to->preset : NULL);
        if (change->detail)
                kt_json_text(item, "next", change->detail);
}

int kt_explain_diff(const struct kt_kafka_version *from, const struct kt_kafka_version *to, bool is_json,
                    struct kt_str *out)
{
        struct kt_json *document = kt_json_new("ConfigDiff");
        struct kt_json *list;
        int r = 0;

        kt_json_text(document, "from", from->name);
        kt_json_text(document, "to", to->name);
        list = kt_json_list(document, "changes");
        for (size_t i = 0; i < kt_schema_key_count; i++) {
                const char *name = kt_schema_keys[i].name;
                const struct kt_schema_key *before = kt_schema_find(from, name);
                const struct kt_schema_key *after = kt_schema_find(to, name);
                const struct change change = compare(before, after);

                if (!change.sign || (i > 0 && strcmp(kt_schema_keys[i - 1].name, name) == 0))
                        continue; /* the same, or one that had its turn: rows of one name stand together */
                add_change(list, &change, name, before, after);
                if (!is_json)
                        say_change(out, &change, name, before, after);
        }

        if (is_json)
                r = kt_json_render(document, out);
        kt_json_free(document);
        return r < 0 ? r : kt_str_error(out);
}
