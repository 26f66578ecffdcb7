/* SPDX-License-Identifier: MIT */
#include "net/sock.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "net/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { BORN = SOCK_NONBLOCK | SOCK_CLOEXEC };

static bool set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool is_unix(const struct addr *a)
{
	return a->sa.sa_family == AF_UNIX;
}

/*
 * Sets the options of a TCP socket; the name of the one that failed (with errno), or NULL.  A
 * `fresh` socket has the kernel's defaults, so what is off there costs no system call.
 */
static const char *apply(int fd, const struct sock_options *o, bool fresh)
{
	const struct sock_keepalive *k = &o->keepalive;
	const struct {
		bool wanted;
		int level, option;
		uint32_t value;
		const char *name;
	} list[] = {
		{ !fresh || k->on, SOL_SOCKET, SO_KEEPALIVE, k->on, "SO_KEEPALIVE" },
		{ k->on && k->idle_s, IPPROTO_TCP, TCP_KEEPIDLE, k->idle_s, "TCP_KEEPIDLE" },
		{ k->on && k->interval_s, IPPROTO_TCP, TCP_KEEPINTVL, k->interval_s,
		  "TCP_KEEPINTVL" },
		{ k->on && k->count, IPPROTO_TCP, TCP_KEEPCNT, k->count, "TCP_KEEPCNT" },
		{ !fresh || o->user_timeout_ms, IPPROTO_TCP, TCP_USER_TIMEOUT, o->user_timeout_ms,
		  "TCP_USER_TIMEOUT" },
		{ !fresh || o->nodelay, IPPROTO_TCP, TCP_NODELAY, o->nodelay, "TCP_NODELAY" },
		{ o->speaks_first, IPPROTO_TCP, TCP_QUICKACK, 0, "TCP_QUICKACK" },
	};

	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (list[i].wanted &&
		    !set_int(fd, list[i].level, list[i].option, (int)list[i].value))
			return list[i].name;
	return NULL;
}

static struct sock_sharing sharing;

void sock_share(const struct sock_sharing *s)
{
	sharing = *s;
}

/* "cannot listen on 0.0.0.0:26257: Address already in use" */
static bool refuse(const struct addr *at, int errnum, struct error *err)
{
	char text[ADDR_TEXT_MAX];

	error_sys(err, errnum, "cannot listen on %s", addr_format(at, text));
	if (err && errnum == EACCES && addr_port(at) && addr_port(at) < 1024)
		return error_hint(err, "a port below 1024 needs root or CAP_NET_BIND_SERVICE");
	if (err && errnum == EACCES && is_unix(at))
		return error_hint(err, "this user may not write to its folder: name another path, "
		                       "or give the folder to the user");
	if (err && errnum == ENOENT && is_unix(at))
		return error_hint(err, "its folder does not exist: make it, or name another path");
	if (err && errnum == EADDRINUSE && addr_port(at))
		return error_hint(err, "`ss -ltnp` shows which program has it");
	return false;
}

static bool prepare_tcp(int fd, const struct addr *at, const struct sock_listen_options *o,
                        struct error *err)
{
	const char *interface = o->interface;
	const char *failed;

	if (!set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1))
		return error_sys(err, errno, "SO_REUSEADDR");
	if ((sharing.heir || o->shared) && !set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return error_sys(err, errno, "SO_REUSEPORT");
	if (at->sa.sa_family == AF_INET6 && !set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, o->v6only))
		return error_sys(err, errno, "IPV6_V6ONLY");
	if (interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
	                            (socklen_t)strlen(interface)) == -1)
		return error_sys(err, errno, "interface \"%s\"", interface);
	if (o->defer_accept && !set_int(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1))
		return error_sys(err, errno, "TCP_DEFER_ACCEPT");
	failed = apply(fd, &o->accepted, true);
	if (failed)
		return error_sys(err, errno, "%s", failed);
	return true;
}

/* Removes the socket file at `at` if nobody listens on it. */
static bool remove_stale(const struct addr *at, struct error *err)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int answer;

	if (lstat(at->un.sun_path, &st) == -1)
		return errno == ENOENT ? true : refuse(at, errno, err);
	if (!S_ISSOCK(st.st_mode)) {
		char text[ADDR_TEXT_MAX];

		return error_set(err, "cannot listen on %s: the file exists and is not a socket",
		                 addr_format(at, text));
	}
	fd = socket(AF_UNIX, SOCK_STREAM | BORN, 0);
	if (fd == -1)
		return refuse(at, errno, err);
	answer = sharing.heir                         ? ECONNREFUSED
	         : connect(fd, &at->sa, at->len) == 0 ? EADDRINUSE
	                                              : errno;
	/* A full backlog, or a socket of another type: somebody is there. */
	if (answer == EAGAIN || answer == EPROTOTYPE)
		answer = EADDRINUSE;
	if (answer != ECONNREFUSED)
		return refuse(at, answer, err);
	if (unlink(at->un.sun_path) == -1 && errno != ENOENT)
		return refuse(at, errno, err);
	return true;
}

enum { ACCOUNT_MAX = 16384 }; /* bytes of one line of passwd or group */

static bool find_user(const char *name, uid_t *ret, struct error *err)
{
	char buf[ACCOUNT_MAX];
	struct passwd user;
	struct passwd *found = NULL;
	uint64_t number;

	getpwnam_r(name, &user, buf, sizeof(buf), &found);
	if (found)
		*ret = found->pw_uid;
	else if (number_parse(name, UINT32_MAX - 1, &number))
		*ret = (uid_t)number;
	else
		return error_set(err, "there is no user \"%s\"", name);
	return true;
}

static bool find_group(const char *name, gid_t *ret, struct error *err)
{
	char buf[ACCOUNT_MAX];
	struct group group;
	struct group *found = NULL;
	uint64_t number;

	getgrnam_r(name, &group, buf, sizeof(buf), &found);
	if (found)
		*ret = found->gr_gid;
	else if (number_parse(name, UINT32_MAX - 1, &number))
		*ret = (gid_t)number;
	else
		return error_set(err, "there is no group \"%s\"", name);
	return true;
}

/* Nobody can connect before listen(), so the umask's mode is never in force. */
static bool give_file(const struct addr *at, const struct sock_listen_options *o, struct error *err)
{
	const char *path = at->un.sun_path;
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if ((o->user && !find_user(o->user, &uid, err)) ||
	    (o->group && !find_group(o->group, &gid, err))) {
		char text[ADDR_TEXT_MAX];

		return error_wrap(err, "cannot listen on %s", addr_format(at, text));
	}
	if ((o->user || o->group) && chown(path, uid, gid) == -1)
		return refuse(at, errno, err);
	if (o->mode && chmod(path, o->mode) == -1)
		return refuse(at, errno, err);
	return true;
}

static bool bind_unix(int fd, const struct addr *at, const struct sock_listen_options *o,
                      struct error *err)
{
	if (bind(fd, &at->sa, at->len) == -1) {
		if (errno != EADDRINUSE)
			return refuse(at, errno, err);
		if (!remove_stale(at, err))
			return false;
		if (bind(fd, &at->sa, at->len) == -1)
			return refuse(at, errno, err);
	}
	if (!give_file(at, o, err)) {
		unlink(at->un.sun_path);
		return false;
	}
	return true;
}

/* Set after bind(): nobody shares an address by mistake, only who asks for it before. */
static bool let_heirs_in(int fd, const struct addr *at)
{
	return is_unix(at) || !sharing.generous || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static bool bind_tcp(int fd, const struct addr *at, const struct sock_listen_options *o,
                     struct error *err)
{
	if (!prepare_tcp(fd, at, o, err)) {
		char text[ADDR_TEXT_MAX];

		return error_wrap(err, "cannot listen on %s", addr_format(at, text));
	}
	if (bind(fd, &at->sa, at->len) == -1)
		return refuse(at, errno, err);
	return true;
}

bool sock_listen(const struct addr *at, const struct sock_listen_options *o, int *ret_fd,
                 struct error *err)
{
	AUTO_CLOSE int fd = inherit_find(at);

	if (fd != -1) {
		if (!sock_adopt(fd, o, err))
			return false;
		*ret_fd = TAKE_FD(fd);
		return true;
	}
	fd = socket(at->sa.sa_family, SOCK_STREAM | BORN, 0);
	if (fd == -1)
		return refuse(at, errno, err);
	if (is_unix(at) ? !bind_unix(fd, at, o, err) : !bind_tcp(fd, at, o, err))
		return false;
	if (!let_heirs_in(fd, at) || listen(fd, o->backlog > 0 ? o->backlog : SOMAXCONN) == -1) {
		refuse(at, errno, err);
		if (is_unix(at))
			unlink(at->un.sun_path);
		return false;
	}
	*ret_fd = TAKE_FD(fd);
	return true;
}

/* Is it a listening stream socket, and of which family?  False with errno if it cannot be asked. */
static bool inspect(int fd, bool *listening, int *family)
{
	socklen_t len = sizeof(int);
	int accepts;
	int type;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &len) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, family, &len) == -1)
		return false;
	*listening = accepts && type == SOCK_STREAM;
	return true;
}

bool sock_adopt(int fd, const struct sock_listen_options *o, struct error *err)
{
	const char *failed = NULL;
	bool listening;
	int family;
	int flags;

	if (!inspect(fd, &listening, &family))
		return error_sys(err, errno, "cannot use file descriptor %d", fd);
	if (!listening)
		return error_set(
		    err, "cannot use file descriptor %d: it is not a listening stream socket", fd);
	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return error_sys(err, errno, "cannot use file descriptor %d", fd);
	if (family != AF_UNIX)
		failed = apply(fd, &o->accepted, false);
	if (failed)
		return error_sys(err, errno, "cannot use file descriptor %d: %s", fd, failed);
	return true;
}

int sock_accept(int listen_fd, struct addr *peer)
{
	struct addr from = { .len = sizeof(from.un) };
	int fd = accept4(listen_fd, &from.sa, &from.len, BORN);

	if (fd == -1)
		return -1;
	if (is_unix(&from) || !addr_from_sockaddr(&from.sa, from.len, peer))
		*peer = (struct addr){ .un = { .sun_family = AF_UNIX }, .len = sizeof(peer->un) };
	return fd;
}

static int give_up(int fd)
{
	int errnum = errno;

	close(fd);
	errno = errnum;
	return -1;
}

static bool bind_source(int fd, const struct sock_source *source, uint16_t port)
{
	struct addr from = source->addr;

	if (source->interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, source->interface,
	                                    (socklen_t)strlen(source->interface)) == -1)
		return false;
	if (!from.len)
		return true;
	/* Connections to several servers may share a port. */
	if (port ? !set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1)
	         : !set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1))
		return false;
	addr_set_port(&from, port);
	return bind(fd, &from.sa, from.len) == 0;
}

static int connect_from(const struct addr *to, const struct sock_options *o, uint16_t port,
                        bool *connected)
{
	int fd = socket(to->sa.sa_family, SOCK_STREAM | BORN, 0);

	if (fd == -1)
		return -1;
	if (!is_unix(to) && apply(fd, o, true))
		return give_up(fd);
	if (!is_unix(to) && o->source && !bind_source(fd, o->source, port))
		return give_up(fd);
	if (connect(fd, &to->sa, to->len) == 0)
		*connected = true;
	else if (errno == EINPROGRESS)
		*connected = false;
	else
		return give_up(fd);
	return fd;
}

enum { MOST_PORTS = 1024 }; /* that one call tries: each costs some microseconds */

int sock_connect(const struct addr *to, const struct sock_options *o, bool *connected)
{
	const struct sock_source *source = is_unix(to) ? NULL : o->source;
	uint32_t count;
	int fd = -1;

	if (!source || !source->addr.len || !source->port_low)
		return connect_from(to, o, 0, connected);
	count = (uint32_t)source->port_high - source->port_low + 1;
	for (uint32_t i = 0; i < count && i < MOST_PORTS; i++) {
		uint32_t port = source->port_low + (uint32_t)((o->turn + i) % count);

		fd = connect_from(to, o, (uint16_t)port, connected);
		if (fd >= 0 || (errno != EADDRINUSE && errno != EADDRNOTAVAIL))
			break;
	}
	return fd;
}

int sock_error(int fd)
{
	int errnum;
	socklen_t len = sizeof(errnum);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) == -1)
		return errno;
	return errnum;
}

bool sock_local(int fd, struct addr *ret)
{
	struct addr a = { .len = sizeof(a.un) };

	return getsockname(fd, &a.sa, &a.len) == 0 && addr_from_sockaddr(&a.sa, a.len, ret);
}

struct sock_file sock_file_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISSOCK(st.st_mode))
		return (struct sock_file){ 0 };
	return (struct sock_file){ st.st_dev, st.st_ino };
}

void sock_file_remove(const char *path, const struct sock_file *file)
{
	struct sock_file now = sock_file_at(path);

	if (sharing.keep_files)
		return;
	if (now.inode && now.inode == file->inode && now.device == file->device)
		unlink(path);
}

void sock_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void sock_end_with_reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void sock_reset(int fd)
{
	if (fd < 0)
		return;
	sock_end_with_reset(fd);
	close(fd);
}

bool sock_set_options(int fd, const struct sock_options *o)
{
	return !apply(fd, o, false);
}

bool sock_connect_unix(const char *path, unsigned int patience_ms, int *ret_fd, struct error *err)
{
	struct timeval patience = { .tv_sec = patience_ms / 1000,
		                    .tv_usec = (suseconds_t)(patience_ms % 1000) * 1000 };
	AUTO_CLOSE int fd = -1;
	struct addr to;

	if (!addr_from_unix(path, &to, err))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Of UNIX sockets the limit of sending is that of connecting, too. */
	if (fd != -1 && patience_ms)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (fd == -1 || connect(fd, &to.sa, to.len) == -1)
		return error_sys(err, errno, "cannot connect to %s", path);
	*ret_fd = TAKE_FD(fd);
	return true;
}

uint64_t sock_set_nofile(uint64_t want)
{
	struct rlimit now;
	struct rlimit more;

	if (getrlimit(RLIMIT_NOFILE, &now) == -1)
		return 0;
	more = now;
	more.rlim_cur = want ? want : now.rlim_max;
	if (more.rlim_cur == now.rlim_cur)
		return now.rlim_cur;
	if (more.rlim_cur > more.rlim_max)
		more.rlim_max = more.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return more.rlim_cur;
	/* Above the hard limit only with privilege: then as far as is allowed. */
	more = (struct rlimit){ now.rlim_max, now.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return more.rlim_cur;
	return now.rlim_cur;
}
