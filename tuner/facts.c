/* SPDX-License-Identifier: Apache-2.0 */
/* Facts: asks the back end of the row. */
#include "tuner/facts.h"

#include <errno.h>
#include <string.h>

#include "tuner/backend.h"

static const struct kt_backend *const backends[KT_BACKEND_COUNT_] = {
        [KT_BACKEND_SYSCTL] = &kt_backend_sysctl, [KT_BACKEND_SYSFS] = &kt_backend_sysfs,
        [KT_BACKEND_LIMIT] = &kt_backend_limit,   [KT_BACKEND_QUEUE] = &kt_backend_queue,
        [KT_BACKEND_MOUNT] = &kt_backend_mount,
};

const struct kt_backend *kt_backend_of(const struct kt_row *row)
{
        return backends[row->backend];
}

void kt_backend_add_capability(const struct kt_row *row, struct kt_backend_capabilities *set)
{
        int capability = backends[row->backend]->capability;

        for (size_t i = 0; i < set->count; i++)
                if (set->items[i] == capability)
                        return;
        if (capability != KT_BACKEND_NO_CAPABILITY && set->count < KT_BACKEND_CAPABILITIES_MAX)
                set->items[set->count++] = capability;
}

size_t kt_tuner_facts_count(const struct kt_tuner_facts *facts, const struct kt_row *row)
{
        return backends[row->backend]->count ? backends[row->backend]->count(facts, row) : 1;
}

int kt_tuner_facts_read(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *have,
                        struct kt_err *e)
{
        int r;

        r = backends[row->backend]->read(facts, row, have, e);
        if (r < 0)
                return r;
        return kt_str_error(have) < 0 ? kt_err_set(e, -ENOMEM, "keep the value of %s", row->id) : 0;
}

void kt_tuner_facts_object(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        if (backends[row->backend]->object)
                backends[row->backend]->object(facts, row, out);
        else
                kt_str_add(out, row->id);
}

void kt_tuner_facts_note(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out)
{
        if (backends[row->backend]->note)
                backends[row->backend]->note(facts, row, out);
}

int kt_tuner_facts_identify(const struct kt_tuner_facts *facts, const struct kt_row *row, struct kt_str *out,
                            struct kt_err *e)
{
        int r;

        r = backends[row->backend]->identify ? backends[row->backend]->identify(facts, row, out, e) : 0;
        if (r == 0 && kt_str_error(out) < 0)
                return kt_err_set(e, -ENOMEM, "keep the identity of %s", row->id);
        return r;
}

/* One of the row's objects has that identity, or it is out of reach. */
static int locate_by_comparing(const char *identity, const struct kt_row *row, struct kt_tuner_facts *facts,
                               struct kt_err *e)
{
        size_t count = kt_tuner_facts_count(facts, row);

        for (size_t place = 0; place < count; place++) {
                struct kt_tuner_facts candidate = *facts;
                KT_AUTO_STR struct kt_str found = { 0 };
                int r;

                candidate.place = place;
                r = kt_tuner_facts_identify(&candidate, row, &found, e);
                if (r < 0)
                        return r;
                if (strcmp(kt_str_get(&found), identity) == 0) {
                        *facts = candidate;
                        return 0;
                }
        }
        return kt_err_set(e, -EXDEV, "%s of %s is not to be reached from here", row->id, identity);
}

int kt_tuner_facts_locate(const char *identity, const struct kt_row *row, struct kt_tuner_facts *facts,
                          struct kt_err *e)
{
        if (backends[row->backend]->locate)
                return backends[row->backend]->locate(identity, row, facts, e);
        return locate_by_comparing(identity, row, facts, e);
}

void kt_tuner_facts_command(const struct kt_tuner_facts *facts, const struct kt_row *row, const char *value,
                            struct kt_str *out)
{
        backends[row->backend]->command(facts, row, value, out);
}
