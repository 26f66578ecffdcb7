/* SPDX-License-Identifier: MIT */
/* WRAP: accept4 */
#include "sim/simlisten.h"

#include "peer.h"

int __real_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);

static int fail_accepts; /* with EMFILE, this many */
static int accepted;

int __wrap_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	if (fail_accepts) {
		fail_accepts--;
		errno = EMFILE;
		return -1;
	}
	return __real_accept4(fd, addr, len, flags);
}

static void count(struct simlisten *l, int fd)
{
	(void)l;
	accepted++;
	close(fd);
}

static struct simlisten *setup(struct ev_loop **loop)
{
	static struct simlisten l;
	struct addr at = peer_loopback();
	struct error err;

	*loop = ev_loop_new(EVFLAG_NOENV);
	accepted = 0;
	simlisten_init(&l, *loop, &at, count);
	assert_true(simlisten_open(&l, &err));
	return &l;
}

static void teardown(struct simlisten *l)
{
	struct ev_loop *loop = l->loop;

	simlisten_close(l);
	ev_loop_destroy(loop);
}

static void a_free_port_is_below_the_ephemeral_ones(void **state)
{
	struct ev_loop *loop;
	struct simlisten *l = setup(&loop);

	(void)state;
	assert_in_range(addr_port(&l->at), 10240, 32767);
	teardown(l);
}

static void the_same_port_opens_again(void **state)
{
	struct ev_loop *loop;
	struct simlisten *l = setup(&loop);
	uint16_t port = addr_port(&l->at);
	struct peer p;
	struct error err;

	(void)state;
	simlisten_close(l);
	simlisten_close(l);
	assert_true(peer_is_refused(&l->at));
	assert_true(simlisten_open(l, &err));
	assert_true(simlisten_open(l, &err));
	assert_int_equal(addr_port(&l->at), port);
	peer_open(&p, loop, &l->at);
	PEER_UNTIL(&p, accepted == 1);
	PEER_UNTIL(&p, p.eof);
	peer_close(&p);
	teardown(l);
}

static void a_taken_port_is_an_error(void **state)
{
	struct ev_loop *loop;
	struct simlisten *l = setup(&loop);
	struct simlisten second;
	struct error err;

	(void)state;
	simlisten_init(&second, loop, &l->at, count);
	assert_false(simlisten_open(&second, &err));
	assert_int_equal(err.errnum, EADDRINUSE);
	teardown(l);
}

static void a_paused_port_takes_connections_and_answers_nobody(void **state)
{
	struct ev_loop *loop;
	struct simlisten *l = setup(&loop);
	struct peer p;

	(void)state;
	simlisten_pause(l, true);
	peer_open(&p, loop, &l->at);
	peer_hears_nothing(&p, 50);
	assert_int_equal(accepted, 0);
	simlisten_pause(l, false);
	PEER_UNTIL(&p, p.eof);
	assert_int_equal(accepted, 1);
	peer_close(&p);
	teardown(l);
}

static void running_out_of_descriptors_only_delays(void **state)
{
	struct ev_loop *loop;
	struct simlisten *l = setup(&loop);
	struct peer p;

	(void)state;
	fail_accepts = 2;
	peer_open(&p, loop, &l->at);
	PEER_UNTIL(&p, accepted == 1);
	assert_int_equal(fail_accepts, 0);
	peer_close(&p);
	teardown(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_free_port_is_below_the_ephemeral_ones),
		cmocka_unit_test(the_same_port_opens_again),
		cmocka_unit_test(a_taken_port_is_an_error),
		cmocka_unit_test(a_paused_port_takes_connections_and_answers_nobody),
		cmocka_unit_test(running_out_of_descriptors_only_delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
