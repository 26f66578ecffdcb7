/* SPDX-License-Identifier: MIT */
/*
 * The timeline for those who do not see it, or want to copy it: a sentence for each service, and
 * a table of all changes.
 *
 *   createDigest() -> { el, update(data, view) }
 */
import { h, replace, say } from "./dom.js";
import { age, clock, count, event as wordsOf, plural } from "./words.js";

const EVERY_MS = 5000;
const ROWS_MAX = 1000;

function bandsIn(server, view) {
	return server.bands.filter((b) => b.to > view.from && b.from < view.to);
}

/* The first check of all is no trouble. */
function outOf(server, view) {
	return bandsIn(server, view).filter((b) => b.key !== "up" && b.key !== "checking").map((b) =>
		`${b.key} from ${clock(b.from)} for ${age(b.to - b.from)}${b.to >= view.now ? " until now" : ""}`);
}

function sentence(service, view) {
	const out = service.servers.map((s) => [s.name, outOf(s, view)]).filter(([, list]) => list.length);
	const steady = service.servers.length - out.length;
	const parts = out.slice(0, 10).map(([name, list]) => `${name} was ${list.slice(-3).join(", ")}`);

	if (out.length > 10)
		parts.push(`${plural(out.length - 10, "more server")} changed`);
	return `${service.name}: ${count(steady)} of ${plural(service.servers.length, "server")} ` +
		`up all the time${parts.length ? `; ${parts.join("; ")}` : ""}.`;
}

/* [when, where, what, why], oldest first */
function rowsOf(data, view) {
	const rows = [];
	const add = (t, where, what, why) => {
		if (t >= view.from && t <= view.to)
			rows.push({ t, cells: [clock(t), where, what, why] });
	};

	for (const line of data.lines)
		add(line.t, "all", line.kind, line.text);
	for (const d of data.drills)
		add(d.from, "all", "drill", `${d.name}, ${d.to ? age(d.to - d.from) : "running"}`);
	for (const v of data.services) {
		for (const e of v.events)
			add(e.wall, v.name, wordsOf(e).what, wordsOf(e).why);
		for (const s of v.servers) {
			const place = `${v.name}/${s.name}`;

			for (const b of bandsIn(s, view))
				if (b.id !== "first")
					add(b.from, place, `${b.key} for ${age(b.to - b.from)}`, b.why ?? "");
			for (const e of s.events)
				add(e.wall, place, wordsOf(e).what, wordsOf(e).why);
			for (const c of s.counts)
				add(c.t, place, `${plural(c.n, "session")} cut`, "");
		}
	}
	return rows.sort((a, b) => a.t - b.t);
}

function table(rows) {
	const head = ["Time", "Where", "What", "Why"];

	return h("table", { class: "digest" },
		h("thead", {}, h("tr", {}, head.map((words) => h("th", { scope: "col", text: words })))),
		h("tbody", {}, rows.map(({ cells }) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))));
}

export function createDigest() {
	const sentences = h("p", { class: "sentences" });
	const place = h("div", { class: "scroll", tabindex: 0, role: "region",
		"aria-label": "Events as a table" });
	const el = h("details", {}, h("summary", {}, "In words, and as a table"), sentences, place);
	let drawnAt = -Infinity;
	let last = null;

	function draw() {
		const { data, view } = last;
		const rows = rowsOf(data, view);

		drawnAt = performance.now();
		say(sentences, data.services.map((v) => sentence(v, view)).join(" "));
		replace(place, rows.length ? table(rows.slice(-ROWS_MAX))
			: h("p", { class: "none", text: "Nothing changed in this span." }));
	}
	el.addEventListener("toggle", () => {
		if (el.open && last)
			draw();
	});
	return {
		el,
		update(data, view) {
			last = { data, view };
			if (el.open && performance.now() - drawnAt > EVERY_MS)
				draw();
		},
	};
}
