/* SPDX-License-Identifier: MIT */
#include "actform.h"

#include "base/number.h"
#include "base/suggest.h"
#include "net/httpquery.h"

#include <string.h>

enum kind { DRAIN, MAINT, READY, WEIGHT, KILL, FAULT };

/* The optional and the needed fields, as bits of the table of fields. */
enum { SERVER = 1, ID = 2, VALUE = 4, DEADLINE = 8 };

struct actform_action {
	const char *word;
	enum kind kind;
	unsigned int takes;
	bool needs_value;
	int refusal;
};

static const struct actform_action actions[] = {
	{ "drain", DRAIN, SERVER | DEADLINE, false, 409 },
	{ "maint", MAINT, SERVER, false, 409 },
	{ "ready", READY, SERVER, false, 409 },
	{ "weight", WEIGHT, SERVER | VALUE, true, 409 },
	/* Of what it does only a session can be missing. */
	{ "kill", KILL, SERVER | ID, false, 404 },
	/* Whether words are a fault is known to the command alone. */
	{ "fault", FAULT, SERVER | VALUE, true, 400 },
};

#define ACTION_WORDS "drain, maint, ready, weight, kill, fault"

struct field {
	const char *name;
	const char **at;
	unsigned int bit; /* 0: any action takes it */
};

enum { FIELD_COUNT = 5 };

/* --- one field ---------------------------------------------------------------------------- */

static bool has_no_name(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f || *s == ';' || *s == '\\')
			return true;
	return false;
}

static bool check_server(const struct actform *f, struct error *err)
{
	const char *slash = strchr(f->server, '/');

	if (has_no_name(f->server))
		return error_set(err, "server has a character that no name has: write "
		                      "SERVICE/NAME, as psql/n1");
	if (!slash || slash == f->server || !slash[1])
		return error_set(err, "server is \"%.60s\": write SERVICE/NAME, as psql/n1",
		                 f->server);
	return true;
}

static bool check_id(const struct actform *f, struct error *err)
{
	bool hex = strncmp(f->id, "0x", 2) == 0;
	const char *s = hex ? f->id + 2 : f->id;

	if (!*s || strlen(s) > 20 || s[strspn(s, hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return error_set(err, "id is no number of a session: /v1/sessions has them");
	return true;
}

/* "2" or "50%". */
static bool check_weight(const struct actform *f, struct error *err)
{
	size_t digits = strspn(f->value, "0123456789");
	const char *end = f->value + digits;
	bool percent = *end == '%';
	uint64_t n = 0;

	for (size_t i = 0; i < digits && n <= 25600; i++)
		n = 10 * n + (uint64_t)(f->value[i] - '0');
	if (!digits || end[percent] || n > (percent ? 25600 : 256))
		return error_set(err,
		                 "value \"%.40s\" is no weight: write 0 to 256, or a "
		                 "percentage of the configured weight, as 50%%",
		                 f->value);
	return true;
}

static bool check_fault(const struct actform *f, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                              "0123456789 .";

	if (f->value[strspn(f->value, allowed)])
		return error_set(err, "value has a character that no fault has: write it as "
		                      "\"delay 200ms\", \"blackhole for 30s\" or \"none\"");
	return true;
}

/* Other actions have been refused one. */
static bool check_value(const struct actform *f, struct error *err)
{
	return f->action->kind == WEIGHT ? check_weight(f, err) : check_fault(f, err);
}

/* A bare number would be milliseconds, and end every session at once. */
static bool check_deadline(const struct actform *f, struct error *err)
{
	uint64_t ms;

	if (f->deadline[strspn(f->deadline, "0123456789")] &&
	    number_parse_duration(f->deadline, &ms) && ms && ms <= INT32_MAX)
		return true;
	return error_set(err, "deadline \"%.40s\" is no time: write it with its unit, as 30s",
	                 f->deadline);
}

/* --- the form ----------------------------------------------------------------------------- */

static bool read_action(const char *word, const struct actform_action **ret, struct error *err)
{
	const char *words[ARRAY_LEN(actions)], *near;

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		words[i] = actions[i].word;
		if (strcmp(words[i], word) != 0)
			continue;
		*ret = &actions[i];
		return true;
	}
	near = suggest_nearest(word, words, ARRAY_LEN(words));
	if (near)
		return error_set(err, "action \"%.40s\" is unknown: did you mean \"%s\"?", word,
		                 near);
	return error_set(err, "action \"%.40s\" is unknown: there are " ACTION_WORDS, word);
}

static bool refuse_field(const char *name, const struct field fields[FIELD_COUNT],
                         struct error *err)
{
	const char *names[FIELD_COUNT], *near;

	for (size_t i = 0; i < FIELD_COUNT; i++)
		names[i] = fields[i].name;
	near = suggest_nearest(name, names, FIELD_COUNT);
	if (near)
		return error_set(err, "field \"%.40s\" is unknown: did you mean \"%s\"?", name,
		                 near);
	return error_set(err,
	                 "field \"%.40s\" is unknown: there are action, server, id, value, "
	                 "deadline",
	                 name);
}

static bool read_fields(char *form, const struct field fields[FIELD_COUNT], struct error *err)
{
	char *name;
	char *value;

	while (httpquery_next(&form, &name, &value)) {
		const struct field *f = fields;

		while (f < fields + FIELD_COUNT && strcmp(f->name, name) != 0)
			f++;
		if (f == fields + FIELD_COUNT)
			return refuse_field(name, fields, err);
		if (*f->at)
			return error_set(err, "%s is there twice: write it once", name);
		*f->at = value;
	}
	return true;
}

static bool check_presence(const struct actform *f, const struct field fields[FIELD_COUNT],
                           struct error *err)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (*fields[i].at && fields[i].bit && !(f->action->takes & fields[i].bit))
			return error_set(err, "%s takes no %s: leave it out", f->action->word,
			                 fields[i].name);
	if (f->server && f->id)
		return error_set(err, "server and id are both there: write the server whose "
		                      "sessions end, or the id of one session");
	if (!f->server && !f->id)
		return error_set(err, "server is missing: write SERVICE/NAME, as psql/n1%s",
		                 f->action->takes & ID ? ", or the id of a session" : "");
	if (f->action->needs_value && !(f->value && *f->value))
		return error_set(err, "value is missing: %s takes one, as %s", f->action->word,
		                 f->action->kind == WEIGHT ? "50%" : "\"delay 200ms\"");
	return true;
}

bool actform_read(char *form, struct actform *ret, struct error *err)
{
	struct actform f = { 0 };
	const char *word = NULL;
	const struct field fields[FIELD_COUNT] = {
		{ "action", &word, 0 },
		{ "server", &f.server, SERVER },
		{ "id", &f.id, ID },
		{ "value", &f.value, VALUE },
		{ "deadline", &f.deadline, DEADLINE },
	};

	if (!read_fields(form, fields, err))
		return false;
	if (!word)
		return error_set(err, "action is missing: there are " ACTION_WORDS);
	if (!read_action(word, &f.action, err) || !check_presence(&f, fields, err) ||
	    (f.server && !check_server(&f, err)) || (f.id && !check_id(&f, err)) ||
	    (f.deadline && !check_deadline(&f, err)) || (f.value && !check_value(&f, err)))
		return false;
	*ret = f;
	return true;
}

/* --- what it stands for ------------------------------------------------------------------- */

const char *actform_action_word(const struct actform *f)
{
	return f->action->word;
}

/* As one word of a command, whatever it holds. */
static void add_word(struct text *out, const char *s)
{
	text_addc(out, ' ');
	for (; *s; s++) {
		if (strchr(" \t\r\n;\\", *s))
			text_addc(out, '\\');
		text_addc(out, *s);
	}
}

void actform_write_command(const struct actform *f, const char *path, struct text *out)
{
	switch (f->action->kind) {
	case DRAIN:
		text_add(out, "drain");
		add_word(out, path);
		if (f->deadline)
			text_addf(out, " deadline %s", f->deadline);
		break;
	case MAINT:
	case READY:
		text_add(out, "set server");
		add_word(out, path);
		text_addf(out, " state %s", f->action->word);
		break;
	case WEIGHT:
		text_add(out, "set server");
		add_word(out, path);
		text_addf(out, " weight %s", f->value);
		break;
	case KILL:
		text_add(out, path ? "shutdown sessions server" : "shutdown session");
		add_word(out, path ? path : f->id);
		break;
	case FAULT:
		text_add(out, "fault");
		add_word(out, path);
		text_addf(out, " %s", f->value);
		break;
	}
}

void actform_write_deed(const struct actform *f, const char *path, struct text *out)
{
	text_addf(out, "%s %s%s", f->action->word, path ? "" : "session ", path ? path : f->id);
	if (f->value)
		text_addf(out, " %s", f->value);
}

static void add_sessions(struct text *out, unsigned int n)
{
	text_addf(out, "%u session%s", n, n == 1 ? "" : "s");
}

void actform_write_result(const struct actform *f, const char *path, unsigned int sessions,
                          struct text *out)
{
	switch (f->action->kind) {
	case DRAIN:
		text_addf(out, "%s gets no new sessions", path);
		if (sessions) {
			text_add(out, "; it has ");
			add_sessions(out, sessions);
		}
		if (f->deadline)
			text_addf(out, "; what is left ends in %s", f->deadline);
		break;
	case MAINT:
		text_addf(out, "%s is under maintenance", path);
		break;
	case READY:
		text_addf(out, "%s is in use again if its checks pass", path);
		break;
	case WEIGHT:
		text_addf(out, "%s has the weight %s", path, f->value);
		break;
	case KILL:
		if (path) {
			text_addf(out, "%s: ", path);
			add_sessions(out, sessions);
			text_add(out, " ended");
		} else {
			text_addf(out, "session %s ended", f->id);
		}
		break;
	case FAULT:
		break;
	}
}

int actform_refusal(const struct actform *f)
{
	return f->action->refusal;
}

bool actform_is_order(const struct actform *f)
{
	return f->action->kind == DRAIN || f->action->kind == MAINT || f->action->kind == READY;
}
