/* SPDX-License-Identifier: MIT */
/* WRAP: gethostname tick_wall_ms logsink_open */
/* A logger that takes the place of another. */
#include "logscene.h"
#include "net/logsink.h"

static int opened;

bool __real_logsink_open(const struct logsink_options *o, struct logsink **ret, struct error *err);
bool __wrap_logsink_open(const struct logsink_options *o, struct logsink **ret, struct error *err);

bool __wrap_logsink_open(const struct logsink_options *o, struct logsink **ret, struct error *err)
{
	opened++;
	return __real_logsink_open(o, ret, err);
}

/* The same services, but other logs. */
static struct settings *make_after(const struct scene *s, const struct settings_log *logs,
                                   size_t count)
{
	struct settings *after = settings_new();

	after->services = s->services;
	after->service_count = 2;
	after->targets = &s->target;
	after->target_count = 1;
	after->logs = logs;
	after->log_count = count;
	return after;
}

static void what_both_have_stays_open(void **state)
{
	struct settings_log logs[2] = { file(0), file(1) };
	struct logger *heir = NULL;
	struct settings *after;
	struct error err;
	struct scene s;

	(void)state;
	prepare(&s);
	start(&s);
	opened = 0;
	log_warn("one");
	after = make_after(&s, logs, 2);
	assert_true(logger_new_heir(after, s.logger, &heir, &err));
	assert_int_equal(opened, 1);
	log_warn("two");
	logger_take_over(heir, s.logger);
	logger_free(s.logger);
	s.logger = heir;
	log_warn("three");
	/* Back to one of them. */
	assert_true(logger_new_heir(s.settings, s.logger, &heir, &err));
	logger_take_over(heir, s.logger);
	logger_free(s.logger);
	s.logger = heir;
	assert_int_equal(opened, 1);
	log_warn("four");
	expect(0, "<4>one\n<4>two\n<4>three\n<4>four\n");
	expect(1, "<4>three\n");
	settings_free(after);
	finish(&s);
}

static void an_heir_that_is_given_up_leaves_no_trace(void **state)
{
	struct settings_log logs[3] = { file(0), file(1), file(2) };
	struct logger *heir = NULL;
	struct settings *after;
	struct error err;
	struct scene s;

	(void)state;
	prepare(&s);
	start(&s);
	after = make_after(&s, logs, 2);
	assert_true(logger_new_heir(after, s.logger, &heir, &err));
	logger_free(heir);
	settings_free(after);
	logs[2].path = "/nowhere/at/all";
	after = make_after(&s, logs, 3);
	assert_false(logger_new_heir(after, s.logger, &heir, &err));
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	settings_free(after);
	log_warn("still here");
	expect(0, "<4>still here\n");
	finish(&s);
}

static void sessions_of_what_is_gone_are_told_to_the_process(void **state)
{
	struct settings_log logs[1] = { file(0) };
	struct logger *heir = NULL;
	struct settings *after;
	struct error err;
	struct scene s;
	struct record r;

	(void)state;
	logs[0].format = SETTINGS_LOG_JSON;
	logs[0].framing = SETTINGS_LOG_RAW;
	prepare(&s);
	start(&s);
	after = make_after(&s, logs, 1);
	after->services = &s.services[1];
	after->service_count = 1;
	assert_true(logger_new_heir(after, s.logger, &heir, &err));
	logger_take_over(heir, s.logger);
	logger_free(s.logger);
	s.logger = heir;
	r = record_of(&s, 0); /* of the service that is not there any more */
	logger_record(s.logger, &r);
	assert_int_equal(content(0)[0], '{');
	settings_free(after);
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_both_have_stays_open),
		cmocka_unit_test(an_heir_that_is_given_up_leaves_no_trace),
		cmocka_unit_test(sessions_of_what_is_gone_are_told_to_the_process),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
