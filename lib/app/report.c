/* SPDX-License-Identifier: Apache-2.0 */
/* Output for people and for programs. */
#include "lib/app/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/text/utf8.h"

/* A handle on one part of a document. The document itself is the first of them and owns the others. */
struct kt_json {
        json_t *node;             /* one reference of our own */
        struct kt_json *document; /* itself, for the document */
        struct kt_json *next;     /* the document's list of parts */
        bool is_lost;             /* of the document: something could not be stored */
};

/* Stands for what there was no memory for. Nobody writes to it, since it has no document. */
static const struct kt_json lost_part = { 0 };

/* ---- Text that is safe to show ---- */

/* jansson refuses what is no UTF-8; a name on a volume can be anything. */
static void add_valid(struct kt_str *out, const char *text)
{
        size_t len = strlen(text);

        for (size_t i = 0; i < len;) {
                uint32_t code = 0;
                size_t n = kt_utf8_decode(text + i, len - i, &code);

                if (n == 0)
                        kt_str_add(out, KT_UTF8_REPLACEMENT);
                else
                        kt_str_add_bytes(out, text + i, n);
                i += n == 0 ? 1 : n;
        }
}

/* ---- Building ---- */

/* A handle on node inside document. Takes node, also when it fails. */
static struct kt_json *new_part(struct kt_json *document, json_t *node)
{
        struct kt_json *part = node ? calloc(1, sizeof(*part)) : NULL;

        if (!part) {
                json_decref(node);
                if (document)
                        document->is_lost = true;
                return (struct kt_json *)&lost_part; /* never written to, see there */
        }

        part->node = node;
        part->document = document ? document : part;
        if (document) {
                part->next = document->next;
                document->next = part;
        }
        return part;
}

/* Puts value under key, or at the end of a list when key is NULL. Takes value; NULL means that memory ran out. */
static void put(struct kt_json *parent, const char *key, json_t *value)
{
        KT_AUTO_STR struct kt_str clean = { 0 };
        int r = -1;

        if (!parent->document) {
                json_decref(value);
                return;
        }

        if (key)
                add_valid(&clean, key);
        if (kt_str_error(&clean) < 0)
                json_decref(value);
        else if (key)
                r = json_object_set_new(parent->node, kt_str_get(&clean), value);
        else
                r = json_array_append_new(parent->node, value);
        if (r < 0)
                parent->document->is_lost = true;
}

/* NULL when memory ran out. */
static json_t *new_text(const char *value)
{
        KT_AUTO_STR struct kt_str clean = { 0 };

        add_valid(&clean, value);
        return kt_str_error(&clean) < 0 ? NULL : json_string(kt_str_get(&clean));
}

struct kt_json *kt_json_new(const char *kind)
{
        struct kt_json *document = new_part(NULL, json_object());

        kt_json_text(document, "apiVersion", "k8skafka/v1");
        kt_json_text(document, "kind", kind);
        return document;
}

void kt_json_free(struct kt_json *document)
{
        if (!document || !document->document)
                return;

        for (struct kt_json *part = document; part;) {
                struct kt_json *next = part->next;

                json_decref(part->node);
                free(part);
                part = next;
        }
}

void kt_json_text(struct kt_json *object, const char *key, const char *value)
{
        put(object, key, value ? new_text(value) : json_null());
}

void kt_json_count(struct kt_json *object, const char *key, uint64_t value)
{
        put(object, key, value > INT64_MAX ? json_null() : json_integer((json_int_t)value));
}

void kt_json_int(struct kt_json *object, const char *key, int64_t value)
{
        put(object, key, json_integer(value));
}

void kt_json_real(struct kt_json *object, const char *key, double value)
{
        put(object, key, isfinite(value) ? json_real(value) : json_null());
}

void kt_json_bool(struct kt_json *object, const char *key, bool value)
{
        put(object, key, json_boolean(value));
}

/* Puts a new object or list in place and gives a handle on it. */
static struct kt_json *put_part(struct kt_json *parent, const char *key, json_t *node)
{
        if (!parent->document) {
                json_decref(node);
                return parent;
        }

        put(parent, key, json_incref(node));
        return new_part(parent->document, node);
}

struct kt_json *kt_json_object(struct kt_json *parent, const char *key)
{
        return put_part(parent, key, json_object());
}

struct kt_json *kt_json_list(struct kt_json *parent, const char *key)
{
        return put_part(parent, key, json_array());
}

void kt_json_add_text(struct kt_json *list, const char *value)
{
        kt_json_text(list, NULL, value);
}

static void add_finding(struct kt_json *list, const struct kt_finding *finding)
{
        const struct {
                const char *key;
                const char *value;
        } members[] = {
                { "level", kt_level_name(finding->level) },
                { "id", finding->id },
                { "key", finding->key },
                { "value", finding->value },
                { "source", finding->source },
                { "message", finding->message },
                { "next", finding->next },
        };
        struct kt_json *object = kt_json_object(list, NULL);

        for (size_t i = 0; i < KT_COUNT(members); i++)
                if (members[i].value)
                        kt_json_text(object, members[i].key, members[i].value);
}

void kt_json_findings(struct kt_json *object, const char *key, const struct kt_findings *findings)
{
        struct kt_json *list = kt_json_list(object, key);

        if (findings->error && object->document)
                object->document->is_lost = true;
        for (size_t i = 0; i < findings->count; i++)
                add_finding(list, &findings->items[i]);
}

static int dump_into(const char *bytes, size_t len, void *context)
{
        struct kt_str *out = context;

        kt_str_add_bytes(out, bytes, len);
        return kt_str_error(out);
}

int kt_json_render(const struct kt_json *document, struct kt_str *out)
{
        /* 15 digits are what a double keeps of any decimal number; 17 would print 0.1 as 0.10000000000000001. */
        const size_t flags = JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15);

        if (!document->document || document->is_lost)
                return -ENOMEM;
        if (json_dump_callback(document->node, dump_into, out, flags) < 0)
                return -ENOMEM;

        kt_str_add_char(out, '\n');
        return kt_str_error(out);
}

/* ---- Reading ---- */

static int parse(const char *name, const char *text, size_t len, size_t flags, struct kt_json **ret, struct kt_err *e)
{
        struct kt_json *document;
        json_error_t error;
        json_t *node;

        if (len > KT_JSON_TEXT_MAX)
                return kt_err_set(e, -EBADMSG, "%s: larger than %d bytes", name, (int)KT_JSON_TEXT_MAX);

        node = json_loadb(text, len, JSON_REJECT_DUPLICATES | flags, &error);
        if (!node && error.text[0] == '\0') /* jansson has words for everything but a lack of memory */
                return kt_err_set(e, -ENOMEM, "read %s", name);
        if (!node)
                return kt_err_set(e, -EBADMSG, "%s:%d:%d: %s", name, error.line, error.column, error.text);

        document = new_part(NULL, node);
        if (!document->document)
                return kt_err_set(e, -ENOMEM, "read %s", name);

        *ret = document;
        return 0;
}

int kt_json_parse(const char *name, const char *text, size_t len, struct kt_json **ret, struct kt_err *e)
{
        return parse(name, text, len, 0, ret, e);
}

int kt_json_parse_foreign(const char *name, const char *text, size_t len, struct kt_json **ret, struct kt_err *e)
{
        return parse(name, text, len, JSON_ALLOW_NUL, ret, e);
}

/* The member of an object: 0, or why there is none. */
static int get_member(const struct kt_json *object, const char *key, json_t **ret)
{
        json_t *member;

        if (!object->document)
                return -ENOMEM;
        if (!json_is_object(object->node))
                return -EINVAL;

        member = json_object_get(object->node, key);
        if (!member)
                return -ENOENT;

        *ret = member;
        return 0;
}

int kt_json_get_text(const struct kt_json *object, const char *key, const char **ret)
{
        json_t *member = NULL;
        int r = get_member(object, key, &member);

        if (r < 0)
                return r;
        if (!json_is_string(member) || strlen(json_string_value(member)) != json_string_length(member))
                return -EINVAL;

        *ret = json_string_value(member);
        return 0;
}

int kt_json_get_count(const struct kt_json *object, const char *key, uint64_t *ret)
{
        json_t *member = NULL;
        int r = get_member(object, key, &member);

        if (r < 0)
                return r;
        if (!json_is_integer(member) || json_integer_value(member) < 0)
                return -EINVAL;

        *ret = (uint64_t)json_integer_value(member);
        return 0;
}

int kt_json_get_real(const struct kt_json *object, const char *key, double *ret)
{
        json_t *member = NULL;
        int r = get_member(object, key, &member);

        if (r < 0)
                return r;
        if (!json_is_number(member))
                return -EINVAL;

        *ret = json_number_value(member);
        return 0;
}

int kt_json_get_bool(const struct kt_json *object, const char *key, bool *ret)
{
        json_t *member = NULL;
        int r = get_member(object, key, &member);

        if (r < 0)
                return r;
        if (!json_is_boolean(member))
                return -EINVAL;

        *ret = json_is_true(member);
        return 0;
}

int kt_json_get_part(struct kt_json *object, const char *key, struct kt_json **ret)
{
        struct kt_json *part;
        json_t *member = NULL;
        int r = get_member(object, key, &member);

        if (r < 0)
                return r;
        if (!json_is_object(member) && !json_is_array(member))
                return -EINVAL;

        part = new_part(object->document, json_incref(member));
        if (!part->document)
                return -ENOMEM;

        *ret = part;
        return 0;
}

struct kt_json *kt_json_at(struct kt_json *list, size_t i)
{
        json_t *item;

        if (!list->document)
                return NULL;

        item = json_array_get(list->node, i);
        return item ? new_part(list->document, json_incref(item)) : NULL;
}

/* ---- Text ---- */

struct paint {
        const char *word;
        const char *code; /* SGR parameter, ECMA-48 8.3.117 */
};

#define GREEN  "32"
#define YELLOW "33"
#define RED    "31"
#define CYAN   "36"
#define FAINT  "2"

static const struct paint paints[] = {
        /* nothing to do any more */
        { "ok", GREEN },
        { "ready", GREEN },
        { "done", GREEN },
        { "applied", GREEN },
        { "unchanged", FAINT },
        { "unsupported", FAINT },
        /* something will be done */
        { "planned", CYAN },
        { "fixable", CYAN },
        { "note", CYAN },
        /* somebody should look */
        { "drift", YELLOW },
        { "warning", YELLOW },
        { "skipped", YELLOW },
        { "denied", YELLOW },
        /* stopped */
        { "error", RED },
        { "failed", RED },
        { "refused", RED },
        { "conflict", RED },
};

bool kt_report_has_colour(FILE *stream)
{
        const char *off = getenv("NO_COLOR");
        const char *term = getenv("TERM");

        if (off && off[0] != '\0')
                return false;
        if (term && strcmp(term, "dumb") == 0)
                return false;
        return isatty(fileno(stream)) == 1;
}

const char *kt_report_word(const char *word, bool colour, char *buf, size_t size)
{
        for (size_t i = 0; i < KT_COUNT(paints) && colour; i++) {
                int n;

                if (strcmp(paints[i].word, word) != 0)
                        continue;
                n = snprintf(buf, size, "\x1b[%sm%s\x1b[0m", paints[i].code, word);
                return n >= 0 && (size_t)n < size ? buf : word;
        }
        return word;
}

static void add_finding_lines(const struct kt_finding *finding, bool colour, struct kt_str *out)
{
        char buf[64];

        if (finding->source) {
                kt_str_add_printable(out, finding->source);
                kt_str_add(out, ": ");
        }
        kt_str_addf(out, "%s: ", kt_report_word(kt_level_name(finding->level), colour, buf, sizeof(buf)));
        kt_str_add_printable(out, finding->message);
        kt_str_add_char(out, '\n');

        if (!finding->next || finding->next[0] == '\0' || strstr(finding->message, finding->next))
                return;
        kt_str_add(out, "  next: ");
        kt_str_add_printable(out, finding->next);
        kt_str_add_char(out, '\n');
}

void kt_report_findings(const struct kt_findings *findings, bool colour, struct kt_str *out)
{
        size_t errors = kt_findings_count(findings, KT_LEVEL_ERROR);
        size_t warnings = kt_findings_count(findings, KT_LEVEL_WARNING);

        for (size_t i = 0; i < findings->count; i++)
                add_finding_lines(&findings->items[i], colour, out);

        if (errors > 0)
                kt_str_addf(out, "%zu error%s", errors, errors == 1 ? "" : "s");
        if (warnings > 0)
                kt_str_addf(out, "%s%zu warning%s", errors > 0 ? ", " : "", warnings, warnings == 1 ? "" : "s");
        if (errors + warnings > 0)
                kt_str_add_char(out, '\n');
        if (findings->error && !out->error)
                out->error = findings->error;
}

int kt_report_print(const struct kt_str *text, FILE *stream)
{
        if (text->error)
                return text->error;

        errno = 0;
        if (fwrite(kt_str_get(text), 1, text->len, stream) != text->len || fflush(stream) != 0)
                return errno ? -errno : -EIO;
        return 0;
}
