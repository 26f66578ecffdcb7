/* SPDX-License-Identifier: MIT */
#include "checkrules.h"

#include "base/addr.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "keytable.h"

#include <string.h>

struct rule {
	const char *name;
	unsigned int types; /* KEYTABLE_ONLY() of those that may have it, 0: all that have steps */
};

static const unsigned int http = KEYTABLE_ONLY(HTTP) | KEYTABLE_ONLY(HTTPS);

/* Exactly one of them is what a step does, and what an expectation looks at. */
static const struct rule step_rules[] = {
	{ "connect", 0 },
	{ "send", KEYTABLE_ONLY(TCP) },
	{ "send_hex", KEYTABLE_ONLY(TCP) },
	{ "request", KEYTABLE_ONLY(HTTP) | KEYTABLE_ONLY(HTTPS) },
	{ "expect", 0 },
};
static const struct rule expect_rules[] = {
	{ "string", 0 },
	{ "hex", KEYTABLE_ONLY(TCP) },
	{ "regex", 0 },
	{ "hex_regex", KEYTABLE_ONLY(TCP) },
	{ "status", KEYTABLE_ONLY(HTTP) | KEYTABLE_ONLY(HTTPS) },
	{ "status_regex", KEYTABLE_ONLY(HTTP) | KEYTABLE_ONLY(HTTPS) },
	{ "header", KEYTABLE_ONLY(HTTP) | KEYTABLE_ONLY(HTTPS) },
};

static void check_one_of(struct draft_context *c, const config_setting_t *at,
                         const struct rule *rules, size_t count, enum settings_check_type type)
{
	AUTO_TEXT all = { 0 };
	size_t written = 0;

	for (size_t i = 0; i < count; i++) {
		const config_setting_t *v = config_setting_get_member(at, rules[i].name);
		unsigned int types = rules[i].types ? rules[i].types : ~0U;

		text_addf(&all, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", rules[i].name);
		if (!v)
			continue;
		if (written++)
			problem_add(c->problems, v,
			            "there is another one of its kind here: write each in a step "
			            "of its own");
		else if (!(types >> (KEYTABLE_TYPE_SHIFT + type) & 1U))
			problem_add(c->problems, v, "this is only for checks with type = %s",
			            types & http ? "\"http\" or \"https\"" : "\"tcp\"");
	}
	if (!written)
		problem_add(c->problems, at, "it does nothing: write %s", text_str(&all));
}

/* Names are looked up for the check's own address only. */
static void check_step_address(struct draft_context *c, const struct draft_step *s)
{
	const char *address = s->connect.at ? s->connect.s.address : NULL;
	struct addr addr;

	if (address && !addr_parse_ip(address, 0, &addr))
		problem_add_key(c->problems, s->connect.at, "address",
		                "\"%.60s\" is a name, and steps do not look names up: write its "
		                "address, or the name as the check's own address",
		                address);
}

static void check_steps(struct draft_context *c, const struct draft_check *check,
                        enum settings_check_type type)
{
	const struct draft_step *steps = check->steps.at;

	for (size_t i = 0; i < check->steps.count; i++) {
		const struct draft_step *s = &steps[i];

		if (!config_setting_is_group(s->at))
			continue;
		check_one_of(c, s->at, step_rules, ARRAY_LEN(step_rules), type);
		check_step_address(c, s);
		if (!s->expect.at)
			continue;
		check_one_of(c, s->expect.at, expect_rules, ARRAY_LEN(expect_rules), type);
		if (s->expect.value && !config_setting_get_member(s->expect.at, "header"))
			problem_add_key(c->problems, s->expect.at, "value",
			                "a value without a header: write header, too");
	}
}

bool checkrules_has_tls(const struct draft_check *check)
{
	const struct draft_step *steps = check->steps.at;

	for (size_t i = 0; i < check->steps.count; i++)
		if (steps[i].connect.at && steps[i].connect.s.tls)
			return true;
	return check->c.tls;
}

/* The keys that are written in `at` although they mean nothing there. */
static void check_keys(struct draft_context *c, const struct draft_check *check,
                       const config_setting_t *at, enum settings_check_type type)
{
	bool tls = checkrules_has_tls(check);

	for (int i = 0; i < config_setting_length(at); i++) {
		const config_setting_t *v = config_setting_get_elem(at, (unsigned int)i);
		const struct keytable_key *k = keytable_find("check", v->name);
		AUTO_TEXT where = { 0 };

		if (!k || keytable_applies(k, type, tls, check->steps.count != 0))
			continue;
		keytable_add_types(k, &where);
		if (keytable_applies(k, type, tls, false))
			problem_add(c->problems, v, "the steps say it all: leave this out");
		else
			problem_add(c->problems, v,
			            "this is only for checks with %s, and this check's type is "
			            "\"%s\"",
			            text_str(&where), settings_check_name(type));
	}
}

void checkrules_check(struct draft_context *c, const struct draft_root *root,
                      const struct draft_check *check, const config_setting_t *owner,
                      const char *without_type)
{
	const config_setting_t *at = owner ? config_setting_get_member(owner, "check") : NULL;
	enum settings_check_type type = SETTINGS_CHECK_NONE;
	const char *name = check->type ? check->type : without_type;
	const char *written;

	if (!at || !config_setting_is_group(at))
		return;
	if (config_setting_lookup_string(at, "type", &written) &&
	    (!check->type || strcmp(check->type, written) != 0))
		return; /* not a type: that is the problem */
	while (strcmp(settings_check_name(type), name) != 0)
		type++;
	check_keys(c, check, at, type);
	if (config_setting_get_member(at, "steps"))
		check_steps(c, check, type);
	if (config_setting_get_member(at, "key") && !check->c.cert && check->c.key)
		problem_add_key(c->problems, at, "key",
		                "a key without a certificate: write cert, too");
	if (type != SETTINGS_CHECK_EXTERNAL)
		return;
	if (!check->c.command && !config_setting_get_member(at, "command"))
		problem_add(c->problems, at,
		            "the key \"command\" is missing: write command = "
		            "\"/usr/local/bin/check-db\";");
	if (!root->s.external_checks)
		problem_add_key(c->problems, at, "type",
		                "programs are not run unless the top level says so: write "
		                "external_checks = true; there");
}
