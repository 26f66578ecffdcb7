/* SPDX-License-Identifier: MIT */
#include "control/ctlsocket.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "control/command.h"
#include "report/eventjson.h"
#include "report/eventline.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SOCKET_MODE = 0660,
	IDLE_S = 60,
};

struct operator_client {
	struct command_context ctx;
	struct daemon_follower follower;
	struct stream *stream;
	bool following;
	bool json;
};

static void on_event(struct daemon_follower *f, const struct journal_event *e)
{
	struct operator_client *op = container_of(f, struct operator_client, follower);

	if (op->json)
		eventjson_write(e, &op->stream->out);
	else
		eventline_write(e, EVENTLINE_TIME | EVENTLINE_DATE, &op->stream->out);
	text_addc(&op->stream->out, '\n');
	stream_flush(op->stream);
}

/* The end of the first command of a line: at a ';' that is not escaped, or at its end. */
static char *command_end(char *line)
{
	for (; *line; line++) {
		if (line[0] == '\\' && line[1])
			line++;
		else if (*line == ';')
			break;
	}
	return line;
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1] == ';')
			s++;
		*to++ = *s;
	}
	*to = '\0';
}

static void run(struct operator_client *op, char *line)
{
	while (*line && !op->ctx.quit && !op->ctx.follow) {
		char *end = command_end(line);
		bool last = !*end;

		*end = '\0';
		unescape(line);
		op->json = strstr(line, "json") != NULL;
		command_run(&op->ctx, line, &op->stream->out);
		if (!op->ctx.follow && !op->ctx.quit)
			text_addc(&op->stream->out, '\n');
		line = last ? end : end + 1;
	}
}

static void follow(struct operator_client *op)
{
	op->following = true;
	op->stream->patient = true;
	op->follower.on_event = on_event;
	daemon_follow(op->ctx.daemon, &op->follower);
}

static void take_line(struct stream *s, const char *line, size_t len)
{
	struct operator_client *op = s->state;
	char *copy = mem_strndup(line, len);

	run(op, copy);
	free(copy);
	if (op->ctx.follow && !op->following)
		follow(op);
	else if (!op->ctx.prompt || op->ctx.quit)
		s->ending = !op->following;
	if (op->ctx.prompt && !op->ctx.quit && !op->following)
		text_add(&s->out, "> ");
}

/* A client may half-close right after a line without a newline: that is a line too. */
static void on_input(struct stream *s)
{
	struct operator_client *op = s->state;

	op->stream = s;
	op->ctx.daemon = s->server->ctx;
	while (s->in.len && !s->ending && !op->following) {
		const char *newline = memchr(s->in.data, '\n', s->in.len);
		size_t len = newline ? (size_t)(newline - s->in.data) : s->in.len;

		if (!newline && !s->eof)
			return;
		take_line(s, s->in.data, len);
		text_consume(&s->in, newline ? len + 1 : len);
	}
	/* What a follower types does not matter; its end of input ends it. */
	if (op->following)
		text_clear(&s->in);
}

static void on_close(struct stream *s)
{
	struct operator_client *op = s->state;

	if (op->following)
		daemon_unfollow(op->ctx.daemon, &op->follower);
	op->following = false;
}

static const struct stream_protocol protocol = {
	.state_size = sizeof(struct operator_client),
	.on_input = on_input,
	.on_close = on_close,
	.idle_s = IDLE_S,
};

/* /run is empty after a reboot: the socket's own folder is made if it may be. */
static bool make_folder(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	AUTO_FREE char *folder =
	    slash && slash != path ? mem_strndup(path, (size_t)(slash - path)) : NULL;

	if (!folder || mkdir(folder, 0755) == 0 || errno == EEXIST)
		return true;
	error_sys(err, errno, "\"%s\" cannot be made", folder);
	return error_set(
	    err,
	    "the folder of %s does not exist and %s: make it, or set admin.socket to a "
	    "path elsewhere (then -s, or $SLUICE_SOCKET)",
	    path, err->text);
}

bool ctlsocket_open(struct ev_loop *loop, const char *path, struct daemon *daemon,
                    struct stream_server **ret, struct error *err)
{
	struct addr at;

	if (!addr_from_unix(path, &at, err) || !make_folder(path, err) ||
	    !stream_server_open(loop, &at, SOCKET_MODE, &protocol, daemon, ret, err))
		return error_wrap(err, "admin.socket");
	return true;
}
