/* SPDX-License-Identifier: MIT */
/* WRAP: daemon_snapshot roster_order roster_enable_check roster_enable_agent roster_set_agent */
/* WRAP: crew_end_sessions roster_ready */
#include "httpscene.h"

#include "../net/pki.h"
#include "net/tls.h"

#include <unistd.h>

struct snapshot *__wrap_daemon_snapshot(struct daemon *d);
void __wrap_roster_order(struct roster *r, struct topology_server *s, enum roster_order order);
void __wrap_roster_enable_check(struct roster *r, struct topology_server *s, bool on);
void __wrap_roster_enable_agent(struct roster *r, struct topology_server *s, bool on);
void __wrap_roster_set_agent(struct roster *r, struct topology_server *s, bool up);
uint32_t __wrap_crew_end_sessions(struct crew *c, const struct topology_server *s,
                                  enum reason reason);
bool __wrap_roster_ready(const struct roster *r, char *reason, size_t size);

/* So many were taken: one for each page. */
static unsigned int snapshots;

struct snapshot *__wrap_daemon_snapshot(struct daemon *d)
{
	(void)d;
	snapshots++;
	return scene_snapshot();
}

void __wrap_roster_order(struct roster *r, struct topology_server *s, enum roster_order order)
{
	(void)r;
	scene_note("order", s, (int)order);
}

void __wrap_roster_enable_check(struct roster *r, struct topology_server *s, bool on)
{
	(void)r;
	scene_note("check", s, on);
}

void __wrap_roster_enable_agent(struct roster *r, struct topology_server *s, bool on)
{
	(void)r;
	scene_note("agent", s, on);
}

void __wrap_roster_set_agent(struct roster *r, struct topology_server *s, bool up)
{
	(void)r;
	scene_note("says", s, up);
}

uint32_t __wrap_crew_end_sessions(struct crew *c, const struct topology_server *s,
                                  enum reason reason)
{
	(void)c;
	scene_note("end", s, (int)reason);
	return strcmp(s->settings->name, "a") == 0;
}

bool __wrap_roster_ready(const struct roster *r, char *reason, size_t size)
{
	(void)r;
	snprintf(reason, size, "be has no usable server");
	return false;
}

/* What `stats uri /s`, `stats auth` and so on of a file of HAProxy's become. */
static struct settings_admin section(void)
{
	return (struct settings_admin){
		.name = "stats",
		.id = 6,
		.stats_uri = "/s",
		.metrics_path = "/m",
		.monitor_uri = "/alive",
		.stats_only = true,
		.refresh_s = 10,
	};
}

static void statistics_have_the_forms_of_haproxy(void **state)
{
	static const struct {
		const char *target, *has[3];
	} cases[] = {
		{ "/s",
		  { "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
		    "Cache-Control: no-cache\r\n",
		    "Refresh: 10\r\n", "<h1>HAProxy version 2.6.0-sluice-0.1.0," } },
		{ "/sfoo", { "200 OK", "HAProxy version", "" } },
		{ "/s;up", { "UP (1/1)", "/s;csv", "" } },
		{ "/s;csv",
		  { "Content-Type: text/plain\r\nCache-Control: no-cache\r\n",
		    "\r\n\r\n# pxname,svname,", "stats,BACKEND," } },
		{ "/s/;csv;norefresh", { "# pxname", "fe,FRONTEND", "be,x" } },
		{ "/s?;csv", { "# pxname", "fe,FRONTEND", "" } },
		{ "/s;csv?scope=FE", { "# pxname", "fe,FRONTEND", "fe2,FRONTEND" } },
		{ "/s;typed", { "text/plain", "F.2.0.0.pxname.1:KNS:str:fe\n", "" } },
		{ "/s;json", { "application/json", "[[{\"objType\":\"Frontend\"", "" } },
		{ "/s;json-schema", { "application/json", "{\"$schema\":", "" } },
		{ "/s;st=DONE", { "Action processed successfully.", "", "" } },
		{ "/m",
		  { "Content-Type: text/plain; version=0.0.4", "haproxy_server_status{", "" } },
		{ "/m?scope=global&metrics=haproxy_process_nbthread",
		  { "haproxy_process_nbthread 2\n", "", "" } },
		{ "/m?scope=nonsense", { "HTTP/1.1 400 Bad request", "", "" } },
		{ "/alive", { "200 OK", "Service ready.", "" } },
	};
	struct settings_admin settings = section();
	struct scene s;

	(void)state;
	scene_open(&s, &settings);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *answer = scene_get(&s, cases[i].target);

		for (size_t k = 0; k < 3 && cases[i].has[k]; k++)
			scene_expect(answer, cases[i].has[k]);
	}
	assert_null(strstr(scene_get(&s, "/s;norefresh"), "Refresh:"));
	assert_null(strstr(scene_get(&s, "/s;csv;scope=fe"), "be,"));
	assert_null(strstr(scene_get(&s, "/s;csv"), "10.0.0.1:"));
	s.daemon.stopping = true;
	scene_expect(scene_get(&s, "/alive"), "503 Service Unavailable");
	scene_close(&s);
}

static void a_section_of_haproxy_answers_nothing_else(void **state)
{
	static const char *const targets[] = { "/",        "/v1/status", "/healthz",
		                               "/metrics", "/readyz",    "/haproxy?stats;csv",
		                               "/x/s" };
	struct settings_admin settings = section();
	struct scene s;

	(void)state;
	scene_open(&s, &settings);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		scene_expect(scene_get(&s, targets[i]),
		             "<html><body><h1>503 Service Unavailable</h1>\n"
		             "No server is available to handle this request.\n</body></html>\n");
	scene_expect(scene_ask(&s, "PUT", "/s", "", NULL), "503 Service Unavailable");
	scene_close(&s);
}

static void an_endpoint_of_its_own_has_the_dashboard_too(void **state)
{
	static const struct {
		const char *target, *has, *uri;
	} cases[] = {
		{ "/", "sluice", NULL },
		{ "/stats", "<title>", NULL },
		{ "/stats;csv", "# pxname", NULL },
		{ "/stats;csv;norefresh", "# pxname", NULL },
		{ "/stats?;csv", "# pxname", NULL },
		{ "/stats/;csv", "# pxname", NULL },
		{ "/stats;up", "Statistics Report", NULL },
		{ "/statsfoo", "404 Not Found", NULL },
		{ "/haproxy?stats", "Statistics Report", NULL },
		{ "/haproxy?stats;csv", "# pxname", NULL },
		{ "/metrics", "sluice_build_info", NULL },
		{ "/metrics?scope=server&no-maint", "sluice_server_usable", NULL },
		{ "/v1/status", "\"services\"", NULL },
		{ "/v1/events", "{\"events\": [", NULL },
		{ "/healthz", "\r\n\r\nok\n", NULL },
		{ "/readyz", "503 Service Unavailable", NULL },
		{ "/nothing", "/haproxy?stats", NULL },
		{ "/stats", "Statistics Report", "/stats" },
		{ "/", "Statistics Report", "/" },
		{ "/v1/status", "\"services\"", "/" },
		{ "/;csv", "# pxname", "/" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_admin settings = { .stats_uri = cases[i].uri };
		struct scene s;

		scene_open(&s, &settings);
		scene_expect(scene_get(&s, cases[i].target), cases[i].has);
		scene_close(&s);
	}
}

static void users_are_asked_for(void **state)
{
	static const struct settings_user users[] = { { "admin", "pw" } };
	static const char right[] = "Authorization: Basic YWRtaW46cHc=\r\n";
	static const char wrong[] = "Authorization: Basic YWRtaW46bm8=\r\n";
	static const char *const open[] = { "/alive", "/healthz" };
	struct settings_admin settings = {
		.realm = "a \"b\"", .monitor_uri = "/alive", .users = users, .user_count = 1
	};
	struct scene s;

	(void)state;
	scene_open(&s, &settings);
	scene_expect(scene_get(&s, "/stats;csv"), "HTTP/1.1 401 Unauthorized");
	scene_expect(scene_get(&s, "/"), "WWW-Authenticate: Basic realm=\"a \\\"b\\\"\"\r\n");
	scene_expect(scene_get(&s, "/nothing"), "401");
	scene_expect(scene_get(&s, "/metrics"), "401");
	scene_expect(scene_ask(&s, "GET", "/", wrong, NULL), "401");
	scene_expect(scene_ask(&s, "POST", "/haproxy?stats", wrong, "b=be"), "401");
	scene_expect(scene_ask(&s, "GET", "/stats;csv", right, NULL), "200 OK");
	for (size_t i = 0; i < ARRAY_LEN(open); i++)
		scene_expect(scene_get(&s, open[i]), "200 OK");
	scene_close(&s);
	settings.stats_only = true;
	scene_open(&s, &settings);
	scene_expect(scene_get(&s, "/metrics"), "503"); /* the section has no exporter */
	scene_close(&s);
	settings.metrics_path = "/metrics";
	scene_open(&s, &settings);
	scene_expect(scene_get(&s, "/metrics"), "200 OK");
	scene_expect(scene_get(&s, "/haproxy?stats"), "401");
	scene_expect(scene_get(&s, "/nothing"), "503");
	scene_close(&s);
}

static void forms_change_servers(void **state)
{
	static const struct {
		const char *target, *form, *location, *orders;
	} cases[] = {
		{ "/s", "s=a&action=maint&b=%233", "/s;st=DONE", "order both/a 2;" },
		{ "/s", "s=a&s=c&action=drain&b=both", "/s;st=DONE",
		  "order both/a 1;order both/c 1;" },
		{ "/s;norefresh", "b=%234&action=ready&s=x", "/s;st=DONE;norefresh",
		  "order be/x 0;" },
		{ "/s;up?scope=b%0d", "s=x&action=ready&b=be", "/s;st=DONE;up?scope=b%0D",
		  "order be/x 0;" },
		{ "/s", "s=nobody&s=a&action=ready&b=both", "/s;st=PART", "order both/a 0;" },
		{ "/s", "s=a&action=dhlth&b=both", "/s;st=DONE", "check both/a 0;" },
		{ "/s", "s=a&action=ehlth&b=both", "/s;st=NONE", "" },
		{ "/s", "s=c&action=dhlth&b=both", "/s;st=NONE", "" },
		{ "/s", "s=a&action=hrunn&b=both", "/s;st=DONE", "order both/a 3;" },
		{ "/s", "s=a&action=hnolb&b=both", "/s;st=DONE", "order both/a 4;" },
		{ "/s", "s=a&action=hdown&b=both", "/s;st=DONE", "order both/a 5;" },
		{ "/s", "s=c&action=hdown&b=both", "/s;st=NONE", "" },
		{ "/s", "s=a&action=dagent&b=both", "/s;st=DONE", "agent both/a 0;" },
		{ "/s", "s=a&action=eagent&b=both", "/s;st=NONE", "" },
		{ "/s", "s=a&action=arunn&b=both", "/s;st=DONE", "says both/a 1;" },
		{ "/s", "s=a&action=adown&b=both", "/s;st=DONE", "says both/a 0;" },
		{ "/s", "s=c&action=adown&b=both", "/s;st=NONE", "" },
		{ "/s", "s=a&action=shutdown&b=both", "/s;st=DONE", NULL },
		{ "/s", "s=a&action=dance&b=both", "/s;st=ERRP", "" },
		{ "/s", "s=a&action=ready&b=nothing", "/s;st=ERRP", "" },
		{ "/s", "s=a&action=ready&b=%2399", "/s;st=ERRP", "" },
		{ "/s", "action=ready&b=both", "/s;st=NONE", "" },
		{ "/s", "s=a&action=ready", "/s;st=NONE", "" },
		{ "/s", "", "/s;st=NONE", "" },
		{ "/s", "%%%&=&&&", "/s;st=NONE", "" },
	};
	struct settings_admin settings = section();
	struct scene s;

	(void)state;
	settings.writable = true;
	scene_open(&s, &settings);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char location[128];

		text_clear(&s.orders);
		snprintf(location, sizeof(location), "\r\nLocation: %s\r\n", cases[i].location);
		scene_expect(scene_ask(&s, "POST", cases[i].target, "", cases[i].form),
		             "HTTP/1.1 303 See Other\r\n");
		scene_expect(text_str(&s.answer), location);
		if (cases[i].orders)
			assert_string_equal(text_str(&s.orders), cases[i].orders);
	}
	scene_close(&s);
}

static bool has_handed_over(void *ctx)
{
	(void)ctx;
	return true;
}

static void forms_of_others_are_refused(void **state)
{
	static const char form[] = "s=a&action=maint&b=both";
	struct settings_admin settings = section();
	AUTO_TEXT large = { 0 };
	struct scene s;

	(void)state;
	scene_open(&s, &settings);
	scene_expect(scene_ask(&s, "POST", "/s", "", form), "HTTP/1.1 403 Forbidden");
	scene_close(&s);
	settings.writable = true;
	scene_open(&s, &settings);
	scene_expect(scene_ask(&s, "POST", "/s", "Origin: http://evil\r\n", form), "403");
	scene_expect(scene_ask(&s, "POST", "/s", "Sec-Fetch-Site: cross-site\r\n", form), "403");
	scene_expect(scene_ask(&s, "POST", "/m", "", form), "503");
	while (large.len < 17000)
		text_add(&large, "s=a&");
	text_add(&large, form);
	scene_expect(scene_ask(&s, "POST", "/s", "", text_str(&large)), "Location: /s;st=EXCD");
	s.daemon.upgrade.has_handed_over = has_handed_over;
	scene_expect(scene_ask(&s, "POST", "/s", "", form), "An upgrade is under way: try again.");
	s.daemon.upgrade.has_handed_over = NULL;
	assert_string_equal(text_str(&s.orders), "");
	scene_expect(scene_ask(&s, "POST", "/s", "Origin: http://proxy:80\r\n", form), "st=DONE");
	assert_string_equal(text_str(&s.orders), "order both/a 2;");
	scene_close(&s);
	settings.stats_only = false;
	scene_open(&s, &settings);
	scene_expect(scene_ask(&s, "PUT", "/s", "", NULL), "405 Method Not Allowed");
	scene_expect(scene_ask(&s, "POST", "/v1/status", "", "x"), "Allow: GET, HEAD\r\n");
	scene_expect(scene_ask(&s, "POST", "/", "", text_str(&large)), "400 Bad request");
	scene_close(&s);
}

static void requests_follow_each_other_on_one_connection(void **state)
{
	static const char requests[] = "HEAD /s;csv HTTP/1.1\r\nHost: a\r\n\r\n"
	                               "POST /s HTTP/1.1\r\nContent-Length: 7\r\n\r\nb=bogus"
	                               "GET /alive HTTP/1.0\r\n\r\n";
	struct settings_admin settings = section();
	struct snapshot_http report;
	struct scene s;
	int fd;

	(void)state;
	settings.writable = true;
	scene_open(&s, &settings);
	fd = scene_join(&s);
	for (size_t i = 0; i < sizeof(requests) - 1; i++)
		scene_send(&s, fd, requests + i, 1);
	scene_read(&s, fd, NULL);
	scene_expect(text_str(&s.answer), "Connection: keep-alive\r\n\r\nHTTP/1.1 303");
	scene_expect(text_str(&s.answer), "Service ready.");
	sock_close(fd);
	scene_expect(scene_ask(&s, "G@T", "/", "Transfer-Encoding: chunked\r\n", NULL), "400");
	assert_true(httpadmin_report(s.server, &report));
	assert_string_equal(report.name, "stats");
	assert_int_equal(report.id, 6);
	assert_int_equal(report.connections, 2);
	assert_int_equal(report.requests, 3);
	assert_int_equal(report.bad_requests, 1);
	assert_int_equal(report.answers[1], 2);
	assert_int_equal(report.answers[2], 1);
	assert_int_equal(report.answers[3], 1);
	assert_int_equal(report.bytes_in, sizeof(requests) - 1);
	assert_true(report.bytes_out > 500);
	assert_true(report.request_rate_max >= 1);
	s.settings.name = NULL;
	assert_false(httpadmin_report(s.server, &report));
	scene_close(&s);
}

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

/* The bodies are made and not sent: neither the memory of answers nor the client stops it. */
static void large_pages_asked_for_in_one_breath_take_turns(void **state)
{
	enum { REQUESTS = 40, MOST = 4 /* of some 10 KB each, without the other limit */ };
	static const char request[] = "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	struct settings_admin settings = { 0 };
	struct scene s;
	int fd;

	(void)state;
	scene_open(&s, &settings);
	fd = scene_join(&s);
	for (int i = 0; i < REQUESTS; i++)
		scene_send(&s, fd, request, sizeof(request) - 1);
	/* What was read before the end is answered. */
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	snapshots = 0;
	for (int turns = 0; snapshots < REQUESTS; turns++) {
		unsigned int before = snapshots;

		assert_true(turns < SCENE_PATIENCE_MS);
		scene_turn(&s, fd, POLLIN);
		assert_in_range(snapshots - before, 0, MOST);
	}
	scene_read(&s, fd, NULL);
	assert_int_equal(count(text_str(&s.answer), "HTTP/1.1 200 OK"), REQUESTS);
	sock_close(fd);
	scene_close(&s);
}

static void followers_see_events(void **state)
{
	static const char request[] =
	    "GET /v1/events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n";
	struct settings_admin settings = { 0 };
	struct journal_event e = fixture_event();
	struct scene s;
	int fd;

	(void)state;
	scene_open(&s, &settings);
	fd = scene_join(&s);
	scene_send(&s, fd, request, sizeof(request) - 1);
	scene_expect(scene_read(&s, fd, "\r\n\r\n"), "text/event-stream");
	daemon_publish(&s.daemon, &e);
	scene_expect(scene_read(&s, fd, "\n\n"), "id: 17\nevent: ");
	assert_false(TAILQ_EMPTY(&s.daemon.followers));
	sock_close(fd);
	for (int i = 0; i < 1000 && !TAILQ_EMPTY(&s.daemon.followers); i++)
		scene_turn(&s, -1, 0);
	assert_true(TAILQ_EMPTY(&s.daemon.followers));
	scene_close(&s);
}

/* --- TLS ------------------------------------------------------------------------------------ */

static char dir[] = "/tmp/test_httpadmin.XXXXXX";
static char ca_file[64], cert_file[64];
static struct pki_cert authority, cert;

static int make_files(void **state)
{
	const struct pki_request ca = { NULL, NULL, -3600, 3600 };
	const struct pki_request node = { "DNS:proxy", &authority, -3600, 3600 };

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", dir);
	snprintf(cert_file, sizeof(cert_file), "%s/cert.pem", dir);
	return pki_make(&ca, &authority) && pki_make(&node, &cert) &&
	               pki_write(ca_file, authority.cert, NULL, NULL) &&
	               pki_write(cert_file, cert.cert, cert.key, NULL)
	           ? 0
	           : -1;
}

static int remove_files(void **state)
{
	(void)state;
	unlink(ca_file);
	unlink(cert_file);
	rmdir(dir);
	pki_free(&authority);
	pki_free(&cert);
	return 0;
}

/* True if an answer came; it is in s->answer. */
static bool ask_over_tls(struct scene *s, const char *client_cert, const char *request)
{
	const struct tls_client_options o = { .verify = true, .ca = ca_file, .cert = client_cert };
	struct tls_context *c;
	enum tls_status status;
	struct error err = { 0 };
	int fd = scene_join(s);
	struct tls *t;
	char buf[4096];
	size_t n;

	assert_true(tls_context_new(&o, &c, &err));
	t = tls_new(c, fd, "proxy");
	scene_turn(s, fd, POLLOUT);
	while ((status = tls_handshake(t)) == TLS_WANT_READ || status == TLS_WANT_WRITE)
		scene_turn(s, fd, POLLIN);
	text_clear(&s->answer);
	if (status == TLS_DONE)
		status = tls_write(t, request, strlen(request), &n);
	while (status != TLS_FAILED && status != TLS_EOF) {
		status = tls_read(t, buf, sizeof(buf), &n);
		if (status == TLS_DONE)
			text_addn(&s->answer, buf, n);
		else
			scene_turn(s, fd, POLLIN);
	}
	tls_free(t);
	tls_context_free(c);
	sock_close(fd);
	return s->answer.len > 0;
}

static void tls_protects_it(void **state)
{
	static const char request[] = "GET /s;csv HTTP/1.1\r\nHost: a\r\n\r\n"
	                              "GET /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	struct settings_admin settings = section();
	struct error err = { 0 };
	AUTO_TEXT many = { 0 };
	struct scene s;

	(void)state;
	settings.cert = cert_file;
	scene_open(&s, &settings);
	assert_true(ask_over_tls(&s, NULL, request));
	scene_expect(text_str(&s.answer), "# pxname");
	scene_expect(text_str(&s.answer), "Service ready.");
	/* So many that they take turns: what was decrypted waits as well. */
	for (int i = 0; i < 40; i++)
		text_add(&many, "HEAD /s;csv HTTP/1.1\r\nHost: a\r\n\r\n");
	text_add(&many, request);
	assert_true(ask_over_tls(&s, NULL, text_str(&many)));
	assert_int_equal(count(text_str(&s.answer), "HTTP/1.1 200 OK"), 42);
	scene_expect(text_str(&s.answer), "Service ready.");
	scene_expect(scene_get(&s, "/s;csv"), "");
	assert_null(strstr(text_str(&s.answer), "HTTP/1.1"));
	scene_close(&s);

	settings.ca = ca_file;
	scene_open(&s, &settings);
	assert_false(ask_over_tls(&s, NULL, request));
	assert_true(ask_over_tls(&s, cert_file, request));
	scene_close(&s);

	settings.cert = "/none.pem";
	assert_false(scene_try(&s, &settings, &err));
	scene_expect(err.text, "admin: certificate file /none.pem");
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statistics_have_the_forms_of_haproxy),
		cmocka_unit_test(a_section_of_haproxy_answers_nothing_else),
		cmocka_unit_test(an_endpoint_of_its_own_has_the_dashboard_too),
		cmocka_unit_test(users_are_asked_for),
		cmocka_unit_test(forms_change_servers),
		cmocka_unit_test(forms_of_others_are_refused),
		cmocka_unit_test(requests_follow_each_other_on_one_connection),
		cmocka_unit_test(large_pages_asked_for_in_one_breath_take_turns),
		cmocka_unit_test(followers_see_events),
		cmocka_unit_test(tls_protects_it),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
