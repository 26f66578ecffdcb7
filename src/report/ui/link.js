/* SPDX-License-Identifier: MIT */
/*
 * The live connection: /v1/live with a back-off of its own, since browsers give up, and
 * /v1/status every two seconds from a daemon that has no /v1/live.
 *
 *   createLink({ onHello(data), onEvent(e), onSample(patch), onTopology(), onPoll(), onState(state), since() })
 *
 * onState: "connecting", "live" or "lost".  since(): the number of the first journal entry that
 * is wanted, or 0.  onPoll: fetch the status; it returns a promise that fails if that did.
 *
 * A page that nobody sees gives its connection back after a while: browsers allow six to a host,
 * and they are shared by all tabs.
 */
const RETRY_MS = [500, 1000, 2000, 3000, 5000];
const SILENCE_MS = 6000;
const POLL_MS = 2000;
const HIDDEN_POLL_MS = 15000;
const HIDDEN_GRACE_MS = 10000;
const KINDS = ["server", "check", "service_down", "service_up", "panic", "fault", "mark", "process"];

export async function getJSON(path) {
	const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(8000) });

	if (!answer.ok)
		throw new Error(`${path}: HTTP ${answer.status}`);
	return answer.json();
}

function addListeners(source, hooks, heard) {
	const listen = (name, fn) => source.addEventListener(name, (message) => {
		heard();
		fn(JSON.parse(message.data));
	});

	listen("hello", hooks.onHello);
	listen("sample", hooks.onSample);
	listen("topology", hooks.onTopology);
	for (const kind of KINDS)
		listen(kind, hooks.onEvent);
}

class Link {
	constructor(hooks) {
		this.hooks = hooks;
		this.source = null;
		this.timer = 0;
		this.tries = 0;
		this.heardAt = 0;
		this.greeted = false;
		document.addEventListener("visibilitychange", () => this.onVisibility());
		setInterval(() => this.watch(), 1000);
		this.connect();
	}

	later(ms, fn) {
		clearTimeout(this.timer);
		this.timer = setTimeout(fn, ms);
	}

	connect() {
		const since = this.hooks.since();

		this.close();
		this.greeted = false;
		this.heardAt = performance.now();
		this.source = new EventSource(since ? `/v1/live?since=${since}` : "/v1/live");
		this.source.addEventListener("error", () => this.onError());
		addListeners(this.source, {
			...this.hooks,
			onHello: (data) => {
				this.greeted = true;
				this.tries = 0;
				this.hooks.onState("live");
				this.hooks.onHello(data);
			},
		}, () => { this.heardAt = performance.now(); });
	}

	close() {
		this.source?.close();
		this.source = null;
	}

	/* A daemon that answers, but not this, is polled. */
	async onError() {
		const greeted = this.greeted;

		this.close();
		if (greeted) {
			this.retry();
			return;
		}
		try {
			await this.hooks.onPoll();
			this.hooks.onState("live");
			this.tries = 0;
			this.later(POLL_MS, () => this.poll(POLL_MS, 15));
		} catch {
			this.retry();
		}
	}

	retry() {
		const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];

		this.tries++;
		this.hooks.onState("lost");
		this.later(wait, () => this.connect());
	}

	/* `left` times, then the live connection is tried again. */
	async poll(every, left) {
		if (left <= 0) {
			this.connect();
			return;
		}
		try {
			await this.hooks.onPoll();
			this.hooks.onState("live");
		} catch {
			this.hooks.onState("lost");
		}
		this.later(every, () => this.poll(every, left - 1));
	}

	/* A connection that is half dead says nothing, not even that. */
	watch() {
		if (!this.source || document.hidden || performance.now() - this.heardAt < SILENCE_MS)
			return;
		this.close();
		this.retry();
	}

	onVisibility() {
		if (!document.hidden) {
			if (!this.source)
				this.connect();
			clearTimeout(this.resting);
			this.heardAt = performance.now();
			return;
		}
		clearTimeout(this.resting);
		this.resting = setTimeout(() => {
			this.close();
			this.later(HIDDEN_POLL_MS, () => this.poll(HIDDEN_POLL_MS, Infinity));
		}, HIDDEN_GRACE_MS);
	}
}

export function createLink(hooks) {
	return new Link(hooks);
}
