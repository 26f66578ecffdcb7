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
	UNREAD_MAX = 262144, /* bytes of answers */
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

/*
 * The first command of the input: up to a ';' that is not escaped, or to the end of the line.  A
 * client may half-close right after a line without a newline: that is a line too.
 */
static bool next_command(const struct stream *s, size_t *len, bool *last)
{
	const char *in = s->in.data;
	size_t i = 0;

	while (i < s->in.len && in[i] != '\n' && in[i] != ';')
		i += in[i] == '\\' && i + 1 < s->in.len && in[i + 1] != '\n' ? 2 : 1;
	if (i >= s->in.len && !s->eof)
		return false;
	*len = i < s->in.len ? i : s->in.len;
	*last = i >= s->in.len || in[i] == '\n';
	return true;
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

static void run(struct operator_client *op, char *command)
{
	unescape(command);
	op->json = strstr(command, "json") != NULL;
	command_run(&op->ctx, command, &op->stream->out);
	if (!op->ctx.follow && !op->ctx.quit)
		text_addc(&op->stream->out, '\n');
}

static void follow(struct operator_client *op)
{
	op->following = true;
	op->stream->patient = true;
	op->follower.on_event = on_event;
	daemon_follow(op->ctx.daemon, &op->follower);
}

static void end_line(struct operator_client *op)
{
	if (!op->ctx.prompt || op->ctx.quit)
		op->stream->ending = true;
	else
		text_add(&op->stream->out, "> ");
}

static void take_command(struct operator_client *op, size_t len, bool last)
{
	struct stream *s = op->stream;
	char *command = mem_strndup(s->in.data, len);

	text_consume(&s->in, len + 1);
	if (*command)
		run(op, command);
	free(command);
	if (op->ctx.follow)
		follow(op);
	else if (last || op->ctx.quit)
		end_line(op);
}

/* What is not read yet holds the next commands back: their answers need not pile up. */
static void on_input(struct stream *s)
{
	struct operator_client *op = s->state;
	size_t len;
	bool last;

	op->stream = s;
	op->ctx.daemon = s->server->ctx;
	while (s->in.len && !s->ending && !op->following && s->out.len < UNREAD_MAX) {
		if (!next_command(s, &len, &last))
			return;
		take_command(op, len, last);
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
