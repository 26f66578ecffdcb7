/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <inttypes.h>
#include <string.h>

static const char total[] = "_total";

static bool ends_with_total(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(total) && strcmp(name + len - strlen(total), total) == 0;
}

static bool is_counter(enum metric_kind kind)
{
	return kind == METRIC_KIND_COUNTER || kind == METRIC_KIND_HTTP;
}

/* OpenMetrics has no counter whose name does not end so (specification, "Counter"). */
static const char *type_of(bool openmetrics, const char *name, enum metric_kind kind)
{
	if (!is_counter(kind))
		return "gauge";
	return openmetrics && !ends_with_total(name) ? "unknown" : "counter";
}

static void add_family(struct text *out, bool openmetrics, const char *name, enum metric_kind kind)
{
	size_t len = strlen(name);

	if (openmetrics && is_counter(kind) && ends_with_total(name))
		len -= strlen(total);
	text_addn(out, name, len);
}

void series_begin(struct text *out, bool openmetrics, const char *name, enum metric_kind kind,
                  const char *help)
{
	text_add(out, "# HELP ");
	add_family(out, openmetrics, name, kind);
	text_addf(out, " %s\n# TYPE ", help);
	add_family(out, openmetrics, name, kind);
	text_addf(out, " %s\n", type_of(openmetrics, name, kind));
}

static void add_value(struct text *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			text_add(out, "\\n");
		else if (*s == '"' || *s == '\\')
			text_addf(out, "\\%c", *s);
		else
			text_addc(out, *s);
	}
}

void series_add_name(struct text *out, const char *name, const char *const labels[])
{
	text_add(out, name);
	for (size_t i = 0; labels[i]; i += 2) {
		text_addf(out, "%s%s=\"", i ? "," : "{", labels[i]);
		add_value(out, labels[i + 1]);
		text_addc(out, '"');
	}
	text_add(out, labels[0] ? "} " : " ");
}

void series_add(struct text *out, const char *name, const char *const labels[], int64_t value)
{
	series_add_name(out, name, labels);
	text_addf(out, "%" PRId64 "\n", value);
}
