/* SPDX-License-Identifier: MIT */
#include "sim/simpage.h"

#include "base/tick.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#define TAG "v24.3.0"

const char *simpage_version(void)
{
	return TAG;
}

static void add_member(struct text *t, const char *name, size_t len, const char *value,
                       size_t value_len)
{
	AUTO_TEXT raw = { 0 };

	text_addn(&raw, name, len);
	text_add(t, "{\"key\":");
	text_add_json(t, text_str(&raw));
	text_clear(&raw);
	text_addn(&raw, value, value_len);
	text_add(t, ",\"value\":");
	text_add_json(t, text_str(&raw));
	text_addc(t, '}');
}

/* "region=a,zone=b" as {"tiers":[…]} */
static void add_locality(struct text *t, const char *locality)
{
	const char *separator = "";

	text_add(t, "{\"tiers\":[");
	while (*locality) {
		size_t len = strcspn(locality, ",");
		size_t name = strcspn(locality, "=,");
		size_t value = name < len ? name + 1 : len;

		text_add(t, separator);
		add_member(t, locality, name, locality + value, len - value);
		locality += len + (locality[len] == ',');
		separator = ",";
	}
	text_add(t, "]}");
}

static void add_address(struct text *t, const char *name, const char *address)
{
	text_addf(t, "\"%s\":{\"networkField\":\"tcp\",\"addressField\":", name);
	text_add_json(t, address);
	text_addc(t, '}');
}

static void add_desc(struct text *t, const struct simpage_node *n)
{
	text_addf(t, "\"desc\":{\"nodeId\":%" PRIu32 ",", n->id);
	add_address(t, "address", n->sql_address);
	text_add(t, ",\"attrs\":{\"attrs\":[]},\"locality\":");
	add_locality(t, n->locality);
	text_add(t,
	         ",\"ServerVersion\":{\"majorVal\":24,\"minorVal\":3,\"patch\":0,\"internal\":0},"
	         "\"buildTag\":\"" TAG "\",");
	text_addf(t, "\"startedAt\":\"%" PRId64 "000000\",\"localityAddress\":[],",
	          n->started_wall_ms);
	text_add(t, "\"clusterName\":\"\",");
	add_address(t, "sqlAddress", n->sql_address);
	text_addc(t, ',');
	add_address(t, "httpAddress", n->http_address);
	text_addc(t, '}');
}

static void add_node(struct text *t, const struct simpage_node *n)
{
	text_addc(t, '{');
	add_desc(t, n);
	text_add(t,
	         ",\"buildInfo\":{\"goVersion\":\"\",\"tag\":\"" TAG "\",\"type\":\"simulated\"},");
	text_addf(t, "\"startedAt\":\"%" PRId64 "000000\",\"updatedAt\":\"%" PRId64 "000000\",",
	          n->started_wall_ms, tick_wall_ms());
	text_addf(t, "\"metrics\":{\"sql.conns\":%" PRIu32 ",\"sql.new_conns\":%" PRIu64 "},",
	          n->sql_now, n->sql_total);
	text_add(t, "\"storeStatuses\":[],\"args\":[\"cockroach\",\"start\"],\"env\":[],"
	            "\"latencies\":{},\"activity\":{},\"totalSystemMemory\":\"0\",\"numCpus\":1}");
}

void simpage_nodes(struct text *t, const struct simpage_node *nodes, size_t count)
{
	text_add(t, "{\"nodes\":[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_addc(t, ',');
		add_node(t, &nodes[i]);
	}
	text_add(t, "],\"livenessByNodeId\":{");
	for (size_t i = 0; i < count; i++)
		text_addf(t, "%s\"%" PRIu32 "\":%d", i ? "," : "", nodes[i].id,
		          (int)nodes[i].liveness);
	text_add(t, "}}");
}

static void add_v2_address(struct text *t, const char *name, const char *address)
{
	text_addf(t, "\"%s\":{\"network_field\":\"tcp\",\"address_field\":", name);
	text_add_json(t, address);
	text_addc(t, '}');
}

static void add_v2_node(struct text *t, const struct simpage_node *n)
{
	text_addf(t, "{\"node_id\":%" PRIu32 ",", n->id);
	add_v2_address(t, "address", n->sql_address);
	text_add(t, ",\"attrs\":{\"attrs\":[]},\"locality\":");
	add_locality(t, n->locality);
	text_addf(t,
	          ",\"ServerVersion\":{\"major_val\":24,\"minor_val\":3,\"patch\":0,"
	          "\"internal\":0},\"build_tag\":\"" TAG "\",\"started_at\":%" PRId64
	          "000000,\"cluster_name\":\"\",",
	          n->started_wall_ms);
	add_v2_address(t, "sql_address", n->sql_address);
	text_addf(t,
	          ",\"metrics\":{\"sql.conns\":%" PRIu32 "},\"total_system_memory\":0,"
	          "\"num_cpus\":1,\"updated_at\":%" PRId64 "000000,\"liveness_status\":%d}",
	          n->sql_now, tick_wall_ms(), (int)n->liveness);
}

void simpage_nodes_v2(struct text *t, const struct simpage_node *nodes, size_t count)
{
	text_add(t, "{\"nodes\":[");
	for (size_t i = 0; i < count; i++) {
		if (i)
			text_addc(t, ',');
		add_v2_node(t, &nodes[i]);
	}
	text_add(t, "]}");
}

static void add_metric(struct text *t, const char *name, const char *kind, const char *help,
                       uint64_t value)
{
	text_addf(t, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, kind, name,
	          value);
}

static uint64_t uptime_s(const struct simpage_node *n)
{
	int64_t ms = tick_wall_ms() - n->started_wall_ms;

	return ms > 0 ? (uint64_t)ms / 1000 : 0;
}

void simpage_vars(struct text *t, const struct simpage_node *n)
{
	add_metric(t, "sql_conns", "gauge", "Number of open SQL connections", n->sql_now);
	add_metric(t, "sql_new_conns", "counter", "Number of SQL connections created",
	           n->sql_total);
	add_metric(t, "sql_query_count", "counter", "Number of SQL operations started", n->queries);
	add_metric(t, "sys_uptime", "gauge", "Process uptime", uptime_s(n));
	add_metric(t, "liveness_livenodes", "gauge", "Number of live nodes in the cluster",
	           n->liveness == SIMPAGE_LIVE);
}

static uint64_t to_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * 1000000000U + (uint64_t)tv.tv_usec * 1000U;
}

void simpage_load(struct text *t, const struct simpage_node *n)
{
	struct rusage used = { 0 };

	getrusage(RUSAGE_SELF, &used);
	add_metric(t, "sys_cpu_user_ns", "gauge", "Total user cpu time", to_ns(used.ru_utime));
	add_metric(t, "sys_cpu_sys_ns", "gauge", "Total system cpu time", to_ns(used.ru_stime));
	add_metric(t, "sys_cpu_now_ns", "gauge", "The time when the cpu times were taken",
	           (uint64_t)tick_wall_ms() * 1000000U);
	add_metric(t, "sys_uptime", "gauge", "Process uptime", uptime_s(n));
	add_metric(t, "sql_query_count", "counter", "Number of SQL operations started", n->queries);
	add_metric(t, "sql_conns", "gauge", "Number of open SQL connections", n->sql_now);
}

static void add_row(struct text *t, const char *name, const char *value)
{
	text_addf(t, "<tr><th>%s</th><td>", name);
	text_add_html(t, value);
	text_add(t, "</td></tr>\n");
}

void simpage_console(struct text *t, const struct simpage_node *n)
{
	text_addf(t,
	          "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
	          "<title>Node %" PRIu32 "</title></head>\n<body>\n"
	          "<h1>Simulated CockroachDB node %" PRIu32 "</h1>\n<table>\n",
	          n->id, n->id);
	add_row(t, "state", n->state);
	add_row(t, "SQL", n->sql_address);
	add_row(t, "HTTP", n->http_address);
	add_row(t, "locality", n->locality);
	text_addf(
	    t, "<tr><th>SQL sessions</th><td>%" PRIu32 "</td></tr>\n</table>\n</body>\n</html>\n",
	    n->sql_now);
}
