/* SPDX-License-Identifier: MIT */
/*
 * Why a server is in its state: the verdict, the rule that decided, and the checks behind it.
 *
 *   openWhy(model, service, server)   names; asks /v1/why and follows it until it is closed
 */
import { menuFor } from "./actions.js";
import { h, mark, say, svg } from "./dom.js";
import { keyed } from "./keyed.js";
import { needPatterns } from "./patterns.js";
import { createTip } from "./tip.js";
import { age, clock, date, event as wordsOf, plural, state } from "./words.js";

const EVERY_MS = 1000;
const SLOW_MS = 15000;
const BAR = { width: 18, gap: 4, height: 84, low: 34, head: 16, least: 3 };
const QUICK_MS = 5; /* whoever answers sooner than this is as quick as any other */
const CHECKS_FIRST = 6;

async function ask(service, server) {
	const answer = await fetch(`/v1/why?server=${encodeURIComponent(`${service}/${server}`)}`,
		{ cache: "no-store", signal: AbortSignal.timeout(8000) });

	if (answer.ok)
		return answer.json();
	const words = await answer.text();

	try {
		throw new Error(JSON.parse(words).error);
	} catch (error) {
		throw error instanceof SyntaxError ? new Error(words.trim() || `HTTP ${answer.status}`) : error;
	}
}

function timeOf(check) {
	return typeof check.time === "number" ? check.time : Date.parse(check.time);
}

/* --- the bars ----------------------------------------------------------------------------- */

function classOf(check) {
	return check.passed ? "passed" : "failed";
}

function barTip(check, now) {
	return {
		head: `${clock(timeOf(check))}, ${age(now - timeOf(check))} ago`,
		lines: [{ key: check.passed ? "up" : "down",
			text: `${check.passed ? "\u2713 passed" : "\u2716 failed"} in ${check.duration_ms} ms` },
		check.text],
	};
}

function makeBar(check) {
	return svg("g", { class: `item ${classOf(check)}` }, svg("rect", { class: "base" }),
		svg("rect", { class: "over", fill: check.passed ? "none" : "url(#over-down)" }),
		svg("text", { class: "glyph", "aria-hidden": "true" }, check.passed ? "" : "\u2716"));
}

function barAt(node, check, x, most, full, u) {
	const height = Math.max(BAR.least, (full - BAR.head) * check.duration_ms / most) * u;
	const top = full * u - height;
	const [base, over, glyph] = node.children;

	for (const rect of [base, over]) {
		mark(rect, "x", x);
		mark(rect, "y", top.toFixed(1));
		mark(rect, "width", BAR.width * u);
		mark(rect, "height", height.toFixed(1));
	}
	mark(glyph, "x", x + BAR.width * u / 2);
	mark(glyph, "y", (top - 4 * u).toFixed(1));
}

function describe(checks) {
	const failed = checks.filter((c) => !c.passed).length;
	const longest = Math.max(0, ...checks.map((c) => c.duration_ms));

	return `The last ${checks.length} checks: ${failed} failed; the longest took ${longest} ms.`;
}

class Bars {
	constructor(tip, model) {
		this.tip = tip;
		this.model = model;
		this.bars = svg("g");
		this.svg = svg("svg", { role: "img" }, this.bars);
		this.scale = h("span", { class: "soft" });
		this.el = h("figure", { class: "checks" }, h("figcaption", {}, "Time each check took ", this.scale),
			h("div", { class: "scroll" }, this.svg));
		this.svg.addEventListener("pointermove", (event) => this.point(event));
		this.svg.addEventListener("pointerleave", () => this.tip.hide());
	}

	point(event) {
		const node = event.target.closest(".item");

		if (node)
			this.tip.show(node.getBoundingClientRect(), barTip(node.check, this.model.now()));
		else
			this.tip.hide();
	}

	/* Newest at the right, as time goes. */
	draw(checks) {
		const u = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
		const list = [...checks].reverse();
		const longest = Math.max(0, ...list.map((c) => c.duration_ms));
		const most = Math.max(QUICK_MS, longest);
		const full = most > QUICK_MS ? BAR.height : BAR.low;
		const step = (BAR.width + BAR.gap) * u;

		this.el.hidden = !list.length;
		say(this.scale, `at most ${longest} ms; newest at the right`);
		mark(this.svg, "width", Math.max(1, list.length * step));
		mark(this.svg, "height", full * u);
		mark(this.svg, "aria-label", describe(checks));
		let x = 0;

		keyed(this.bars, list, (c) => timeOf(c), makeBar, (node, c) => {
			node.check = c;
			barAt(node, c, x, most, full, u);
			x += step;
		});
	}
}

/* --- tables ------------------------------------------------------------------------------- */

function counterWords(check) {
	const { counter_before: before, counter_after: after } = check;

	return before === after ? `counter: ${after}` : `counter: ${before} \u2192 ${after}`;
}

const CHECK_HEADS = ["Time", "Result", "Took", "What it found", "Afterwards"];

function checkRow(check) {
	const words = check.text || `${check.code} ${check.words}`;

	return h("tr", { class: check.passed ? "up" : "down" },
		h("td", { class: "time", title: date(timeOf(check)), text: clock(timeOf(check)) }),
		h("td", { class: "state result", text: check.passed ? "\u2713 passed" : "\u2716 failed" }),
		h("td", { class: "n", text: `${check.duration_ms} ms` }),
		h("td", { class: "what" }, words, h("small", { text: check.code })),
		h("td", { class: "after", title: counterWords(check), text: check.state ?? "" }));
}

function createChecks() {
	const body = h("tbody");
	const none = h("p", { class: "none", text: "No check has ended yet." });
	const more = h("button", { type: "button", class: "more", onclick: () => {
		all = true;
		draw(last);
	} });
	let all = false;
	let last = [];

	function draw(checks) {
		const shown = all ? checks : checks.slice(0, CHECKS_FIRST);

		last = checks;
		none.hidden = checks.length > 0;
		table.hidden = !checks.length;
		more.hidden = shown.length === checks.length;
		say(more, `Show all ${checks.length}`);
		keyed(body, shown, (c) => `${timeOf(c)} ${c.code}`, checkRow, () => {});
	}
	const table = h("table", { class: "checks-table" }, h("thead", {}, h("tr", {},
		CHECK_HEADS.map((words, i) => h("th", { scope: "col", class: i === 2 ? "n" : null,
			text: words })))), body);

	return { parts: [none, table, more], draw };
}

function eventRow(e) {
	const words = wordsOf(e);
	const wall = Date.parse(e.time);

	return h("li", { class: words.key }, h("time", { datetime: e.time, title: date(wall), text: clock(wall) }),
		h("b", { class: "what", text: words.what }), h("span", { class: "why", text: words.why }));
}

/* --- the dialog --------------------------------------------------------------------------- */

class Why {
	constructor(model, service, server) {
		this.model = model;
		this.service = service;
		this.server = server;
		this.answer = null;
		this.tip = createTip();
		this.bars = new Bars(this.tip, model);
		this.checks = createChecks();
		this.agent = createChecks();
		this.make();
	}

	section(words, ...children) {
		return h("section", {}, h("h3", { text: words }), children);
	}

	make() {
		this.badge = h("span", { class: "badge" });
		this.verdict = h("p", { class: "verdict", text: "Asking\u2026" });
		this.since = h("p", { class: "soft" });
		this.rules = h("ul", { class: "rules" });
		this.next = h("small");
		this.events = h("ol", { class: "why-events" });
		this.none = h("p", { class: "none", text: "Nothing that the journal remembers." });
		const close = h("button", { type: "button", class: "close", "aria-label": "Close",
			dataset: { action: "close" }, onclick: () => this.dialog.close() }, "\u2715");

		this.spoken = this.section("What its agent said", this.agent.parts);
		this.body = h("div", { class: "body", hidden: true },
			this.section("Rules", this.rules),
			h("section", {}, h("h3", {}, "Last checks ", this.next), this.bars.el, this.checks.parts),
			this.spoken, this.section("Last events", this.none, this.events));
		this.dialog = h("dialog", { class: "why", "aria-labelledby": "why-title", "data-view": "why",
			dataset: { service: this.service, server: this.server }, onclose: () => this.close(),
			onclick: (event) => this.clickOutside(event), onkeydown: (event) => event.stopPropagation() },
		h("div", { class: "inside" }, h("header", {}, h("h2", { id: "why-title" },
			`${this.service}/${this.server} `, this.badge), close),
		this.verdict, this.since, menuFor(this.model, this.service, this.server), this.body), this.tip.el);
	}

	clickOutside(event) {
		if (event.target === this.dialog)
			this.dialog.close();
	}

	open() {
		document.body.append(this.dialog);
		this.dialog.showModal();
		this.leave = [
			this.model.on("sample", () => this.drawNow()),
			this.model.on("event", (e) => {
				if (e.service === this.service && (!e.server || e.server === this.server))
					this.refresh();
			}),
		];
		this.refresh();
	}

	close() {
		clearTimeout(this.timer);
		this.dialog.remove();
		this.closed = true;
		for (const leave of this.leave)
			leave();
	}

	async refresh() {
		clearTimeout(this.timer);
		if (this.model.link === "lost") {
			this.timer = setTimeout(() => this.refresh(), EVERY_MS);
			return;
		}
		try {
			this.answer = await ask(this.service, this.server);
			this.failed = null;
		} catch (error) {
			this.failed = error.message;
		}
		if (this.closed)
			return;
		this.draw();
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.refresh(), this.wait());
	}

	/* Soon after the next check is done, if it is known when that is. */
	wait() {
		const next = this.answer?.next_check_ms;

		if (this.failed || next === null || next === undefined)
			return 2 * EVERY_MS;
		return Math.max(EVERY_MS, Math.min(next + 100, SLOW_MS));
	}

	draw() {
		const { answer } = this;

		mark(this.verdict, "class", this.failed ? "verdict bad" : "verdict");
		if (this.failed && !answer) {
			say(this.verdict, this.failed);
			return;
		}
		this.at = performance.now();
		this.body.hidden = false;
		say(this.verdict, this.failed ? `${answer.verdict} (since then: ${this.failed})` : answer.verdict);
		keyed(this.rules, answer.rules, (rule) => rule, (rule) => h("li", { text: rule }), () => {});
		this.bars.draw(answer.checks);
		this.checks.draw(answer.checks);
		this.spoken.hidden = !answer.agent_checks?.length;
		this.agent.draw(answer.agent_checks ?? []);
		keyed(this.events, answer.events, (e) => `${e.seq} ${e.time}`, eventRow, () => {});
		this.none.hidden = answer.events.length > 0;
		this.events.hidden = !answer.events.length;
		this.drawNow();
	}

	/* What moves without being asked for. */
	drawNow() {
		const server = this.model.server(this.service, this.server);
		const { answer } = this;

		if (server) {
			const look = state(server);

			mark(this.badge, "class", `badge ${look.key}`);
			say(this.badge, `${look.glyph} ${look.word}`);
		}
		if (!answer)
			return;
		const since = Date.parse(server?.since ?? answer.since);
		const left = answer.next_check_ms - (performance.now() - this.at);

		say(this.since, `since ${date(since)}${server ? `; ${plural(server.sessions, "session")} on it` : ""}`);
		say(this.next, typeof answer.next_check_ms !== "number" || answer.verdict.includes("next check") ? ""
			: left > 0 ? `the next one within ${age(left + 999)}` : "the next one is due");
	}
}

export function openWhy(model, service, server) {
	needPatterns();
	new Why(model, service, server).open();
}
