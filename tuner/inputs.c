/* SPDX-License-Identifier: Apache-2.0 */
/* From kafka.yaml to the numbers that rows are derived from. */
#include "tuner/inputs.h"

#include <errno.h>
#include <string.h>

#include "lib/app/workload.h"
#include "lib/kafka/schema.h"
#include "lib/text/num.h"

/* A property that counts here, and what it is when neither kafka.yaml nor the version's schema has a number for it. */
struct property {
        const char *name;
        uint64_t fallback;
};

static const struct property receive_buffers[] = {
        { "socket.receive.buffer.bytes", 102400 },
        { "replica.socket.receive.buffer.bytes", 65536 },
};
static const struct property send_buffers[] = { { "socket.send.buffer.bytes", 102400 } };

static const struct kt_spec_pair *find_pair(const struct kt_spec *spec, const char *name)
{
        for (size_t i = 0; i < spec->kafka.properties.count; i++)
                if (strcmp(spec->kafka.properties.items[i].key, name) == 0)
                        return &spec->kafka.properties.items[i];
        return NULL;
}

static void refuse(const struct kt_inputs *inputs, const struct kt_spec_pair *pair, struct kt_findings *findings)
{
        KT_AUTO_STR struct kt_str source = { 0 };
        struct kt_finding head = { .level = KT_LEVEL_ERROR, .id = "property-value", .key = pair->key };

        kt_str_addf(&source, "%s:%u:%u", inputs->spec.file, pair->line, pair->column);
        head.source = kt_str_get(&source);
        head.value = pair->value;
        kt_findings_add(findings, &head, "%s is '%s', which is no number", pair->key, pair->value);
}

/* A negative number means "as the system does it": nothing is asked for. */
static uint64_t property_value(const struct kt_inputs *inputs, const struct property *property,
                               struct kt_findings *findings)
{
        const struct kt_spec_pair *pair = find_pair(&inputs->spec, property->name);
        const struct kt_schema_key *key = kt_schema_find(inputs->version, property->name);
        int64_t value;

        if (pair && kt_num_parse_i64(pair->value, &value) < 0)
                refuse(inputs, pair, findings);
        else if (pair || (key && key->preset && kt_num_parse_i64(key->preset, &value) == 0))
                return value < 0 ? 0 : (uint64_t)value;
        return property->fallback;
}

static uint64_t largest(const struct kt_inputs *inputs, const struct property *properties, size_t count,
                        struct kt_findings *findings)
{
        uint64_t most = 0;

        for (size_t i = 0; i < count; i++) {
                uint64_t value = property_value(inputs, &properties[i], findings);

                most = value > most ? value : most;
        }
        return most;
}

static const char *written(const void *context, const char *name)
{
        const struct kt_spec_pair *pair = find_pair(context, name);

        return pair ? pair->value : NULL;
}

static void compute_need(struct kt_inputs *inputs, struct kt_findings *findings)
{
        const struct kt_workload_source source = { .value = written, .context = &inputs->spec };
        int64_t value;

        for (size_t i = 0; kt_workload_numbers[i]; i++) {
                const struct kt_spec_pair *pair = find_pair(&inputs->spec, kt_workload_numbers[i]);

                if (pair && kt_num_parse_i64(pair->value, &value) < 0)
                        refuse(inputs, pair, findings);
        }
        kt_workload_need_input(&inputs->spec, inputs->version, &source, inputs->spec.storage.volumes.count,
                               &inputs->need_input);
        kt_need_compute(&inputs->need_input, &inputs->need);
}

/* The version that the file names; without one the newest, since nothing here depends on more than its defaults. */
static int find_version(struct kt_inputs *inputs, struct kt_err *e)
{
        const char *name = inputs->spec.kafka.version;

        inputs->version = name ? kt_kafka_version_find(name) : &kt_kafka_versions[kt_kafka_version_count - 1];
        return inputs->version ? 0 : kt_err_set(e, -EINVAL, "kafka.version '%s' is not known", name);
}

static int load_spec(const char *path, struct kt_inputs *inputs, struct kt_findings *findings, struct kt_err *e)
{
        int r = kt_spec_load(path ? path : KT_SPEC_PATH, &inputs->spec, findings, e);

        inputs->has_file = r == 0;
        if (path || r != -ENOENT)
                return r;

        kt_err_clear(e);
        kt_spec_done(&inputs->spec);
        r = kt_spec_default(&inputs->spec);
        return r < 0 ? kt_err_set(e, r, "set the defaults of kafka.yaml") : 0;
}

int kt_inputs_load(const char *path, struct kt_inputs *ret, struct kt_findings *findings, struct kt_err *e)
{
        int r;

        r = load_spec(path, ret, findings, e);
        if (r < 0)
                return r;
        r = find_version(ret, e);
        if (r < 0)
                return r;

        compute_need(ret, findings);
        ret->receive_buffer_bytes = largest(ret, receive_buffers, KT_COUNT(receive_buffers), findings);
        ret->send_buffer_bytes = largest(ret, send_buffers, KT_COUNT(send_buffers), findings);
        return kt_findings_count(findings, KT_LEVEL_ERROR) > 0 ? -EINVAL : 0;
}

void kt_inputs_done(struct kt_inputs *inputs)
{
        kt_spec_done(&inputs->spec);
        *inputs = (struct kt_inputs){ 0 };
}
