/* SPDX-License-Identifier: MIT */
#ifndef CONF_HCFGFIXTURE_H
#define CONF_HCFGFIXTURE_H

#include "conf/confwrite.h"
#include "conf/hcfgconvert.h"

#include "fixture.h"

/* One translation, from text in memory to settings, notes and the text of a configuration. */
struct translation {
	struct hcfglex lex;
	struct hcfgmodel model;
	struct hcfgnote_list list;
	struct hcfgconvert result; /* settings NULL: there was an error */
	struct text notes, conf;
};

/* NODE is set, everything else is not. */
static inline const char *fixture_variable(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "NODE") == 0 ? "10.0.0.7" : strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

/* The lines of a configuration without its comments. */
static inline void add_plain(const char *conf, struct text *out)
{
	while (*conf) {
		size_t len = strcspn(conf, "\n");
		size_t space = strspn(conf, "\t");

		if (conf[space] != '#' && conf[space] != '\n')
			text_addn(out, conf, len + 1);
		conf += len + (conf[len] != '\0');
	}
}

static inline void translate_with(struct translation *t, const struct hcfgconvert_options *options)
{
	AUTO_TEXT conf = { 0 };

	hcfgmodel_build(&t->model, &t->lex, &t->list);
	if (hcfgconvert_model(&t->model, options, &t->list, &t->result) && !options->direct) {
		struct confwrite_comments comments = { .origins = t->result.origins };

		confwrite_settings(t->result.settings, &comments, &conf);
		add_plain(text_str(&conf), &t->conf);
	}
	hcfgnote_sort(&t->list);
	for (size_t i = 0; i < t->list.count; i++)
		hcfgnote_write(&t->list.items[i], &t->notes);
}

static inline void translate_lines(struct translation *t, bool own_admin)
{
	const struct hcfgconvert_options options = { .own_admin = own_admin };

	translate_with(t, &options);
}

/* Settings that run in HAProxy's place; there is no text of them. */
static inline void translate_direct(struct translation *t, const char *cfg, size_t len)
{
	const struct hcfgconvert_options options = { .direct = true };

	memset(t, 0, sizeof(*t));
	t->lex.environment.get = fixture_variable;
	hcfglex_text(&t->lex, "h.cfg", cfg, len, &t->list);
	translate_with(t, &options);
}

static inline void translate(struct translation *t, const char *cfg)
{
	memset(t, 0, sizeof(*t));
	t->lex.environment.get = fixture_variable;
	hcfglex_text(&t->lex, "h.cfg", cfg, strlen(cfg), &t->list);
	translate_lines(t, false);
}

static inline void translation_release(struct translation *t)
{
	settings_free(t->result.settings);
	text_release(&t->notes);
	text_release(&t->conf);
	hcfgmodel_release(&t->model);
	hcfglex_release(&t->lex);
	hcfgnote_release(&t->list);
}

/* With one space for any, so that a test does not depend on where lines break. */
static inline void add_spaced(const char *s, struct text *out)
{
	while (*s) {
		size_t n = strspn(s, " \t\n");

		if (n)
			text_addc(out, ' ');
		else
			text_addc(out, *s);
		s += n ? n : 1;
	}
}

/* The translation has these notes, all of them, and this in its configuration. */
static inline void expect_translation(const char *cfg, const char *notes, const char *conf)
{
	struct translation t;
	AUTO_TEXT have = { 0 };
	AUTO_TEXT want = { 0 };

	translate(&t, cfg);
	assert_string_equal(text_str(&t.notes), notes);
	add_spaced(text_str(&t.conf), &have);
	add_spaced(conf ? conf : "", &want);
	if (!strstr(text_str(&have), text_str(&want)))
		fail_msg("no \"%s\" in\n%s", conf, text_str(&t.conf));
	translation_release(&t);
}

/* A service of one server: what stands in the listen section, and what it makes. */
struct listen_case {
	const char *lines; /* of the section, and what comes after it */
	const char *notes; /* line 1 is "listen a", line 2 its bind, line 3 the first of `lines` */
	const char *conf;  /* part of the configuration, or NULL */
};

static inline void expect_listen(const struct listen_case *c)
{
	AUTO_TEXT cfg = { 0 };

	text_add(&cfg, "listen a\nbind :1000\n");
	text_add(&cfg, c->lines);
	expect_translation(text_str(&cfg), c->notes, c->conf);
}

#endif
