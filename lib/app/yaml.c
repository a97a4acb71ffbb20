/* SPDX-License-Identifier: Apache-2.0 */
/* YAML trees, built from libyaml's events: the part of YAML that a configuration needs, without its surprises. */
#include "lib/app/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/base/array.h"

/* A document that is being built. */
struct builder {
        yaml_parser_t parser;
        const char *name;
        const char *text;
        struct kt_yaml *root;
        struct kt_yaml *open; /* the list or map that the next node goes into; NULL at the top */
        struct kt_yaml *key;  /* key of open that waits for its value */
        unsigned depth;
        unsigned node_count;
        unsigned document_count;
        struct kt_err *e;
};

void kt_yaml_free(struct kt_yaml *node)
{
        if (!node)
                return;

        for (size_t i = 0; i < node->count; i++) {
                kt_yaml_free(node->items[i]);
                if (node->kind == KT_YAML_MAP)
                        kt_yaml_free(node->keys[i]);
        }
        free(node->items);
        free(node->keys);
        free(node->text);
        free(node);
}

/* ---- Errors ---- */

static int complain(const struct builder *b, const yaml_mark_t *mark, const char *problem)
{
        return kt_err_set(b->e, -EBADMSG, "%s:%zu:%zu: %s", b->name, mark->line + 1, mark->column + 1, problem);
}

static int no_memory(const struct builder *b)
{
        return kt_err_set(b->e, -ENOMEM, "read %s", b->name);
}

/* The place of a byte; libyaml's reader only knows its offset. */
static yaml_mark_t mark_of_offset(const char *text, size_t offset)
{
        yaml_mark_t mark = { 0 };

        for (size_t i = 0; i < offset; i++) {
                if (text[i] == '\n') {
                        mark.line++;
                        mark.column = 0;
                } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
                        mark.column++;
                }
        }
        return mark;
}

static int say_parser_error(const struct builder *b)
{
        const yaml_parser_t *parser = &b->parser;
        yaml_mark_t mark = parser->problem_mark;
        const char *problem = parser->problem ? parser->problem : "this is no YAML";

        if (parser->error == YAML_MEMORY_ERROR)
                return no_memory(b);
        if (parser->error == YAML_READER_ERROR)
                mark = mark_of_offset(b->text, parser->problem_offset);
        if (parser->context)
                return kt_err_set(b->e, -EBADMSG, "%s:%zu:%zu: %s %s", b->name, mark.line + 1, mark.column + 1, problem,
                                  parser->context);
        return complain(b, &mark, problem);
}

/* ---- Nodes ---- */

/* A new node with its place; owned by the caller. */
static int new_node(struct builder *b, enum kt_yaml_kind kind, const yaml_mark_t *mark, struct kt_yaml **ret)
{
        struct kt_yaml *node;

        if (++b->node_count > KT_YAML_NODES_MAX)
                return kt_err_set(b->e, -EBADMSG, "%s:%zu:%zu: more than %d nodes", b->name, mark->line + 1,
                                  mark->column + 1, (int)KT_YAML_NODES_MAX);

        node = calloc(1, sizeof(*node));
        if (!node)
                return no_memory(b);

        node->kind = kind;
        node->line = (unsigned)mark->line + 1;
        node->column = (unsigned)mark->column + 1;
        node->parent = b->open;
        *ret = node;
        return 0;
}

/* Puts node where the document stands. Takes node. */
static int place(struct builder *b, struct kt_yaml *node)
{
        struct kt_yaml *open = b->open;

        if (!open) {
                b->root = node;
                return 0;
        }
        if (open->kind == KT_YAML_MAP && !b->key) {
                b->key = node;
                return 0;
        }

        if (kt_array_reserve(&open->items, &open->item_cap, open->count + 1, sizeof(*open->items)) < 0 ||
            (open->kind == KT_YAML_MAP &&
             kt_array_reserve(&open->keys, &open->key_cap, open->count + 1, sizeof(*open->keys)) < 0)) {
                kt_yaml_free(node);
                return no_memory(b);
        }
        if (open->kind == KT_YAML_MAP)
                open->keys[open->count] = b->key;
        open->items[open->count++] = node;
        b->key = NULL;
        return 0;
}

static bool is_key_next(const struct builder *b)
{
        return b->open && b->open->kind == KT_YAML_MAP && !b->key;
}

/* The forms of nothing of the YAML 1.2 core schema (10.3.2). */
static bool is_null_text(const char *text)
{
        static const char *const forms[] = { "", "~", "null", "Null", "NULL" };

        for (size_t i = 0; i < KT_COUNT(forms); i++)
                if (strcmp(forms[i], text) == 0)
                        return true;
        return false;
}

/* What no scalar of ours may be. */
static int check_scalar(const struct builder *b, const yaml_event_t *event, bool is_plain, bool is_null)
{
        const char *text = (const char *)event->data.scalar.value;

        if (event->data.scalar.anchor || event->data.scalar.tag)
                return complain(b, &event->start_mark, "anchors and tags are not supported");
        if (strlen(text) != event->data.scalar.length)
                return complain(b, &event->start_mark, "a text holds a NUL character");
        if (!is_key_next(b))
                return 0;

        if (is_plain && strcmp(text, "<<") == 0)
                return complain(b, &event->start_mark, "merge keys ('<<') are not supported");
        if (is_null || text[0] == '\0')
                return complain(b, &event->start_mark, "a key is empty");
        return 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
        const char *text = (const char *)event->data.scalar.value;
        bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        bool is_null = is_plain && is_null_text(text);
        struct kt_yaml *node = NULL;
        int r;

        r = check_scalar(b, event, is_plain, is_null);
        if (r < 0)
                return r;
        r = new_node(b, is_null ? KT_YAML_NULL : KT_YAML_SCALAR, &event->start_mark, &node);
        if (!node)
                return r;

        node->is_plain = is_plain;
        if (!is_null) {
                node->text = strdup(text);
                if (!node->text) {
                        kt_yaml_free(node);
                        return no_memory(b);
                }
        }
        return place(b, node);
}

static int open_collection(struct builder *b, enum kt_yaml_kind kind, const yaml_event_t *event, bool is_decorated)
{
        struct kt_yaml *node = NULL;
        int r;

        if (is_decorated)
                return complain(b, &event->start_mark, "anchors and tags are not supported");
        if (is_key_next(b))
                return complain(b, &event->start_mark, "a key has to be a text, not a list or a map");
        if (b->depth == KT_YAML_DEPTH_MAX)
                return kt_err_set(b->e, -EBADMSG, "%s:%zu:%zu: nested deeper than %d levels", b->name,
                                  event->start_mark.line + 1, event->start_mark.column + 1, (int)KT_YAML_DEPTH_MAX);

        r = new_node(b, kind, &event->start_mark, &node);
        if (!node)
                return r;
        r = place(b, node);
        if (r < 0)
                return r;

        b->open = node;
        b->depth++;
        return 0;
}

static int compare_keys(const void *a, const void *b)
{
        const struct kt_yaml *const *left = a;
        const struct kt_yaml *const *right = b;
        int r = strcmp((*left)->text, (*right)->text);

        if (r != 0)
                return r;
        if ((*left)->line != (*right)->line)
                return (*left)->line < (*right)->line ? -1 : 1;
        return (*left)->column < (*right)->column ? -1 : (*left)->column > (*right)->column;
}

/* Sorted, equal keys are neighbours: a file of many keys costs no square of them. */
static int check_duplicates(const struct builder *b, const struct kt_yaml *map)
{
        const struct kt_yaml **sorted;
        int r = 0;

        if (map->count < 2)
                return 0;

        sorted = calloc(map->count, sizeof(const struct kt_yaml *));
        if (!sorted)
                return no_memory(b);

        memcpy(sorted, map->keys, map->count * sizeof(const struct kt_yaml *));
        qsort(sorted, map->count, sizeof(const struct kt_yaml *), compare_keys);
        for (size_t i = 1; i < map->count && r == 0; i++)
                if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0)
                        r = kt_err_set(b->e, -EBADMSG, "%s:%u:%u: key '%.80s' is there already, on line %u", b->name,
                                       sorted[i]->line, sorted[i]->column, sorted[i]->text, sorted[i - 1]->line);
        free(sorted);
        return r;
}

static int close_collection(struct builder *b)
{
        struct kt_yaml *closed = b->open;

        b->open = closed->parent;
        b->depth--;
        return closed->kind == KT_YAML_MAP ? check_duplicates(b, closed) : 0;
}

/* ---- Events ---- */

/* Returns 1 at the end of the text, 0 to go on. */
static int on_event(struct builder *b, const yaml_event_t *event)
{
        switch (event->type) {
        case YAML_STREAM_END_EVENT:
                return 1;
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
                return 0;
        case YAML_DOCUMENT_START_EVENT:
                if (++b->document_count > 1)
                        return complain(b, &event->start_mark, "a second document; only one is read");
                return 0;
        case YAML_ALIAS_EVENT:
                return complain(b, &event->start_mark, "aliases ('*name') are not supported");
        case YAML_SCALAR_EVENT:
                return on_scalar(b, event);
        case YAML_SEQUENCE_START_EVENT:
                return open_collection(b, KT_YAML_LIST, event,
                                       event->data.sequence_start.anchor || event->data.sequence_start.tag);
        case YAML_MAPPING_START_EVENT:
                return open_collection(b, KT_YAML_MAP, event,
                                       event->data.mapping_start.anchor || event->data.mapping_start.tag);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                return close_collection(b);
        }
        KT_UNREACHABLE();
}

static int build(struct builder *b)
{
        static const yaml_mark_t start = { 0 };
        int r = 0;

        while (r == 0) {
                yaml_event_t event;

                if (!yaml_parser_parse(&b->parser, &event))
                        return say_parser_error(b);
                r = on_event(b, &event);
                yaml_event_delete(&event);
        }
        if (r < 0)
                return r;

        return b->root ? 0 : new_node(b, KT_YAML_NULL, &start, &b->root);
}

int kt_yaml_parse(const char *name, const char *text, size_t len, struct kt_yaml **ret, struct kt_err *e)
{
        struct builder b = { .name = name, .text = text, .e = e };
        int r;

        if (len > KT_YAML_FILE_MAX)
                return kt_err_set(e, -EBADMSG, "%s:1:1: larger than %d bytes", name, (int)KT_YAML_FILE_MAX);
        if (!yaml_parser_initialize(&b.parser))
                return kt_err_set(e, -ENOMEM, "read %s", name);

        yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, len);
        r = build(&b);
        yaml_parser_delete(&b.parser);
        if (r < 0) {
                kt_yaml_free(b.key);
                kt_yaml_free(b.root);
                return r;
        }

        *ret = b.root;
        return 0;
}

const struct kt_yaml *kt_yaml_get(const struct kt_yaml *node, const char *key)
{
        if (!node || node->kind != KT_YAML_MAP)
                return NULL;

        for (size_t i = 0; i < node->count; i++)
                if (strcmp(node->keys[i]->text, key) == 0)
                        return node->items[i];
        return NULL;
}
