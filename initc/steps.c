/* SPDX-License-Identifier: Apache-2.0 */
/* What a run tells. */
#include "initc/steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/array.h"
#include "lib/base/auto.h"
#include "lib/text/str.h"

enum { NAME_WIDTH = 11, ASIDE_COLUMN = 72 };

void kt_steps_init(struct kt_steps *steps, const struct kt_args *args)
{
        *steps = (struct kt_steps){ .is_text = args->output == KT_OUTPUT_TEXT };
        steps->colour = steps->is_text && kt_report_has_colour(stdout);
}

void kt_steps_done(struct kt_steps *steps)
{
        for (size_t i = 0; i < steps->count; i++)
                free(steps->items[i].message);
        free(steps->items);
        *steps = (struct kt_steps){ 0 };
}

const char *kt_step_state_name(enum kt_step_state state)
{
        static const char *const names[KT_STEP_COUNT_] = { [KT_STEP_DONE] = "done",
                                                           [KT_STEP_UNCHANGED] = "unchanged",
                                                           [KT_STEP_PLANNED] = "planned",
                                                           [KT_STEP_REFUSED] = "refused",
                                                           [KT_STEP_FAILED] = "failed" };

        return names[state];
}

/* One line: the name, its text indented where it has several lines, and the aside. */
static void print_line(const struct kt_steps *steps, const char *name, const char *text, const char *aside)
{
        KT_AUTO_STR struct kt_str line = { 0 };
        char painted[32];
        size_t pad = NAME_WIDTH > strlen(name) ? NAME_WIDTH - strlen(name) : 1;

        kt_str_addf(&line, "%s%*s", kt_report_word(name, steps->colour, painted, sizeof(painted)), (int)pad, "");
        while (*text) {
                KT_AUTO_FREE char *part = strndup(text, strcspn(text, "\n"));

                kt_str_add_printable(&line, part ? part : "");
                text += strcspn(text, "\n");
                if (*text == '\n')
                        kt_str_addf(&line, "\n%*s", NAME_WIDTH, "");
                text += *text == '\n';
        }
        if (aside) {
                kt_str_add(&line, "  ");
                kt_str_pad(&line, ASIDE_COLUMN, ' ');
                kt_str_add(&line, aside);
        }
        kt_str_add_char(&line, '\n');
        if (kt_report_print(&line, stdout) < 0)
                return; /* a closed stdout must not keep a volume from being prepared */
}

void kt_steps_add(struct kt_steps *steps, const char *name, enum kt_step_state state, const char *aside,
                  const char *format, ...)
{
        char *message;
        va_list args;

        va_start(args, format);
        message = kt_str_vmake(format, args);
        va_end(args);
        if (!message)
                return;

        if (steps->is_text)
                print_line(steps, name, message, aside);
        if (kt_array_reserve(&steps->items, &steps->cap, steps->count + 1, sizeof(*steps->items)) < 0) {
                free(message);
                return;
        }
        steps->items[steps->count++] = (struct kt_step){ .name = name, .state = state, .message = message };
}

void kt_steps_say(const struct kt_steps *steps, const char *name, const char *format, ...)
{
        KT_AUTO_FREE char *text = NULL;
        va_list args;

        if (!steps->is_text)
                return;

        va_start(args, format);
        text = kt_str_vmake(format, args);
        va_end(args);
        if (text)
                print_line(steps, name, text, NULL);
}

char *kt_steps_finding_text(const struct kt_finding *finding)
{
        /* a message that begins with the path it is about needs no other place */
        const char *source = finding->message[0] == '/' ? NULL : finding->source;

        return kt_str_make("%s%s%s%s%s", source ? source : "", source ? ": " : "", finding->message,
                           finding->next ? "\nNext: " : "", finding->next ? finding->next : "");
}

static void say_finding(const struct kt_steps *steps, const char *word, const struct kt_finding *finding)
{
        KT_AUTO_FREE char *text = kt_steps_finding_text(finding);

        kt_steps_say(steps, word, "%s", text ? text : finding->message);
}

void kt_steps_say_findings(const struct kt_steps *steps, const struct kt_findings *findings, bool verbose)
{
        static const struct {
                enum kt_level level;
                const char *word;
        } order[] = { { KT_LEVEL_NOTE, "note" }, { KT_LEVEL_WARNING, "warning" }, { KT_LEVEL_ERROR, "refused" } };

        for (size_t o = 0; o < KT_COUNT(order); o++)
                for (size_t i = 0; i < findings->count; i++)
                        if (findings->items[i].level == order[o].level && (o > 0 || verbose))
                                say_finding(steps, order[o].word, &findings->items[i]);
}

void kt_steps_json(const struct kt_steps *steps, struct kt_json *document)
{
        struct kt_json *list = kt_json_list(document, "steps");

        for (size_t i = 0; i < steps->count; i++) {
                struct kt_json *item = kt_json_object(list, NULL);

                kt_json_text(item, "name", steps->items[i].name);
                kt_json_text(item, "state", kt_step_state_name(steps->items[i].state));
                kt_json_text(item, "message", steps->items[i].message);
        }
}
