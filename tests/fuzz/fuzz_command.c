/* SPDX-License-Identifier: MIT */
/* LAYERS: control engine report conf net core base */
#include "../unit/control/scene.h"

#include <stdint.h>
#include <stdio.h>

/*
 * Any bytes are a command with an answer, at each level: each line of the input is one, the first
 * byte says at which level and with which severities.  The data plane is a real one, without
 * listeners.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scene scene;

static void must(int ok)
{
	if (!ok)
		abort();
}

static void on_record(void *ctx)
{
	(void)ctx;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct crew_options o = { .threads = 1, .maxconn = 16, .on_record = on_record };
	struct crew *crew;
	struct error err;

	(void)argc;
	(void)argv;
	must(crew_start(&o, &crew, &err));
	scene_open(&scene, crew);
	return 0;
}

static void run(struct command_context *ctx, const char *line)
{
	AUTO_TEXT out = { 0 };

	command_run(ctx, line, &out);
	must(out.len == 0 || out.data[out.len - 1] == '\n');
	must(strlen(text_str(&out)) == out.len);
	must(ctx->level <= SETTINGS_LEVEL_ADMIN);
	if (ctx->wait_until_ms)
		(void)command_waited(ctx, &out);
}

/* What a client may not do it must not have done: a user's commands leave the limits alone. */
static void check_limits(const struct command_context *ctx, bool privileged)
{
	must(scene.daemon.maxconn >= 1 && scene.daemon.maxconn <= 1000);
	must(privileged || ctx->level < SETTINGS_LEVEL_ADMIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command_context ctx = { .daemon = &scene.daemon };
	char *text, *line;
	char *state = NULL;

	if (size < 1)
		return 0;
	ctx.level = (enum settings_level)(data[0] % 3);
	ctx.severity = (enum command_severity)(data[0] / 3 % 3);
	text = mem_zalloc(size);
	memcpy(text, data + 1, size - 1);
	for (line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state))
		run(&ctx, line);
	check_limits(&ctx, data[0] % 3 == SETTINGS_LEVEL_ADMIN);
	free(text);
	return 0;
}
