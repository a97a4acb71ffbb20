/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a value fits a property: ConfigDef.parseType, and then its validator as tools/schema writes it down. */
#include "lib/kafka/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/text/num.h"

enum {
        NUMBER_TEXT_MAX = 512, /* Double.MAX_VALUE written out has 309 digits */
        PORT_MAX = 65535,
};

/* A piece of a text, not NUL-terminated. */
struct span {
        const char *text;
        size_t len;
};

/* One value on its way through the checks. */
struct check {
        const struct kt_schema_key *key;
        struct span value; /* trimmed */
        double number;     /* the value of the numeric types: ConfigDef.Range compares doubles, LONG too */
        char *why;
        size_t size;
};

KT_PRINTF(2, 3) static bool refuse(const struct check *check, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)vsnprintf(check->why, check->size, format, args); /* a cut reason is still one */
        va_end(args);
        return false;
}

/* ---- Pieces of text ---- */

/* As String.trim: everything up to U+0020 goes from both ends. */
static struct span trim(struct span span)
{
        while (span.len > 0 && (unsigned char)span.text[0] <= ' ') {
                span.text++;
                span.len--;
        }
        while (span.len > 0 && (unsigned char)span.text[span.len - 1] <= ' ')
                span.len--;
        return span;
}

/* Cuts the piece up to the separator off the front of rest and trims it. False when rest was used up before. */
static bool next_piece(struct span *rest, char separator, struct span *ret)
{
        const char *end;
        size_t len;

        if (!rest->text)
                return false;

        end = memchr(rest->text, separator, rest->len);
        len = end ? (size_t)(end - rest->text) : rest->len;
        *ret = trim((struct span){ rest->text, len });
        *rest = end ? (struct span){ end + 1, rest->len - len - 1 } : (struct span){ 0 };
        return true;
}

static bool span_is(struct span a, struct span b)
{
        return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

static bool span_is_in_any_case(struct span a, struct span b)
{
        return a.len == b.len && strncasecmp(a.text, b.text, a.len) == 0;
}

static bool span_is_text(struct span span, const char *text)
{
        return span_is_in_any_case(span, (struct span){ text, strlen(text) });
}

/* Copies a number's text, without the plus sign that Java takes and kt_num_* does not. False when it is no number. */
static bool copy_number(struct span span, char buf[NUMBER_TEXT_MAX])
{
        if (span.len > 1 && span.text[0] == '+' && span.text[1] != '-') {
                span.text++;
                span.len--;
        }
        if (span.len == 0 || span.len >= NUMBER_TEXT_MAX)
                return false;

        memcpy(buf, span.text, span.len);
        buf[span.len] = '\0';
        return true;
}

/* ---- Types ---- */

struct integer_type {
        const char *name;
        int64_t min;
        int64_t max;
};

static const struct integer_type integer_types[KT_SCHEMA_TYPE_COUNT_] = {
        [KT_SCHEMA_INT] = { "INT", INT32_MIN, INT32_MAX },
        [KT_SCHEMA_SHORT] = { "SHORT", INT16_MIN, INT16_MAX },
        [KT_SCHEMA_LONG] = { "LONG", INT64_MIN, INT64_MAX },
};

static bool parse_boolean(struct check *check)
{
        return span_is_text(check->value, "true") || span_is_text(check->value, "false") ||
               refuse(check, "must be true or false");
}

/* Java takes the digits of every script, we take ASCII's. */
static bool parse_integer(struct check *check)
{
        const struct integer_type *type = &integer_types[check->key->type];
        char buf[NUMBER_TEXT_MAX];
        int64_t value = 0;
        int r = copy_number(check->value, buf) ? kt_num_parse_i64(buf, &value) : -EINVAL;

        if (r == -EINVAL)
                return refuse(check, "not a number");
        if (r < 0 || value < type->min || value > type->max)
                return refuse(check, "must be between %lld and %lld (%s)", (long long)type->min, (long long)type->max,
                              type->name);

        check->number = (double)value;
        return true;
}

/* Double.parseDouble takes NaN, Infinity and hexadecimal too; no property means any of them, so they are refused. The
 * suffixes of Java's literals ("0.5d") are let through. */
static bool parse_double(struct check *check)
{
        char buf[NUMBER_TEXT_MAX];
        size_t len;

        if (!copy_number(check->value, buf))
                return refuse(check, "not a number");

        len = strlen(buf);
        if (len > 1 && strchr("fFdD", buf[len - 1]))
                buf[len - 1] = '\0';
        if (kt_num_parse_double(buf, &check->number) < 0)
                return refuse(check, "not a number");
        return true;
}

/* Whether the class exists only the broker can tell. */
static bool parse_class(struct check *check)
{
        for (size_t i = 0; i < check->value.len; i++)
                if ((unsigned char)check->value.text[i] <= ' ')
                        return refuse(check, "must be the name of a class");
        return check->value.len > 0 || refuse(check, "must be the name of a class");
}

static bool parse_any(struct check *check)
{
        (void)check; /* every text is one */
        return true;
}

static bool (*const parsers[KT_SCHEMA_TYPE_COUNT_])(struct check *) = {
        [KT_SCHEMA_BOOLEAN] = parse_boolean, [KT_SCHEMA_STRING] = parse_any,   [KT_SCHEMA_INT] = parse_integer,
        [KT_SCHEMA_SHORT] = parse_integer,   [KT_SCHEMA_LONG] = parse_integer, [KT_SCHEMA_DOUBLE] = parse_double,
        [KT_SCHEMA_LIST] = parse_any,        [KT_SCHEMA_CLASS] = parse_class,  [KT_SCHEMA_PASSWORD] = parse_any,
};

/* ---- Rules: rest is what stands behind the rule's first words ---- */

/* The choices of "a, b]...". */
static struct span choices_of(const char *rest)
{
        return (struct span){ rest, strcspn(rest, "]") };
}

static bool is_choice(struct span choices, struct span value, bool (*same)(struct span, struct span))
{
        struct span choice;

        while (next_piece(&choices, ',', &choice))
                if (same(choice, value))
                        return true;
        return false;
}

static bool refuse_choice(const struct check *check, const char *rest)
{
        struct span choices = choices_of(rest);

        return refuse(check, "must be one of %.*s", (int)choices.len, choices.text);
}

/* The number at one end of a range. False when the range is open there. */
static bool bound(struct span text, double *ret)
{
        char buf[NUMBER_TEXT_MAX];

        return copy_number(text, buf) && kt_num_parse_double(buf, ret) == 0;
}

/* "min,...,max]" where one of the two may be missing; " or -1" may follow. */
static bool holds_range(const struct check *check, const char *rest)
{
        static const char open[] = "...";
        const char *dots = strstr(rest, open);
        const char *end = strchr(rest, ']');
        const char *exception = end && end[1] ? ", or -1" : "";
        struct span low;
        struct span high;
        double limit;

        if (!dots || !end)
                return refuse(check, "has a range that cannot be read: %s", rest);
        if (*exception && check->number >= -1 && check->number <= -1)
                return true;

        low = (struct span){ rest, dots > rest ? (size_t)(dots - rest) - 1 : 0 };
        high = (struct span){ dots + sizeof(open), 0 };
        if (high.text < end)
                high.len = (size_t)(end - high.text);
        if (bound(low, &limit) && check->number < limit)
                return refuse(check, "must be at least %.*s%s", (int)low.len, low.text, exception);
        if (bound(high, &limit) && check->number > limit)
                return refuse(check, "must be at most %.*s%s", (int)high.len, high.text, exception);
        return true;
}

static bool holds_choice(const struct check *check, const char *rest)
{
        return is_choice(choices_of(rest), check->value, span_is) || refuse_choice(check, rest);
}

static bool holds_any_case_choice(const struct check *check, const char *rest)
{
        return is_choice(choices_of(rest), check->value, span_is_in_any_case) || refuse_choice(check, rest);
}

/* "3.9-IV0" is of release "3.9". */
static bool is_release_of(struct span choice, struct span value)
{
        const char *dash = memchr(choice.text, '-', choice.len);

        if (dash && span_is((struct span){ choice.text, (size_t)(dash - choice.text) }, value))
                return true;
        return span_is(choice, value);
}

/* As MetadataVersion.fromVersionString (3.9): what stands behind the second dot (of 0.x the third) is not looked at. */
static bool holds_release(const struct check *check, const char *rest)
{
        struct span value = check->value;
        int dots = value.len > 1 && value.text[0] == '0' && value.text[1] == '.' ? 3 : 2;

        for (size_t i = 0; i < value.len; i++)
                if (value.text[i] == '.' && i + 1 < value.len && --dots == 0)
                        value.len = i;
        return is_choice(choices_of(rest), value, is_release_of) ||
               refuse(check, "must be a release of Kafka, such as 3.9 or 3.9-IV0");
}

static bool holds_non_empty(const struct check *check, const char *rest)
{
        (void)rest; /* the rule is a word */
        return check->value.len > 0 || refuse(check, "must not be empty");
}

static bool entry_is_choice(const struct check *check, const char *rest, struct span entry)
{
        struct span choices = choices_of(rest);

        return is_choice(choices, entry, span_is) ||
               refuse(check, "must be a list of %.*s", (int)choices.len, choices.text);
}

static bool entry_is_there(const struct check *check, const char *rest, struct span entry)
{
        (void)rest; /* any text will do */
        return entry.len > 0 || refuse(check, "has an empty entry");
}

static bool is_host_port(struct span entry)
{
        const char *colon = memrchr(entry.text, ':', entry.len);
        char buf[NUMBER_TEXT_MAX];
        uint64_t port;

        if (!colon || colon == entry.text || colon[1] == '+')
                return false;
        if (!copy_number((struct span){ colon + 1, entry.len - (size_t)(colon - entry.text) - 1 }, buf))
                return false;
        return kt_num_parse_u64_in(buf, 0, PORT_MAX, &port) == 0;
}

static bool entry_is_server(const struct check *check, const char *rest, struct span entry)
{
        (void)rest; /* the rule is a word */
        return (entry.len > 0 && is_host_port(entry)) || refuse(check, "must be a list of host:port");
}

static bool entry_is_voter(const struct check *check, const char *rest, struct span entry)
{
        const char *at = entry.len > 0 ? memchr(entry.text, '@', entry.len) : NULL;
        char buf[NUMBER_TEXT_MAX];
        int64_t id;
        size_t len;

        (void)rest; /* the rule is a word */
        if (!at)
                return refuse(check, "must be a list of id@host:port");

        len = (size_t)(at - entry.text);
        if (!copy_number((struct span){ entry.text, len }, buf) || kt_num_parse_i64(buf, &id) < 0 || id < INT32_MIN ||
            id > INT32_MAX || !is_host_port((struct span){ at + 1, entry.len - len - 1 }))
                return refuse(check, "must be a list of id@host:port");
        return true;
}

struct list_rule {
        const char *words;
        bool (*holds)(const struct check *, const char *rest, struct span entry);
};

/* Longer words stand before those they begin with; so in rules[]. */
static const struct list_rule list_rules[] = {
        { " of [", entry_is_choice },
        { " of id@host:port", entry_is_voter },
        { " of host:port", entry_is_server },
        { "", entry_is_there },
};

/* "list...", perhaps with ", non-empty" at the end. Split as ConfigDef does it, at commas with blanks around. */
static bool holds_list(const struct check *check, const char *rest)
{
        const struct list_rule *row = list_rules;
        struct span entries = check->value;
        struct span entry;

        if (check->value.len == 0)
                return !strstr(rest, ", non-empty") || refuse(check, "must not be empty");

        while (strncmp(rest, row->words, strlen(row->words)) != 0)
                row++; /* the last row's words fit everything */
        while (next_piece(&entries, ',', &entry))
                if (!row->holds(check, rest + strlen(row->words), entry))
                        return false;
        return true;
}

struct rule {
        const char *words;
        bool (*holds)(const struct check *, const char *rest);
};

static const struct rule rules[] = {
        { "[", holds_range },
        { "in [", holds_choice },
        { "in any case [", holds_any_case_choice },
        { "release in [", holds_release },
        { "non-empty", holds_non_empty },
        { "list", holds_list },
};

bool kt_schema_accepts(const struct kt_schema_key *key, const char *value, char *why, size_t size)
{
        struct check check = { .key = key, .why = why, .size = size };

        check.value = trim((struct span){ value, strlen(value) });
        if (strstr(value, "${"))
                return true;
        if (!parsers[key->type](&check))
                return false;
        if (!key->validator)
                return true;

        for (size_t i = 0; i < KT_COUNT(rules); i++)
                if (strncmp(key->validator, rules[i].words, strlen(rules[i].words)) == 0)
                        return rules[i].holds(&check, key->validator + strlen(rules[i].words));
        return refuse(&check, "has a rule that is not known here: %s", key->validator);
}
