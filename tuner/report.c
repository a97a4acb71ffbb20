/* SPDX-License-Identifier: Apache-2.0 */
/* What check and list say. */
#include "tuner/report.h"

#include <string.h>

#include "lib/app/report.h"
#include "lib/text/num.h"
#include "tuner/table.h"

/* ---- Text ---- */

static void add_workload(const struct kt_inputs *inputs, struct kt_str *out)
{
        char partitions[KT_NUM_TEXT_MAX];
        char size[KT_NUM_TEXT_MAX];
        char connections[KT_NUM_TEXT_MAX];

        kt_str_addf(out, "workload: %s partitions of %s, %s connections, Kafka %s",
                    kt_num_format_count(inputs->spec.workload.partitions, partitions),
                    kt_num_format_binary(inputs->spec.workload.partition_size_bytes, size),
                    kt_num_format_count(inputs->spec.workload.connections, connections), inputs->version->name);
        if (inputs->has_file)
                kt_str_addf(out, " (%s)\n\n", inputs->spec.file);
        else
                kt_str_add(out, " (no kafka.yaml: workload defaults)\n\n");
}

static void add_shown(struct kt_table *table, void (*show)(const struct kt_wish *wish, struct kt_str *out),
                      const struct kt_wish *wish)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        show(wish, &text);
        kt_table_add(table, kt_str_get(&text));
        table->cells.error = text.error ? text.error : table->cells.error;
}

static void add_have(struct kt_table *table, const char *have)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        kt_wish_show_value(have ? have : "-", &text);
        kt_table_add(table, kt_str_get(&text));
        table->cells.error = text.error ? text.error : table->cells.error;
}

static void add_header(struct kt_table *table, const char *const *titles)
{
        for (size_t i = 0; i < table->columns; i++)
                kt_table_add(table, titles[i]);
}

static int add_verdicts(const struct kt_tuner_verdicts *verdicts, const struct kt_report_look *look, struct kt_str *out)
{
        static const char *const titles[] = { "STATE", "OBJECT", "HAVE", "WANT", "WHY" };
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = KT_COUNT(titles) };

        add_header(&table, titles);
        for (size_t i = 0; i < verdicts->count; i++) {
                const struct kt_tuner_verdict *verdict = &verdicts->items[i];
                bool tells = look->verbose || verdict->state != KT_STATE_OK || !verdict->wish;

                kt_table_add(&table, kt_state_name(verdict->state));
                kt_table_add(&table, verdict->object);
                add_have(&table, verdict->have);
                if (verdict->wish)
                        add_shown(&table, kt_wish_show, verdict->wish);
                else
                        add_have(&table, verdict->want);
                kt_table_add(&table, tells ? verdict->reason : "");
        }
        return kt_table_render(&table, look->colour, out);
}

/* "12 ok, 2 drift, 1 ignored by kafka.yaml." */
static void add_summary(const struct kt_wishes *wishes, const struct kt_tuner_verdicts *verdicts, struct kt_str *out)
{
        kt_str_addf(out, "\n%zu ok", verdicts->states[KT_STATE_OK]);
        for (enum kt_state state = 0; state < KT_STATE_OK; state++) /* ok is the last one */
                if (verdicts->states[state] > 0)
                        kt_str_addf(out, ", %zu %s", verdicts->states[state], kt_state_name(state));
        if (wishes && wishes->ignored > 0)
                kt_str_addf(out, ", %zu ignored by kafka.yaml", wishes->ignored);
        kt_str_add(out, ".\n");
}

/* The same step for several rows is said once. */
static bool is_said(const struct kt_tuner_verdicts *verdicts, size_t i)
{
        for (size_t j = 0; j < i; j++)
                if (verdicts->items[j].next && strcmp(verdicts->items[j].next, verdicts->items[i].next) == 0)
                        return true;
        return false;
}

static void add_next(const struct kt_tuner_verdicts *verdicts, struct kt_str *out)
{
        const char *lead = "Next: ";

        for (size_t i = 0; i < verdicts->count; i++) {
                if (!verdicts->items[i].next || is_said(verdicts, i))
                        continue;
                kt_str_addf(out, "%s%s\n", lead, verdicts->items[i].next);
                lead = "      ";
        }
}

int kt_report_check_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                         const struct kt_tuner_verdicts *verdicts, const struct kt_report_look *look,
                         struct kt_str *out)
{
        int r;

        add_workload(inputs, out);
        r = add_verdicts(verdicts, look, out);
        if (r < 0)
                return r;

        add_summary(wishes, verdicts, out);
        add_next(verdicts, out);
        return kt_str_error(out);
}

static void add_steps(const struct kt_plan *plan, struct kt_str *out)
{
        if (plan->count == 0) {
                kt_str_add(out, "Nothing to write.\n");
                return;
        }
        kt_str_addf(out, "%zu to write, in this order:\n", plan->count);
        for (size_t i = 0; i < plan->count; i++) {
                const struct kt_step *step = &plan->items[i];

                kt_str_addf(out, "  %zu  %s: %s -> %s\n", i + 1, step->verdict->object, step->before, step->target);
        }
        kt_str_add(out, "Next: kafka-tuner apply, or kafka-tuner plan --script\n");
}

int kt_report_plan_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                        const struct kt_tuner_verdicts *verdicts, const struct kt_plan *plan,
                        const struct kt_report_look *look, struct kt_str *out)
{
        int r;

        add_workload(inputs, out);
        r = add_verdicts(verdicts, look, out);
        if (r < 0)
                return r;

        add_summary(wishes, verdicts, out);
        add_steps(plan, out);
        return kt_str_error(out);
}

int kt_report_act_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                       const struct kt_tuner_verdicts *verdicts, const struct kt_report_act *act,
                       const struct kt_report_look *look, struct kt_str *out)
{
        int r = 0;

        if (inputs)
                add_workload(inputs, out);
        if (verdicts->count > 0)
                r = add_verdicts(verdicts, look, out);
        if (r < 0)
                return r;

        if (verdicts->count > 0)
                add_summary(wishes, verdicts, out);
        if (act->written > 0)
                kt_str_addf(out, "%zu written; old values are in %s.\n", act->written, act->journal);
        else
                kt_str_addf(out, "Nothing was written%s.\n",
                            !inputs && verdicts->count == 0 ? ": the journal holds nothing to take back" : "");
        add_next(verdicts, out);
        return kt_str_error(out);
}

static int add_rows(const struct kt_wishes *wishes, const struct kt_report_look *look, struct kt_str *out)
{
        static const char *const titles[] = { "ID", "WANT", "EVIDENCE", "PROFILE", "SCOPE" };
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = KT_COUNT(titles) };

        add_header(&table, titles);
        for (size_t i = 0; i < wishes->count; i++) {
                const struct kt_row *row = wishes->items[i].row;
                const char grade[] = { row->grade, '\0' };

                kt_table_add(&table, row->id);
                add_shown(&table, kt_wish_show, &wishes->items[i]);
                kt_table_add(&table, grade);
                kt_table_add(&table, row->is_default ? "kafka" : "-");
                kt_table_add(&table, kt_row_scope_name(row->scope));
        }
        return kt_table_render(&table, look->colour, out);
}

static void add_details(const struct kt_wishes *wishes, struct kt_str *out)
{
        for (size_t i = 0; i < wishes->count; i++) {
                const struct kt_wish *wish = &wishes->items[i];
                const struct kt_row *row = wish->row;

                kt_str_addf(out, "\n%s\n  path    %s\n", row->id, row->path);
                if (row->line)
                        kt_str_addf(out, "  line    %s\n", row->line);
                kt_str_addf(out, "  why     %s\n", row->why);
                if (row->derive)
                        kt_str_addf(out, "  want    %s: %s\n", wish->want, wish->why);
                kt_str_addf(out, "  risk    %s\n  source  %s\n", row->risk, row->source);
        }
}

int kt_report_list_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                        const struct kt_report_look *look, struct kt_str *out)
{
        size_t defaults = 0;
        int r;

        for (size_t i = 0; i < wishes->count; i++)
                defaults += wishes->items[i].row->is_default;

        add_workload(inputs, out);
        r = add_rows(wishes, look, out);
        if (r < 0)
                return r;

        if (look->verbose)
                add_details(wishes, out);
        kt_str_addf(out,
                    "\n%zu tunables, %zu of them in the profile kafka; the others count when kafka.yaml or --only "
                    "names them.\n"
                    "Evidence: A measured for Kafka, B follows from code, C a vendor's default, D folklore.\n",
                    wishes->count, defaults);
        return kt_str_error(out);
}

/* ---- JSON ---- */

static void json_inputs(struct kt_json *document, const struct kt_inputs *inputs)
{
        struct kt_json *workload;

        kt_json_text(document, "config", inputs->has_file ? inputs->spec.file : NULL);
        kt_json_text(document, "kafkaVersion", inputs->version->name);
        workload = kt_json_object(document, "workload");
        kt_json_count(workload, "partitions", inputs->spec.workload.partitions);
        kt_json_count(workload, "partitionSizeBytes", inputs->spec.workload.partition_size_bytes);
        kt_json_count(workload, "connections", inputs->spec.workload.connections);
}

static void json_row(struct kt_json *object, const struct kt_wish *wish)
{
        const struct kt_row *row = wish->row;
        const char grade[] = { row->grade, '\0' };
        struct kt_json *evidence;

        kt_json_text(object, "want", wish->want);
        kt_json_text(object, "rule", kt_row_rule_name(row->rule));
        if (row->type == KT_ROW_TUPLE)
                kt_json_count(object, "column", row->column);
        kt_json_text(object, "path", row->path);
        kt_json_text(object, "scope", kt_row_scope_name(row->scope));
        evidence = kt_json_object(object, "evidence");
        kt_json_text(evidence, "grade", grade);
        kt_json_text(evidence, "source", row->source);
        kt_json_text(object, "risk", row->risk);
}

static void json_verdicts(struct kt_json *document, const struct kt_tuner_verdicts *verdicts)
{
        struct kt_json *rows = kt_json_list(document, "rows");

        for (size_t i = 0; i < verdicts->count; i++) {
                const struct kt_tuner_verdict *verdict = &verdicts->items[i];
                struct kt_json *object = kt_json_object(rows, NULL);

                kt_json_text(object, "id", verdict->id);
                kt_json_text(object, "object", verdict->object);
                kt_json_text(object, "state", kt_state_name(verdict->state));
                kt_json_text(object, "have", verdict->have);
                if (verdict->wish)
                        json_row(object, verdict->wish);
                else
                        kt_json_text(object, "want", verdict->want);
                if (verdict->reach != KT_REACH_NONE)
                        kt_json_text(object, "reach", kt_reach_name(verdict->reach));
                kt_json_text(object, "reason", verdict->reason);
                kt_json_text(object, "next", verdict->next);
        }
}

static void json_summary(struct kt_json *document, const struct kt_wishes *wishes,
                         const struct kt_tuner_verdicts *verdicts)
{
        struct kt_json *summary = kt_json_object(document, "summary");

        for (enum kt_state state = 0; state < KT_STATE_COUNT_; state++)
                kt_json_count(summary, kt_state_name(state), verdicts->states[state]);
        if (wishes)
                kt_json_count(summary, "ignored", wishes->ignored);
        kt_json_int(document, "exitCode", kt_engine_exit_code(verdicts));
}

/* Takes document. */
static int json_finish(struct kt_json *document, struct kt_str *out)
{
        int r = kt_json_render(document, out);

        kt_json_free(document);
        return r;
}

int kt_report_check_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                         const struct kt_tuner_verdicts *verdicts, struct kt_str *out)
{
        struct kt_json *document = kt_json_new("TunerReport");

        json_inputs(document, inputs);
        json_verdicts(document, verdicts);
        json_summary(document, wishes, verdicts);
        return json_finish(document, out);
}

static void json_steps(struct kt_json *document, const struct kt_plan *plan)
{
        struct kt_json *steps = kt_json_list(document, "steps");

        for (size_t i = 0; i < plan->count; i++) {
                const struct kt_step *step = &plan->items[i];
                struct kt_json *object = kt_json_object(steps, NULL);

                kt_json_text(object, "id", step->row->id);
                kt_json_text(object, "object", step->verdict->object);
                kt_json_text(object, "identity", step->identity);
                kt_json_text(object, "old", step->before);
                kt_json_text(object, "new", step->target);
                kt_json_text(object, "command", step->verdict->next);
        }
}

int kt_report_plan_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                        const struct kt_tuner_verdicts *verdicts, const struct kt_plan *plan, struct kt_str *out)
{
        struct kt_json *document = kt_json_new("TunerReport");

        kt_json_text(document, "verb", "plan");
        json_inputs(document, inputs);
        json_verdicts(document, verdicts);
        json_steps(document, plan);
        json_summary(document, wishes, verdicts);
        return json_finish(document, out);
}

int kt_report_act_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                       const struct kt_tuner_verdicts *verdicts, const struct kt_report_act *act, struct kt_str *out)
{
        struct kt_json *document = kt_json_new("TunerReport");

        kt_json_text(document, "verb", act->verb);
        if (inputs)
                json_inputs(document, inputs);
        json_verdicts(document, verdicts);
        kt_json_count(document, "written", act->written);
        kt_json_text(document, "journal", act->journal);
        json_summary(document, wishes, verdicts);
        return json_finish(document, out);
}

int kt_report_list_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes, struct kt_str *out)
{
        struct kt_json *document = kt_json_new("TunerList");
        struct kt_json *rows;
        int r;

        json_inputs(document, inputs);
        rows = kt_json_list(document, "rows");
        for (size_t i = 0; i < wishes->count; i++) {
                const struct kt_row *row = wishes->items[i].row;
                struct kt_json *object = kt_json_object(rows, NULL);

                kt_json_text(object, "id", row->id);
                kt_json_bool(object, "inProfile", row->is_default);
                kt_json_text(object, "type", kt_row_type_name(row->type));
                json_row(object, &wishes->items[i]);
                kt_json_text(object, "line", row->line);
                kt_json_text(object, "why", row->why);
                kt_json_text(object, "reason", wishes->items[i].why);
        }

        r = kt_json_render(document, out);
        kt_json_free(document);
        return r;
}
