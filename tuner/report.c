/* SPDX-License-Identifier: Apache-2.0 */
/* What check, plan, apply, revert and list say. */
#include "tuner/report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "lib/app/report.h"
#include "lib/text/num.h"
#include "tuner/probe.h"
#include "tuner/table.h"

enum {
        BACKING_MAX = 1024,
        DAYS_MAX = 36500, /* a century is as good as never */
        /* Of cells: what is left is for the reason. The longest id has 28. */
        OBJECT_WIDEST = 36,
        VALUE_WIDEST = 18,
        WANT_WIDEST = 24,
};

/* ---- Text ---- */

static void add_workload(const struct kt_inputs *inputs, struct kt_str *out)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        char partitions[KT_NUM_TEXT_MAX];
        char size[KT_NUM_TEXT_MAX];
        char connections[KT_NUM_TEXT_MAX];

        kt_str_addf(&text, "%s partitions of %s, %s connections, Kafka %s (%s)",
                    kt_num_format_count(inputs->spec.workload.partitions, partitions),
                    kt_num_format_binary(inputs->spec.workload.partition_size_bytes, size),
                    kt_num_format_count(inputs->spec.workload.connections, connections), inputs->version->name,
                    inputs->has_file ? inputs->spec.file : "no kafka.yaml: defaults");
        kt_str_add(out, "workload  ");
        kt_table_wrap(kt_str_get(&text), 10, out);
        out->error = text.error ? text.error : out->error;
}

/* "loop0 (file /images/pv.img)", "dm-0 on vda, vdb". */
static void add_devices(const struct kt_root *root, const struct kt_device_stack *stack, struct kt_str *out)
{
        for (size_t i = 0; i < stack->count; i++) {
                char file[BACKING_MAX];

                kt_str_add(out, i == 0 ? "" : i == 1 ? " on " : ", ");
                kt_str_add_printable(out, stack->items[i].name);
                if (kt_device_backing(root, &stack->items[i], file, sizeof(file)) <= 0)
                        continue;
                kt_str_add(out, " (file ");
                kt_str_add_printable(out, file);
                kt_str_add_char(out, ')');
        }
}

static void add_volumes(const struct kt_report_node *node, struct kt_str *out)
{
        for (size_t i = 0; node->queues && i < node->queues->count; i++) {
                const struct kt_device_stack *stack = &node->queues->stacks[i];
                KT_AUTO_STR struct kt_str text = { 0 };

                if (stack->mount) {
                        kt_str_add_printable(&text, stack->mount->target);
                        kt_str_add(&text, ": ");
                        kt_str_add_printable(&text, stack->mount->fstype);
                        kt_str_add(&text, " on ");
                }
                add_devices(node->root, stack, &text);
                kt_str_add(out, "volume    ");
                kt_table_wrap(kt_str_get(&text), 10, out);
                out->error = text.error ? text.error : out->error;
        }
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

/* What failed needs every word; of the others the line that there is has to do, unless all is asked for. */
static void add_reason(struct kt_table *table, const struct kt_tuner_verdict *verdict, bool verbose)
{
        const bool failed = verdict->state == KT_STATE_CONFLICT || verdict->state == KT_STATE_ERROR ||
                            verdict->state == KT_STATE_DENIED || !verdict->wish;

        if (verdict->state == KT_STATE_OK && !verbose && verdict->wish)
                kt_table_add(table, "");
        else if (failed || verbose)
                kt_table_add_whole(table, verdict->reason);
        else
                kt_table_add(table, verdict->reason);
}

static int add_verdicts(const struct kt_tuner_verdicts *verdicts, const struct kt_report_look *look, struct kt_str *out)
{
        static const char *const titles[] = { "STATE", "OBJECT", "HAVE", "WANT", "WHY" };
        KT_AUTO(kt_table_done)
        struct kt_table table = { .columns = KT_COUNT(titles),
                                  .widest = { 0, OBJECT_WIDEST, VALUE_WIDEST, WANT_WIDEST } };

        add_header(&table, titles);
        for (size_t i = 0; i < verdicts->count; i++) {
                const struct kt_tuner_verdict *verdict = &verdicts->items[i];

                kt_table_add(&table, kt_state_name(verdict->state));
                kt_table_add(&table, verdict->object);
                add_have(&table, verdict->have);
                if (verdict->wish)
                        add_shown(&table, kt_wish_show, verdict->wish);
                else
                        add_have(&table, verdict->want);
                add_reason(&table, verdict, look->verbose);
        }
        return kt_table_render(&table, look->colour, out);
}

/* ---- Processes ---- */

static void add_number(struct kt_table *table, uint64_t value)
{
        char text[KT_NUM_TEXT_MAX];

        kt_table_add(table, value == KT_PROCESS_UNKNOWN ? "-" : kt_num_format_count(value, text));
}

static void add_forecast(struct kt_table *table, const struct kt_forecast *forecast)
{
        KT_AUTO_STR struct kt_str text = { 0 };
        char days[KT_NUM_TEXT_MAX];

        if (forecast->basis == KT_FORECAST_NONE)
                kt_str_add(&text, "-");
        else if (!(forecast->days < DAYS_MAX))
                kt_str_addf(&text, "never (%s)", kt_forecast_basis_name(forecast->basis));
        else
                kt_str_addf(&text, "%s %s days (%s)", forecast->basis == KT_FORECAST_AGE ? "not before" : "in",
                            kt_num_format_count((uint64_t)forecast->days, days),
                            kt_forecast_basis_name(forecast->basis));
        kt_table_add(table, kt_str_get(&text));
        table->cells.error = text.error ? text.error : table->cells.error;
}

static void add_process(struct kt_table *table, const struct kt_inputs *inputs, const struct kt_processes *processes,
                        const struct kt_process *process)
{
        const struct kt_forecast files = kt_process_forecast_files(inputs, process);
        const struct kt_forecast maps = kt_process_forecast_maps(inputs, processes, process);
        KT_AUTO_STR struct kt_str name = { 0 };

        kt_str_addf(&name, "%s %" PRIu64, process->unit[0] ? process->unit : process->name, process->pid);
        kt_table_add(table, kt_process_kind_name(process->kind));
        kt_table_add(table, kt_str_get(&name));
        table->cells.error = name.error ? name.error : table->cells.error;
        kt_table_add(table, "open files");
        add_number(table, process->files.soft);
        add_number(table, process->files.hard);
        add_number(table, process->files_used);
        add_number(table, inputs->need.descriptors.total);
        add_forecast(table, &files);
        if (process->kind == KT_PROCESS_RUNTIME)
                return;

        for (size_t i = 0; i < 2; i++)
                kt_table_add(table, "");
        kt_table_add(table, "map areas");
        kt_table_add(table, "");
        add_number(table, processes->max_map_count);
        add_number(table, process->maps_used);
        add_number(table, inputs->need.maps.total);
        add_forecast(table, &maps);
}

static int add_processes(const struct kt_inputs *inputs, const struct kt_processes *processes, struct kt_str *out)
{
        static const char *const titles[] = { "PROCESS", "", "LIMIT", "SOFT", "HARD", "USED", "NEED", "REACHED" };
        KT_AUTO(kt_table_done) struct kt_table table = { .columns = KT_COUNT(titles), .widest = { 0, 24 } };

        if (!processes || processes->count == 0)
                return 0;
        add_header(&table, titles);
        for (size_t i = 0; i < processes->count; i++)
                add_process(&table, inputs, processes, &processes->items[i]);
        kt_str_add_char(out, '\n');
        return kt_table_render(&table, false, out);
}

/* "12 ok, 2 drift, 1 ignored by kafka.yaml." */
static void add_summary(const struct kt_wishes *wishes, const struct kt_tuner_verdicts *verdicts, struct kt_str *out)
{
        kt_str_addf(out, "%zu ok", verdicts->states[KT_STATE_OK]);
        for (enum kt_state state = 0; state < KT_STATE_OK; state++) /* ok is the last one */
                if (verdicts->states[state] > 0)
                        kt_str_addf(out, ", %zu %s", verdicts->states[state], kt_state_name(state));
        if (wishes && wishes->ignored > 0)
                kt_str_addf(out, ", %zu ignored by kafka.yaml", wishes->ignored);
        kt_str_add(out, ".");
}

/* The same step for several rows is said once. */
static bool is_said(const struct kt_tuner_verdicts *verdicts, size_t i)
{
        for (size_t j = 0; j < i; j++)
                if (verdicts->items[j].next && strcmp(verdicts->items[j].next, verdicts->items[i].next) == 0)
                        return true;
        return false;
}

/* What plan would write by itself. */
static bool is_for_plan(const struct kt_tuner_verdict *verdict)
{
        return verdict->state == KT_STATE_DRIFT && verdict->wish && !verdict->wish->is_check_only &&
               (verdict->wish->row->scope != KT_SCOPE_PROCESS || verdict->at.pid > 0);
}

/* What a person has to do because no other verb does. Of what is not there only when all is asked for. */
static size_t add_by_hand(const struct kt_tuner_verdicts *verdicts, const struct kt_report_look *look,
                          struct kt_str *out)
{
        size_t count = 0;

        for (size_t i = 0; i < verdicts->count; i++) {
                const struct kt_tuner_verdict *verdict = &verdicts->items[i];

                if (!verdict->next || is_for_plan(verdict) || is_said(verdicts, i) ||
                    (verdict->state == KT_STATE_UNSUPPORTED && verdict->wish && !look->verbose))
                        continue;
                kt_str_add(out, count++ == 0 ? "\nby hand   " : "          ");
                kt_table_wrap(verdict->next, 10, out);
        }
        return count;
}

/* The last line: how it stands, and the command that goes on from here. */
static void add_last_line(const struct kt_wishes *wishes, const struct kt_tuner_verdicts *verdicts, const char *next,
                          struct kt_str *out)
{
        KT_AUTO_STR struct kt_str text = { 0 };

        add_summary(wishes, verdicts, &text);
        kt_str_add_char(out, '\n');
        if (text.len + strlen(" Next: ") + strlen(next) > KT_TABLE_WIDTH) {
                kt_table_wrap(kt_str_get(&text), 0, out);
                kt_str_clear(&text);
        }
        kt_str_addf(&text, "%sNext: %s", text.len > 0 ? " " : "", next);
        kt_table_wrap(kt_str_get(&text), 0, out);
        out->error = text.error ? text.error : out->error;
}

static char *next_of_check(const struct kt_tuner_verdicts *verdicts, const struct kt_report_look *look, size_t by_hand)
{
        size_t writable = 0;

        for (size_t i = 0; i < verdicts->count; i++)
                writable += is_for_plan(&verdicts->items[i]);
        if (writable > 0)
                return kt_str_make("kafka-tuner plan%s", look->arguments);
        if (verdicts->states[KT_STATE_OK] == verdicts->count)
                return kt_str_make("nothing, all is as wanted");
        if (by_hand > 0 && verdicts->states[KT_STATE_DRIFT] > 0)
                return kt_str_make("what is to be done by hand, then kafka-tuner check%s", look->arguments);
        return kt_str_make("kafka-tuner doctor%s", look->arguments);
}

int kt_report_check_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                         const struct kt_tuner_verdicts *verdicts, const struct kt_report_node *node,
                         const struct kt_report_look *look, struct kt_str *out)
{
        KT_AUTO_FREE char *next = NULL;
        int r;

        add_workload(inputs, out);
        add_volumes(node, out);
        kt_str_add_char(out, '\n');
        r = add_verdicts(verdicts, look, out);
        if (r == 0)
                r = add_processes(inputs, node->processes, out);
        if (r < 0)
                return r;

        next = next_of_check(verdicts, look, add_by_hand(verdicts, look, out));
        if (!next)
                return -ENOMEM;
        add_last_line(wishes, verdicts, next, out);
        return kt_str_error(out);
}

static void add_steps(const struct kt_plan *plan, struct kt_str *out)
{
        if (plan->count > 0)
                kt_str_addf(out, "\n%zu to write, in this order:\n", plan->count);
        for (size_t i = 0; i < plan->count; i++) {
                const struct kt_step *step = &plan->items[i];
                KT_AUTO_STR struct kt_str text = { 0 };

                kt_str_addf(&text, "%s: %s -> %s", step->verdict->object, step->before, step->target);
                kt_str_addf(out, "  %2zu  ", i + 1);
                kt_table_wrap(kt_str_get(&text), 6, out);
                out->error = text.error ? text.error : out->error;
        }
}

static char *next_of_plan(const struct kt_plan *plan, const struct kt_report_look *look)
{
        if (plan->count == 0)
                return kt_str_make("nothing, for there is nothing to write");
        if (look->is_copy)
                return kt_str_make("kafka-tuner apply, on that machine");
        return kt_str_make("kafka-tuner apply%s, or without it kafka-tuner plan --script%s", look->arguments,
                           look->arguments);
}

int kt_report_plan_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                        const struct kt_tuner_verdicts *verdicts, const struct kt_plan *plan,
                        const struct kt_report_look *look, struct kt_str *out)
{
        KT_AUTO_FREE char *next = next_of_plan(plan, look);
        int r;

        if (!next)
                return -ENOMEM;
        add_workload(inputs, out);
        kt_str_add_char(out, '\n');
        r = add_verdicts(verdicts, look, out);
        if (r < 0)
                return r;

        (void)add_by_hand(verdicts, look, out); /* how many does not matter here */
        add_steps(plan, out);
        add_last_line(wishes, verdicts, next, out);
        return kt_str_error(out);
}

static void add_proof(const struct kt_report_act *act, struct kt_str *out)
{
        const struct kt_effect *effect = act->proof ? &act->proof->effect : NULL;
        KT_AUTO_STR struct kt_str text = { 0 };
        char before[KT_NUM_TEXT_MAX];
        char after[KT_NUM_TEXT_MAX];

        if (!effect)
                return;
        kt_str_addf(&text, "%s, on %s; %zu rounds of old and new", kt_probe_about(act->proven->probe), act->folder,
                    effect->rounds);
        kt_str_add(out, "\nprobe     ");
        kt_table_wrap(kt_str_get(&text), 10, out);
        kt_str_addf(out, "old       %s/s (median)\nnew       %s/s (median)\neffect    ",
                    kt_num_format_decimal((uint64_t)effect->before, before),
                    kt_num_format_decimal((uint64_t)effect->after, after));
        kt_effect_show(effect, out);
        kt_str_addf(out, "\nverdict   %s\n", act->proof->is_kept ? "the new value stays" : "old value kept");
        out->error = text.error ? text.error : out->error;
}

static char *next_of_act(const struct kt_report_act *act, const struct kt_tuner_verdicts *verdicts,
                         const struct kt_report_look *look, bool is_revert)
{
        if (verdicts->count == 0)
                return kt_str_make("Nothing was written: the journal holds nothing to take back.");
        if (act->written == 0)
                return kt_str_make("Nothing was written.");
        if (is_revert)
                return kt_str_make("%zu written; %s keeps what became of them.", act->written, act->journal);
        return kt_str_make("%zu written; old values are in %s. Next: kafka-tuner revert%s takes them back",
                           act->written, act->journal, look->arguments);
}

int kt_report_act_text(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                       const struct kt_tuner_verdicts *verdicts, const struct kt_report_act *act,
                       const struct kt_report_look *look, struct kt_str *out)
{
        KT_AUTO_FREE char *next = next_of_act(act, verdicts, look, !inputs);
        KT_AUTO_STR struct kt_str text = { 0 };
        int r = 0;

        if (!next)
                return -ENOMEM;
        if (inputs) {
                add_workload(inputs, out);
                kt_str_add_char(out, '\n');
        }
        if (verdicts->count > 0)
                r = add_verdicts(verdicts, look, out);
        if (r < 0)
                return r;

        add_proof(act, out);
        (void)add_by_hand(verdicts, look, out); /* how many does not matter here */
        if (verdicts->count > 0) {
                kt_str_add_char(out, '\n');
                add_summary(wishes, verdicts, &text);
                kt_str_add_char(&text, ' ');
        }
        kt_str_add(&text, next);
        kt_table_wrap(kt_str_get(&text), 0, out);
        return kt_str_error(&text) < 0 ? -ENOMEM : kt_str_error(out);
}

static int add_rows(const struct kt_wishes *wishes, const struct kt_report_look *look, struct kt_str *out)
{
        static const char *const titles[] = { "ID", "WANT", "EVIDENCE", "PROFILE", "SCOPE" };
        KT_AUTO(kt_table_done)
        struct kt_table table = { .columns = KT_COUNT(titles), .widest = { OBJECT_WIDEST, WANT_WIDEST } };

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

static void add_detail(const char *what, const char *text, struct kt_str *out)
{
        kt_str_addf(out, "  %-8s", what);
        kt_table_wrap(text, 10, out);
}

static void add_details(const struct kt_wishes *wishes, struct kt_str *out)
{
        for (size_t i = 0; i < wishes->count; i++) {
                const struct kt_wish *wish = &wishes->items[i];
                const struct kt_row *row = wish->row;
                KT_AUTO_STR struct kt_str want = { 0 };

                kt_str_addf(out, "\n%s\n", row->id);
                add_detail("path", row->path, out);
                if (row->line)
                        add_detail("line", row->line, out);
                add_detail("why", row->why, out);
                if (row->derive)
                        kt_str_addf(&want, "%s: %s", wish->want, wish->why);
                if (want.len > 0)
                        add_detail("want", kt_str_get(&want), out);
                add_detail("risk", row->risk, out);
                add_detail("source", row->source, out);
                if (row->probe != KT_ROW_PROBE_NONE)
                        add_detail("probe", kt_probe_about(row->probe), out);
                out->error = want.error ? want.error : out->error;
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
        kt_str_add_char(out, '\n');
        r = add_rows(wishes, look, out);
        if (r < 0)
                return r;

        if (look->verbose)
                add_details(wishes, out);
        kt_str_addf(out,
                    "\n%zu tunables, %zu of them in the profile kafka; the others count when kafka.yaml or --only\n"
                    "names them. Evidence: A measured for Kafka, B follows from code, C a vendor's default,\n"
                    "D folklore. Next: kafka-tuner check%s\n",
                    wishes->count, defaults, look->verbose ? "" : ", or kafka-tuner list -v for the reasons");
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

static void json_volumes(struct kt_json *document, const struct kt_report_node *node)
{
        struct kt_json *volumes = kt_json_list(document, "volumes");

        for (size_t i = 0; node->queues && i < node->queues->count; i++) {
                const struct kt_device_stack *stack = &node->queues->stacks[i];
                struct kt_json *volume = kt_json_object(volumes, NULL);
                struct kt_json *devices;

                kt_json_text(volume, "path", stack->mount ? stack->mount->target : NULL);
                kt_json_text(volume, "filesystem", stack->mount ? stack->mount->fstype : NULL);
                devices = kt_json_list(volume, "devices");
                for (size_t k = 0; k < stack->count; k++) {
                        struct kt_json *device = kt_json_object(devices, NULL);
                        char file[BACKING_MAX];

                        kt_json_text(device, "name", stack->items[k].name);
                        kt_json_text(device, "id", stack->items[k].id[0] ? stack->items[k].id : NULL);
                        if (kt_device_backing(node->root, &stack->items[k], file, sizeof(file)) > 0)
                                kt_json_text(device, "file", file);
                }
        }
}

static void json_limit(struct kt_json *process, const char *key, const struct kt_limit *limit, uint64_t used,
                       uint64_t need, const struct kt_forecast *forecast)
{
        struct kt_json *object = kt_json_object(process, key);

        kt_json_count(object, "soft", limit->soft);
        kt_json_count(object, "hard", limit->hard);
        kt_json_count(object, "used", used);
        kt_json_count(object, "need", need);
        kt_json_real(object, "daysLeft", forecast->basis == KT_FORECAST_NONE ? HUGE_VAL : forecast->days);
        kt_json_text(object, "basis", kt_forecast_basis_name(forecast->basis));
}

static void json_processes(struct kt_json *document, const struct kt_inputs *inputs,
                           const struct kt_processes *processes)
{
        struct kt_json *list = kt_json_list(document, "processes");

        for (size_t i = 0; processes && i < processes->count; i++) {
                const struct kt_process *process = &processes->items[i];
                const struct kt_limit maps = { processes->max_map_count, processes->max_map_count };
                const struct kt_forecast files_forecast = kt_process_forecast_files(inputs, process);
                const struct kt_forecast maps_forecast = kt_process_forecast_maps(inputs, processes, process);
                struct kt_json *object = kt_json_object(list, NULL);

                kt_json_count(object, "pid", process->pid);
                kt_json_text(object, "kind", kt_process_kind_name(process->kind));
                kt_json_text(object, "name", process->name);
                kt_json_text(object, "unit", process->unit[0] ? process->unit : NULL);
                kt_json_count(object, "ageSeconds", process->age_seconds);
                json_limit(object, "files", &process->files, process->files_used, inputs->need.descriptors.total,
                           &files_forecast);
                if (process->kind != KT_PROCESS_RUNTIME)
                        json_limit(object, "maps", &maps, process->maps_used, inputs->need.maps.total, &maps_forecast);
        }
}

int kt_report_check_json(const struct kt_inputs *inputs, const struct kt_wishes *wishes,
                         const struct kt_tuner_verdicts *verdicts, const struct kt_report_node *node,
                         struct kt_str *out)
{
        struct kt_json *document = kt_json_new("TunerReport");

        json_inputs(document, inputs);
        json_verdicts(document, verdicts);
        json_volumes(document, node);
        json_processes(document, inputs, node->processes);
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

static void json_proof(struct kt_json *document, const struct kt_report_act *act)
{
        const struct kt_effect *effect = act->proof ? &act->proof->effect : NULL;
        struct kt_json *object;

        if (!effect)
                return;
        object = kt_json_object(document, "proof");
        kt_json_text(object, "id", act->proven->id);
        kt_json_text(object, "probe", kt_probe_about(act->proven->probe));
        kt_json_text(object, "folder", act->folder);
        kt_json_count(object, "rounds", effect->rounds);
        kt_json_real(object, "oldBytesPerSecond", effect->before);
        kt_json_real(object, "newBytesPerSecond", effect->after);
        kt_json_real(object, "change", effect->change);
        kt_json_real(object, "low", effect->low);
        kt_json_real(object, "high", effect->high);
        kt_json_real(object, "confidence", (double)KT_EFFECT_CONFIDENCE_PERCENT / 100);
        kt_json_text(object, "verdict", kt_effect_name(effect->verdict));
        kt_json_bool(object, "kept", act->proof->is_kept);
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
        json_proof(document, act);
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
