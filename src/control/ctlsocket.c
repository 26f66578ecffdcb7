/* SPDX-License-Identifier: MIT */
#include "control/ctlsocket.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/tick.h"
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

#define WAIT_STEP_S 0.05

struct operator_client {
	struct command_context ctx;
	struct daemon_follower follower;
	struct stream *stream;
	ev_timer wait;
	char *pending; /* a command whose payload is being read, or NULL */
	bool following;
	bool waiting;
	bool last; /* the command that waits was the last one of its line */
};

static void on_event(struct daemon_follower *f, const struct journal_event *e)
{
	struct operator_client *op = container_of(f, struct operator_client, follower);

	if (op->ctx.follow_json)
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

static void add_prompt(struct operator_client *op)
{
	int64_t s = (tick_ms() - op->ctx.daemon->start_ms) / 1000;

	if (!op->ctx.interactive || !op->ctx.prompt)
		return;
	if (op->ctx.timed)
		text_addf(&op->stream->out, "[%d:%02d:%02d:%02d]", (int)(s / 86400),
		          (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60));
	text_add(&op->stream->out, "> ");
}

static void follow(struct operator_client *op)
{
	op->following = true;
	op->stream->patient = true;
	/* What it has missed is not held against it. */
	op->stream->granted = op->stream->out.len;
	op->follower.on_event = on_event;
	daemon_follow(op->ctx.daemon, &op->follower);
}

/* An answer is complete.  More lines may have come with the last one: they are answered, too. */
static void end_answer(struct operator_client *op, bool last)
{
	struct stream *s = op->stream;

	if (!op->ctx.quit) {
		text_addc(&s->out, '\n');
		add_prompt(op);
	}
	if (op->ctx.quit || (last && !op->ctx.interactive && !s->in.len))
		s->ending = true;
}

static void wait_on(struct operator_client *op, bool last)
{
	op->waiting = true;
	op->last = last;
	op->stream->holding = true;
	ev_timer_again(op->stream->server->loop, &op->wait);
}

static void on_wait(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct operator_client *op = container_of(w, struct operator_client, wait);

	(void)revents;
	if (!command_waited(&op->ctx, &op->stream->out))
		return;
	ev_timer_stop(loop, w);
	op->waiting = op->stream->holding = false;
	end_answer(op, op->last);
	stream_resume(op->stream);
}

static void run(struct operator_client *op, const char *command, bool last)
{
	/* A successor that asks for the listening sockets: they are not handed out this way. */
	if (strncmp(command, "_getsocks", 9) == 0)
		op->ctx.quit = true;
	else
		command_run(&op->ctx, command, &op->stream->out);
	op->stream->idle_ms = op->ctx.timeout_ms;
	if (op->ctx.follow)
		follow(op);
	else if (op->ctx.wait_until_ms)
		wait_on(op, last);
	else
		end_answer(op, last);
}

/* "... <<": lines up to an empty one belong to it.  No command here has a use for them. */
static bool wants_payload(const char *command)
{
	size_t len = strlen(command);

	if (len && command[len - 1] == '\r')
		len--;
	return len >= 2 && memcmp(command + len - 2, "<<", 2) == 0;
}

static void await_payload(struct operator_client *op, char *command)
{
	strrchr(command, '<')[-1] = '\0';
	op->pending = command;
	if (op->ctx.interactive && op->ctx.prompt)
		text_add(&op->stream->out, "+ ");
}

/* Takes a line of the payload; false: it is not complete. */
static bool take_payload(struct operator_client *op)
{
	struct stream *s = op->stream;
	const char *newline = memchr(s->in.data, '\n', s->in.len);
	size_t len = newline ? (size_t)(newline - s->in.data) : s->in.len;
	bool over = len == 0 || (len == 1 && s->in.data[0] == '\r');
	AUTO_FREE char *command = NULL;

	if (!newline && !s->eof)
		return false;
	text_consume(&s->in, newline ? len + 1 : len);
	if (over || !newline) {
		command = TAKE_PTR(op->pending);
		run(op, command, true);
	} else if (op->ctx.interactive && op->ctx.prompt) {
		text_add(&s->out, "+ ");
	}
	return true;
}

static bool take_command(struct operator_client *op)
{
	struct stream *s = op->stream;
	AUTO_FREE char *command = NULL;
	size_t len;
	bool last;

	if (!next_command(s, &len, &last))
		return false;
	command = mem_strndup(s->in.data, len);
	text_consume(&s->in, len < s->in.len ? len + 1 : len);
	if (last && wants_payload(command))
		await_payload(op, TAKE_PTR(command));
	else
		run(op, command, last);
	return true;
}

static void begin(struct operator_client *op, struct stream *s)
{
	const struct settings_socket *door = s->server->door;

	op->stream = s;
	op->ctx.daemon = s->server->ctx;
	op->ctx.level = door->level;
	ev_timer_init(&op->wait, on_wait, 0., WAIT_STEP_S);
}

/* Something is held back: by a wait, by what is followed, or by answers that nobody reads. */
static bool is_busy(const struct operator_client *op)
{
	const struct stream *s = op->stream;

	return s->ending || op->following || op->waiting || s->out.len >= UNREAD_MAX;
}

static bool take_line(struct operator_client *op)
{
	return op->pending ? take_payload(op) : take_command(op);
}

static void on_input(struct stream *s)
{
	struct operator_client *op = s->state;

	if (!op->stream)
		begin(op, s);
	while (s->in.len && !is_busy(op) && take_line(op))
		;
	/* What a follower types does not matter; its end of input ends it. */
	if (op->following)
		text_clear(&s->in);
}

static void on_close(struct stream *s)
{
	struct operator_client *op = s->state;

	if (op->following)
		daemon_unfollow(op->ctx.daemon, &op->follower);
	if (op->stream)
		ev_timer_stop(s->server->loop, &op->wait);
	op->following = op->waiting = false;
	free(TAKE_PTR(op->pending));
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

static bool open_door(struct ev_loop *loop, const struct settings_socket *settings,
                      struct daemon *daemon, struct stream_server **ret, struct error *err)
{
	const struct stream_place place = { .at = settings->addr.len ? &settings->addr : NULL,
		                            .fd = settings->fd,
		                            .mode = settings->mode ? settings->mode : SOCKET_MODE,
		                            .user = settings->user,
		                            .group = settings->group };

	if (place.at && place.at->sa.sa_family == AF_UNIX &&
	    !make_folder(place.at->un.sun_path, err))
		return false;
	return stream_server_open_at(loop, &place, &protocol, daemon, ret, err);
}

bool ctlsocket_open(struct ev_loop *loop, const struct settings_socket *settings,
                    struct daemon *daemon, struct stream_server **ret, struct error *err)
{
	uint32_t idle_ms = daemon->topology->settings->operator_timeout_ms;

	if (!open_door(loop, settings, daemon, ret, err))
		return error_wrap(err, "admin.socket");
	(*ret)->door = settings;
	if (idle_ms)
		(*ret)->idle_ms = idle_ms;
	return true;
}
