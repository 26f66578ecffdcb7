/* SPDX-License-Identifier: MIT */
/*
 * What the page knows.  One model feeds all views:
 *
 *   status    the last /v1/status with samples merged in; null before the first.  Its services and
 *             servers stay the same objects until "status" is told.
 *   events    entries of the journal, oldest first, at most 5000
 *   history   the last /v1/history, or null
 *   act       the last GET /v1/act: { writable, token, user } or { writable: false, why }
 *   link      "connecting", "live" or "lost"; linkSince: when that began, performance.now()
 *   on(kind, fn) -> a function that unsubscribes; kinds: "status" (replaced), "sample" (numbers
 *             merged), "event" (fn(entry); once for the last of many), "link", "act", "history"
 *   service(name), server(service, name) -> of `status`, or undefined
 *   now()     the daemon's wall clock, ms since the epoch; asOf(): when it last said it
 *   spark(service, server) -> [{ t, sessions, rate }], oldest first, of the last 15 minutes; of
 *             the service without a server, of everything without either
 *   refreshAct() asks /v1/act again: a token does not outlive the daemon
 */
import { applyEvent, namesMore } from "./eventstate.js";
import { createLink, getJSON } from "./link.js";
import { createSparks } from "./sparkdata.js";

const EVENTS_MAX = 5000;
const EVENTS_FIRST = 1000;
const HISTORY_MS = 60000;
const AGAIN_MS = 1000;

/* RFC 7396 for objects whose lists are kept: a list in a patch replaces. */
function merge(target, patch) {
	for (const key of Object.keys(patch)) {
		const value = patch[key];

		if (value === null || typeof value !== "object" || Array.isArray(value))
			target[key] = value;
		else if (target[key] && typeof target[key] === "object" && !Array.isArray(target[key]))
			merge(target[key], value);
		else
			target[key] = { ...value };
	}
}

/* The names of all there is: while it stays the same, objects do, too. */
function shapeOf(status) {
	const rows = status.services.map((v) => [v.name, v.bind, v.balance,
		v.servers.map((s) => [s.name, s.address, s.locality])]);

	return JSON.stringify([status.pid, status.start_time, rows]);
}

class Model {
	constructor() {
		this.status = null;
		this.events = [];
		this.history = null;
		this.act = null;
		this.link = "connecting";
		this.linkSince = performance.now();
		this.followers = new Map();
		this.seen = new Set();
		this.last = 0;
		this.clock = { server: Date.now(), at: performance.now() };
		this.sparks = createSparks();
		this.known = null;
		this.fetching = 0;
		this.samples = []; /* that came while a status was on its way */
	}

	start() {
		this.live = createLink({
			onHello: (data) => this.takeHello(data),
			onEvent: (e) => this.takeEvent(e),
			onSample: (patch) => this.takeSample(patch),
			onTopology: () => this.refetch(),
			onPoll: () => this.poll(),
			onState: (state) => this.setLink(state),
			since: () => (this.last ? this.last + 1 : 0),
		});
		setInterval(() => {
			if (!document.hidden && this.link === "live")
				this.fetchHistory();
		}, HISTORY_MS);
	}

	/* --- followers ------------------------------------------------------------------------ */

	on(kind, fn) {
		const list = this.followers.get(kind) ?? new Set();

		this.followers.set(kind, list);
		list.add(fn);
		return () => list.delete(fn);
	}

	tell(kind, what) {
		for (const fn of this.followers.get(kind) ?? [])
			try {
				fn(what);
			} catch (error) {
				/* One view's mistake is not the end of the others. */
				console.error(error);
			}
	}

	setLink(state) {
		if (this.link === state)
			return;
		this.link = state;
		this.linkSince = performance.now();
		this.tell("link", state);
	}

	/* --- look-ups ------------------------------------------------------------------------- */

	service(name) {
		return this.byName?.get(name)?.service;
	}

	server(service, name) {
		return this.byName?.get(service)?.servers.get(name);
	}

	now() {
		return this.clock.server + performance.now() - this.clock.at;
	}

	spark(service, server) {
		return this.sparks.of(service, server);
	}

	/* When what is known was true: the clock of the last message. */
	asOf() {
		return this.clock.server;
	}

	setClock(text) {
		const ms = Date.parse(text);

		if (!Number.isNaN(ms))
			this.clock = { server: ms, at: performance.now() };
	}

	/* --- status --------------------------------------------------------------------------- */

	index() {
		this.byName = new Map(this.status.services.map((service) => [service.name,
			{ service, servers: new Map(service.servers.map((s) => [s.name, s])) }]));
	}

	takeStatus(status) {
		const shape = shapeOf(status);

		this.setClock(status.now);
		if (this.shape === shape) {
			this.renew(status);
		} else {
			this.shape = shape;
			this.status = status;
			this.index();
			this.tell("status");
		}
		this.sparks.add(this.status, this.now());
		this.tell("sample");
	}

	/* The objects that views hold get the new values. */
	renew(status) {
		const { services, ...rest } = status;

		Object.assign(this.status, rest);
		for (const fresh of services) {
			const { servers, ...facts } = fresh;
			const entry = this.byName.get(fresh.name);

			Object.assign(entry.service, facts);
			for (const server of servers)
				Object.assign(entry.servers.get(server.name), server);
		}
	}

	takeSample(patch) {
		if (this.fetching)
			this.samples.push(patch);
		this.mergeSample(patch);
	}

	mergeSample(patch) {
		const { services, ...rest } = patch;

		this.setClock(patch.now);
		if (!this.status)
			return;
		merge(this.status, rest);
		for (const [name, change] of Object.entries(services ?? {}))
			this.mergeService(this.byName.get(name), change);
		this.sparks.add(this.status, this.now());
		this.tell("sample");
	}

	/* What is not known is on its way with the next status. */
	mergeService(entry, change) {
		const { servers, ...facts } = change ?? {};

		if (!entry)
			return;
		merge(entry.service, facts);
		for (const [name, values] of Object.entries(servers ?? {})) {
			const server = entry.servers.get(name);

			if (server && values)
				merge(server, values);
		}
	}

	/* What was told while it was on its way is newer than it, or part of it. */
	async fetchStatus() {
		this.fetching++;
		try {
			const status = await getJSON("/v1/status");

			this.takeStatus(status);
			for (const patch of this.samples)
				if (Date.parse(patch.now) >= Date.parse(status.now))
					this.mergeSample(patch);
		} finally {
			this.fetching--;
			if (!this.fetching)
				this.samples = [];
		}
	}

	async poll() {
		const first = !this.status;

		await this.fetchStatus();
		await this.fetchEvents(this.last + 1);
		if (first) {
			this.refreshAct();
			this.fetchHistory();
		}
	}

	/* --- events --------------------------------------------------------------------------- */

	/* False: it is there already. */
	addEvent(e) {
		const key = `${e.seq} ${e.time}`;

		if (this.seen.has(key))
			return false;
		this.seen.add(key);
		e.wall = Date.parse(e.time);
		this.last = e.seq;
		this.events.push(e);
		if (this.events.length > EVENTS_MAX) {
			const gone = this.events.shift();

			this.seen.delete(`${gone.seq} ${gone.time}`);
		}
		return true;
	}

	takeEvent(e) {
		if (!this.addEvent(e))
			return;
		this.tell("event", e);
		if (this.status && applyEvent(e, this.service(e.service), this.server(e.service, e.server)))
			this.tell("sample");
		if (namesMore(e))
			this.refetch();
	}

	async fetchEvents(since) {
		const last = this.last;
		const { events } = await getJSON(`/v1/events?since=${Math.max(1, since)}`);
		const fresh = events.filter((e) => this.addEvent(e));

		if (!fresh.length)
			return;
		this.last = Math.max(last, events[events.length - 1].seq);
		this.events.sort((a, b) => a.wall - b.wall || a.seq - b.seq);
		this.tell("event", this.events[this.events.length - 1]);
	}

	/* --- the rest ------------------------------------------------------------------------- */

	takeHello(data) {
		const known = `${data.pid} ${data.start_time}`;

		if (this.known !== known) {
			this.known = known;
			this.last = data.seq;
			this.quietly(this.fetchEvents(data.seq - EVENTS_FIRST + 1));
		}
		this.refetch();
		this.refreshAct();
		this.fetchHistory();
	}

	/* Once for all that asks at the same time, and again until it is there. */
	refetch(wait = this.status ? 50 : 0) {
		clearTimeout(this.asking);
		this.asking = setTimeout(async () => {
			if (!await this.quietly(this.fetchStatus()) && this.link === "live")
				this.refetch(AGAIN_MS);
		}, wait);
	}

	/* Whether the daemon can be reached is what the live connection tells. */
	async quietly(promise) {
		try {
			await promise;
			return true;
		} catch (error) {
			console.info(`sluice: ${error.message}`);
			return false;
		}
	}

	async refreshAct() {
		try {
			this.act = await getJSON("/v1/act");
		} catch {
			this.act = { writable: false, why: "this endpoint takes no commands" };
		}
		this.tell("act", this.act);
		return this.act;
	}

	async fetchHistory() {
		try {
			this.history = await getJSON("/v1/history?last=900&points=180");
			this.sparks.fill(this.history);
			this.tell("history");
		} catch (error) {
			console.info(`sluice: ${error.message}`);
		}
	}
}

export function createModel() {
	const model = new Model();

	model.start();
	return model;
}
