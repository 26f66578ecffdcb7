/* SPDX-License-Identifier: MIT */
#include "sim/simpage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static const struct simpage_node nodes[] = {
	{ .id = 1,
	  .sql_address = "10.0.0.1:26257",
	  .http_address = "10.0.0.1:8080",
	  .locality = "region=us-east1,zone=b",
	  .state = "live",
	  .liveness = SIMPAGE_LIVE,
	  .sql_now = 3,
	  .sql_total = 12,
	  .queries = 99 },
	{ .id = 2,
	  .sql_address = "10.0.0.2:26257",
	  .http_address = "10.0.0.2:8080",
	  .locality = "",
	  .state = "<drain>",
	  .liveness = SIMPAGE_DRAINING },
};

static void assert_has(const struct text *t, const char *what)
{
	assert_non_null(strstr(text_str(t), what));
}

static void the_node_list_has_the_shape_of_status_nodes(void **state)
{
	struct text t = { 0 };

	(void)state;
	simpage_nodes(&t, nodes, 2);
	assert_has(&t, "{\"nodes\":[{\"desc\":{\"nodeId\":1,\"address\":{\"networkField\":\"tcp\","
	               "\"addressField\":\"10.0.0.1:26257\"}");
	assert_has(&t, "\"locality\":{\"tiers\":[{\"key\":\"region\",\"value\":\"us-east1\"},"
	               "{\"key\":\"zone\",\"value\":\"b\"}]}");
	assert_has(&t, "\"locality\":{\"tiers\":[]}");
	assert_has(&t, "\"sqlAddress\":{\"networkField\":\"tcp\",\"addressField\":"
	               "\"10.0.0.2:26257\"}");
	assert_has(&t, "\"httpAddress\":{\"networkField\":\"tcp\",\"addressField\":"
	               "\"10.0.0.2:8080\"}");
	assert_has(&t, "\"sql.conns\":3");
	assert_has(&t, "],\"livenessByNodeId\":{\"1\":3,\"2\":6}}");
	text_release(&t);
}

static void the_other_list_has_the_shape_of_api_v2(void **state)
{
	struct text t = { 0 };

	(void)state;
	simpage_nodes_v2(&t, nodes, 2);
	assert_has(&t, "{\"nodes\":[{\"node_id\":1,\"address\":{\"network_field\":\"tcp\","
	               "\"address_field\":\"10.0.0.1:26257\"}");
	assert_has(&t, "\"locality\":{\"tiers\":[{\"key\":\"region\",\"value\":\"us-east1\"},");
	assert_has(&t, "\"sql_address\":{\"network_field\":\"tcp\",\"address_field\":"
	               "\"10.0.0.2:26257\"}");
	assert_has(&t, "\"liveness_status\":6}]}");
	assert_null(strstr(text_str(&t), "8080"));
	text_release(&t);
}

static void metrics_have_help_type_and_value(void **state)
{
	struct text t = { 0 };

	(void)state;
	simpage_vars(&t, &nodes[0]);
	assert_has(&t, "# HELP sql_conns ");
	assert_has(&t, "# TYPE sql_conns gauge\nsql_conns 3\n");
	assert_has(&t, "\nsql_new_conns 12\n");
	text_clear(&t);
	simpage_load(&t, &nodes[0]);
	assert_has(&t, "\nsys_cpu_user_ns ");
	assert_has(&t, "\nsys_cpu_sys_ns ");
	assert_has(&t, "\nsys_cpu_now_ns ");
	assert_has(&t, "\nsys_uptime ");
	assert_has(&t, "\nsql_query_count 99\n");
	assert_has(&t, "\nsql_conns 3\n");
	text_release(&t);
}

static void the_console_names_the_node_and_escapes(void **state)
{
	struct text t = { 0 };

	(void)state;
	simpage_console(&t, &nodes[1]);
	assert_has(&t, "<title>Node 2</title>");
	assert_has(&t, "&lt;drain&gt;");
	text_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_node_list_has_the_shape_of_status_nodes),
		cmocka_unit_test(the_other_list_has_the_shape_of_api_v2),
		cmocka_unit_test(metrics_have_help_type_and_value),
		cmocka_unit_test(the_console_names_the_node_and_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
