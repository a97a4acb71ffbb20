/* SPDX-License-Identifier: Apache-2.0 */
/* kafka.yaml from anywhere: parsing ends, agrees with its findings, and leaves nothing behind. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/app/report.h"
#include "lib/app/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What no finding says has to hold. */
static void check(int r, const struct kt_spec *spec, const struct kt_findings *findings)
{
        size_t errors = kt_findings_count(findings, KT_LEVEL_ERROR);

        if (findings->error || (r != 0 && r != -EINVAL) || (r == 0) != (errors == 0))
                abort();
        if (r == 0 && (!spec->kafka.version || spec->storage.uid == 0 || spec->workload.partitions == 0))
                abort();
        if (r == 0 && spec->kafka.roles != 0 && !spec->kafka.cluster_id)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        KT_AUTO(kt_findings_done) struct kt_findings findings = { 0 };
        KT_AUTO(kt_spec_done) struct kt_spec spec = { 0 };
        KT_AUTO_STR struct kt_str out = { 0 };
        struct kt_json *document = kt_json_new("Fuzz");
        int r = kt_spec_parse("kafka.yaml", (const char *)data, size, &spec, &findings, NULL);

        check(r, &spec, &findings);

        /* Whatever the findings hold, both forms of output can take it. */
        kt_report_findings(&findings, true, &out);
        kt_json_findings(document, "findings", &findings);
        if (kt_json_render(document, &out) < 0 || kt_str_error(&out) < 0)
                abort();
        kt_json_free(document);
        return 0;
}
