/* SPDX-License-Identifier: Apache-2.0 */
/* Java properties files. The input may be anything: it comes from volumes and ConfigMaps. */
#include "lib/kafka/properties.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/text/utf8.h"

enum {
        REPLACEMENT_CHARACTER = 0xfffd,
        SURROGATE_FIRST = 0xd800,
        SURROGATE_LOW = 0xdc00,
        SURROGATE_LAST = 0xdfff,
        BMP_END = 0x10000, /* first code point that takes two UTF-16 units */
};

/* The characters that load and store write as a backslash and a letter. */
static const struct escape {
        char character;
        char letter;
} escapes[] = { { '\t', 't' }, { '\n', 'n' }, { '\r', 'r' }, { '\f', 'f' } };

/* ---- UTF-8 ---- */

static void utf8_add(struct kt_str *out, uint32_t c)
{
        if (c < 0x80) {
                kt_str_add_char(out, (char)c);
                return;
        }

        if (c < 0x800) {
                kt_str_add_char(out, (char)(0xc0 | c >> 6));
        } else {
                if (c < BMP_END) {
                        kt_str_add_char(out, (char)(0xe0 | c >> 12));
                } else {
                        kt_str_add_char(out, (char)(0xf0 | c >> 18));
                        kt_str_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
                }
                kt_str_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
        }
        kt_str_add_char(out, (char)(0x80 | (c & 0x3f)));
}

static bool is_utf8(const char *text)
{
        const char *end = text + strlen(text);
        uint32_t c;
        size_t n;

        for (; text < end; text += n) {
                n = kt_utf8_decode(text, (size_t)(end - text), &c);
                if (n == 0)
                        return false;
        }
        return true;
}

/* ---- Lines ---- */

struct input {
        const char *bytes;
        size_t len;
        size_t at;
        unsigned line; /* natural lines begun so far */
};

/* One natural line without its end, which is \n, \r or both. False at the end of the input. */
static bool next_natural(struct input *in, const char **ret_start, const char **ret_end)
{
        size_t end = in->at;

        if (in->at >= in->len)
                return false;

        while (end < in->len && in->bytes[end] != '\n' && in->bytes[end] != '\r')
                end++;

        *ret_start = in->bytes + in->at;
        *ret_end = in->bytes + end;
        if (end + 1 < in->len && in->bytes[end] == '\r' && in->bytes[end + 1] == '\n')
                end++;
        in->at = end + 1;
        in->line++;
        return true;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\f';
}

static bool ends_in_odd_backslash(const char *start, const char *end)
{
        size_t count = 0;

        while (end > start && *--end == '\\')
                count++;
        return count % 2 == 1;
}

/* Nothing behind the line, but for one character that ends it. Java looks for input behind that character before it
 * drops a backslash, so that a lonely backslash there makes an empty entry, and "\\\r\n" at the end makes none. */
static bool is_last(const struct input *in, const char *end)
{
        return (size_t)(in->bytes + in->len - end) <= 1;
}

/* Joins the natural lines of one entry, escapes untouched. Blank lines and comments count only between entries. */
static bool next_logical(struct input *in, struct kt_str *line, unsigned *ret_number)
{
        const char *start;
        const char *end;

        kt_str_clear(line);
        while (next_natural(in, &start, &end)) {
                while (start < end && is_blank(*start))
                        start++;
                if (line->len == 0) {
                        if (start == end || *start == '#' || *start == '!')
                                continue;
                        *ret_number = in->line;
                }

                if (!ends_in_odd_backslash(start, end)) {
                        kt_str_add_bytes(line, start, (size_t)(end - start));
                        return true;
                }
                kt_str_add_bytes(line, start, (size_t)(end - start) - 1);
                if (is_last(in, end))
                        return true;
        }
        return line->len > 0;
}

/* ---- Entries ---- */

/* Where the key ends and where the value begins. */
static void split(const char *line, size_t len, size_t *ret_key_end, size_t *ret_value)
{
        bool escaped = false;
        bool separated = false;
        size_t at = 0;

        for (; at < len; at++) {
                if (!escaped && (is_blank(line[at]) || line[at] == '=' || line[at] == ':'))
                        break;
                escaped = line[at] == '\\' && !escaped;
        }
        *ret_key_end = at;

        for (; at < len; at++) {
                bool is_separator = line[at] == '=' || line[at] == ':';

                if (!is_blank(line[at]) && (!is_separator || separated))
                        break;
                separated = separated || is_separator;
        }
        *ret_value = at;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* The four digits of a \u escape. */
static bool read_unit(const char *text, size_t len, uint32_t *ret)
{
        uint32_t unit = 0;

        if (len < 4)
                return false;

        for (size_t i = 0; i < 4; i++) {
                int digit = hex_digit(text[i]);

                if (digit < 0)
                        return false;
                unit = unit << 4 | (uint32_t)digit;
        }
        *ret = unit;
        return true;
}

/* A \u escape, and the second one of a surrogate pair; text points behind the 'u'. Returns what is wrong or NULL. */
static const char *read_unicode(const char *text, size_t len, uint32_t *ret, size_t *ret_used)
{
        uint32_t high;
        uint32_t low;

        if (!read_unit(text, len, &high))
                return "\\u needs four hexadecimal digits";

        *ret = high;
        *ret_used = 4;
        if (high < SURROGATE_FIRST || high > SURROGATE_LAST)
                return NULL;

        if (high >= SURROGATE_LOW || len < 10 || text[4] != '\\' || text[5] != 'u')
                return "half of a surrogate pair";
        if (!read_unit(text + 6, len - 6, &low))
                return "\\u needs four hexadecimal digits";
        if (low < SURROGATE_LOW || low > SURROGATE_LAST)
                return "half of a surrogate pair";

        *ret = BMP_END + ((high - SURROGATE_FIRST) << 10 | (low - SURROGATE_LOW));
        *ret_used = 10;
        return NULL;
}

static uint32_t unescape_letter(char letter)
{
        for (size_t i = 0; i < KT_COUNT(escapes); i++)
                if (escapes[i].letter == letter)
                        return (uint32_t)escapes[i].character;
        return (uint8_t)letter; /* any other character stands for itself */
}

/* Key or value without escapes, as UTF-8. Returns what is wrong or NULL. */
static const char *unescape(const char *text, size_t len, struct kt_str *out)
{
        for (size_t at = 0; at < len;) {
                uint32_t c = (uint8_t)text[at++]; /* ISO-8859-1 is the first 256 code points */

                if (c == '\\' && at < len) {
                        char letter = text[at++];

                        c = unescape_letter(letter);
                        if (letter == 'u') {
                                size_t used;
                                const char *problem = read_unicode(text + at, len - at, &c, &used);

                                if (problem)
                                        return problem;
                                at += used;
                        }
                }
                if (c == 0)
                        return "a NUL character";
                utf8_add(out, c);
        }
        return NULL;
}

/* ---- The list ---- */

static void item_done(struct kt_property *item)
{
        free(item->key);
        free(item->value);
        free(item->source);
        *item = (struct kt_property){ 0 };
}

void kt_properties_done(struct kt_properties *list)
{
        for (size_t i = 0; i < list->count; i++)
                item_done(&list->items[i]);
        free(list->items);
        *list = (struct kt_properties){ 0 };
}

static struct kt_property *find(const struct kt_properties *list, const char *key)
{
        for (size_t i = 0; i < list->count; i++)
                if (strcmp(list->items[i].key, key) == 0)
                        return &list->items[i];
        return NULL;
}

/* The place for a key: the one it has, or a new one at the end, counted by the caller once it is filled. */
KT_MUST_CHECK static int place(struct kt_properties *list, struct kt_property *old, struct kt_property **ret)
{
        int r;

        if (old) {
                *ret = old;
                return 0;
        }

        if (list->count >= KT_PROPERTIES_MAX)
                return -E2BIG;

        r = kt_array_reserve(&list->items, &list->cap, list->count + 1, sizeof(*list->items));
        if (r < 0)
                return r;

        *ret = &list->items[list->count];
        return 0;
}

KT_MUST_CHECK static int put(struct kt_properties *list, const char *key, const char *value, const char *source,
                             unsigned line)
{
        struct kt_property *old = find(list, key);
        struct kt_property item = { .line = line };
        struct kt_property *at;
        int r;

        r = place(list, old, &at);
        if (r < 0)
                return r;

        item.key = strdup(key);
        item.value = strdup(value);
        item.source = source ? strdup(source) : NULL;
        if (!item.key || !item.value || (source && !item.source)) {
                item_done(&item);
                return -ENOMEM;
        }

        if (old)
                item_done(old);
        else
                list->count++;
        *at = item;
        return 0;
}

int kt_properties_set(struct kt_properties *list, const char *key, const char *value, const char *source)
{
        if (!is_utf8(key) || !is_utf8(value))
                return -EILSEQ;
        return put(list, key, value, source, 0);
}

const struct kt_property *kt_properties_find(const struct kt_properties *list, const char *key)
{
        return find(list, key);
}

const char *kt_properties_get(const struct kt_properties *list, const char *key)
{
        const struct kt_property *item = find(list, key);

        return item ? item->value : NULL;
}

/* ---- Parsing ---- */

struct parse {
        const char *name;
        struct kt_properties *list;
        kt_properties_on_duplicate *on_duplicate;
        void *context;
        struct kt_str key, value, source;
};

static void parse_done(struct parse *p)
{
        kt_str_done(&p->key);
        kt_str_done(&p->value);
        kt_str_done(&p->source);
}

/* One entry, which began on line number. */
KT_MUST_CHECK static int parse_entry(struct parse *p, const struct kt_str *line, unsigned number, struct kt_err *e)
{
        const char *text = kt_str_get(line);
        const struct kt_property *old;
        const char *problem;
        size_t key_end;
        size_t value;
        int r;

        kt_str_clear(&p->key);
        kt_str_clear(&p->value);
        kt_str_clear(&p->source);
        kt_str_addf(&p->source, "%s:%u", p->name, number);

        split(text, line->len, &key_end, &value);
        problem = unescape(text, key_end, &p->key);
        if (!problem)
                problem = unescape(text + value, line->len - value, &p->value);
        if (problem)
                return kt_err_set(e, -EBADMSG, "%s:%u: %s", p->name, number, problem);
        if (kt_str_error(line) || kt_str_error(&p->key) || kt_str_error(&p->value) || kt_str_error(&p->source))
                return kt_err_set(e, -ENOMEM, "%s:%u", p->name, number);

        old = find(p->list, kt_str_get(&p->key));
        if (old && p->on_duplicate)
                p->on_duplicate(p->context, old, number);

        r = put(p->list, kt_str_get(&p->key), kt_str_get(&p->value), kt_str_get(&p->source), number);
        if (r == -E2BIG)
                return kt_err_set(e, r, "%s:%u: more than %d properties", p->name, number, KT_PROPERTIES_MAX);
        return r < 0 ? kt_err_set(e, r, "%s:%u", p->name, number) : 0;
}

int kt_properties_parse(const char *name, const char *bytes, size_t len, struct kt_properties *ret,
                        kt_properties_on_duplicate *on_duplicate, void *context, struct kt_err *e)
{
        KT_AUTO(kt_properties_done) struct kt_properties list = { 0 };
        KT_AUTO(parse_done)
        struct parse p = { .name = name, .list = &list, .on_duplicate = on_duplicate, .context = context };
        KT_AUTO_STR struct kt_str line = { 0 };
        struct input in = { .bytes = bytes, .len = len };
        unsigned number = 0;

        if (len > KT_PROPERTIES_FILE_MAX)
                return kt_err_set(e, -EFBIG, "%s is larger than %d bytes", name, KT_PROPERTIES_FILE_MAX);

        while (next_logical(&in, &line, &number)) {
                int r = parse_entry(&p, &line, number, e);

                if (r < 0)
                        return r;
        }

        if (kt_str_error(&line))
                return kt_err_set(e, -ENOMEM, "%s:%u", name, number);

        *ret = list;
        list = (struct kt_properties){ 0 };
        return 0;
}

/* ---- Rendering ---- */

static void add_unit(struct kt_str *out, uint32_t unit)
{
        kt_str_addf(out, "\\u%04X", (unsigned)unit);
}

static void add_escaped(struct kt_str *out, uint32_t c)
{
        for (size_t i = 0; i < KT_COUNT(escapes); i++) {
                if (c == (uint32_t)escapes[i].character) {
                        kt_str_add_char(out, '\\');
                        kt_str_add_char(out, escapes[i].letter);
                        return;
                }
        }

        if (c >= BMP_END) {
                add_unit(out, SURROGATE_FIRST + ((c - BMP_END) >> 10));
                add_unit(out, SURROGATE_LOW + ((c - BMP_END) & 0x3ff));
        } else if (c < ' ' || c > '~') {
                add_unit(out, c);
        } else {
                if (c == '=' || c == ':' || c == '#' || c == '!' || c == '\\')
                        kt_str_add_char(out, '\\');
                kt_str_add_char(out, (char)c);
        }
}

/* Properties.store escapes every space of a key, but of a value only the first when it leads. */
static void add_text(struct kt_str *out, const char *text, bool is_key)
{
        const char *end = text + strlen(text);
        const char *at = text;

        while (at < end) {
                uint32_t c = REPLACEMENT_CHARACTER;
                size_t n = kt_utf8_decode(at, (size_t)(end - at), &c);

                if (c == ' ' && (is_key || at == text))
                        kt_str_add_char(out, '\\');
                add_escaped(out, c);
                at += n > 0 ? n : 1;
        }
}

void kt_properties_render_line(const char *key, const char *value, struct kt_str *out)
{
        add_text(out, key, true);
        kt_str_add_char(out, '=');
        add_text(out, value, false);
        kt_str_add_char(out, '\n');
}

static int by_key(const void *a, const void *b)
{
        const struct kt_property *const *left = a;
        const struct kt_property *const *right = b;

        return strcmp((*left)->key, (*right)->key);
}

void kt_properties_render(const struct kt_properties *list, struct kt_str *out)
{
        KT_AUTO_FREE const struct kt_property **sorted = NULL;

        if (list->count == 0)
                return;

        sorted = reallocarray(NULL, list->count, sizeof(const struct kt_property *));
        if (!sorted) {
                out->error = -ENOMEM;
                return;
        }

        for (size_t i = 0; i < list->count; i++)
                sorted[i] = &list->items[i];
        qsort(sorted, list->count, sizeof(const struct kt_property *), by_key);
        for (size_t i = 0; i < list->count; i++)
                kt_properties_render_line(sorted[i]->key, sorted[i]->value, out);
}
