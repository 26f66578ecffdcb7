/* SPDX-License-Identifier: MIT */
/*
 * What can be done to a server or a session: the words of its dialog, what is to be filled in, and
 * what is sent.
 *
 *   ACTIONS: [{ action, word, hint, whyNot(server) -> words or null }]
 *   formOf(deed) -> { title, verb, danger, parts, effects(), fields() }
 *
 * deed: { action, service, server, session, others }: objects of /v1/status or /v1/sessions;
 * `others` are the same node's servers in other services.  parts: elements to fill in; effects():
 * sentences of what will happen, { text, bad }, true now; fields(): what /v1/act takes besides
 * action and server.
 */
import { h, say } from "./dom.js";
import { age, bytes, count, plural } from "./words.js";

const TIME = "([0-9]+(us|ms|s|m|h|d))+";
const TIME_HINT = "a time with its unit, as 30s or 5m";

/* word, meaning, an amount as an example, its pattern, what is allowed */
const FAULTS = [
	["delay", "bytes are late in each direction", "200ms", TIME, "1ms to 60s"],
	["throttle", "few bytes a second", "1M", "[0-9]+[kKmMgG]?", "bytes a second, 64 to 4095M"],
	["blackhole", "nothing comes back: connects and sessions hang", null],
	["refuse", "connects are refused", null],
	["reset", "sessions are reset", null],
	["status", "checks over HTTP get a status", "503", "[1-5][0-9][0-9]", "100 to 599"],
];

function has(server, word) {
	return (server.admin ?? []).some((a) => a.startsWith(word));
}

export const ACTIONS = [
	{ action: "drain", word: "Drain", hint: "No new sessions; those that are there go on",
		whyNot: (s) => (has(s, "maint") ? "it is in maintenance" : null) },
	{ action: "maint", word: "Maintenance", hint: "No new sessions and no checks",
		whyNot: (s) => (has(s, "maint") ? "it is in maintenance already" : null) },
	{ action: "ready", word: "Ready", hint: "Takes drain or maintenance back",
		whyNot: (s) => (s.admin?.length ? null : "it is neither drained nor in maintenance") },
	{ action: "weight", word: "Weight", hint: "Its share of new sessions", whyNot: () => null },
	{ action: "kill", word: "Kill sessions", hint: "Ends all sessions on it now",
		whyNot: (s) => (s.sessions ? null : "it has no sessions") },
	{ action: "fault", word: "Fault", hint: "For drills: makes the way to it slow or broken",
		whyNot: () => null },
];

function have(n) {
	return n === 1 ? "1 session is" : `${count(n)} sessions are`;
}

/* What is left for new clients if this server takes none. */
function leftEffect({ service, server }) {
	const left = service.servers.filter((s) => s !== server && s.usable).length;

	if (!server.usable)
		return { text: `It takes no new sessions now either: ${server.state}.` };
	if (left)
		return { text: left === 1 ? `1 other server of ${service.name} takes new sessions.`
			: `${count(left)} other servers of ${service.name} take new sessions.` };
	return { text: `No other server of ${service.name} is usable: clients will be held or turned away.`,
		bad: true };
}

function field(words, input, hint) {
	return h("label", { class: "field" }, h("span", { text: words }), input,
		hint && h("small", { text: hint }));
}

function input(attrs) {
	return h("input", { type: "text", autocomplete: "off", spellcheck: "false", size: 8, ...attrs });
}

/* --- the actions -------------------------------------------------------------------------- */

function drainForm(deed) {
	const { server } = deed;
	const deadline = input({ name: "deadline", placeholder: "none", pattern: TIME, title: TIME_HINT });
	const presets = ["1m", "5m", "15m"].map((words) => h("button", { type: "button",
		onclick: () => {
			deadline.value = words;
			deadline.dispatchEvent(new Event("input", { bubbles: true }));
		} }, words));

	return {
		verb: "Drain",
		parts: [h("div", { class: "row" }, field("Deadline", deadline, null),
			h("span", { class: "group" }, presets)),
		h("p", { class: "hint", text: "With a deadline, as 30s or 5m, sessions of PostgreSQL's " +
			"protocol in clear end between two transactions, one after another, and what is " +
			"left then is ended. Without one they end by themselves." })],
		effects: () => [{ text: "It gets no new sessions; checks go on." },
			{ text: deadline.value.trim()
				? `${have(server.sessions)} on it: all are gone in ${deadline.value.trim()}.`
				: `${have(server.sessions)} on it and go on.` },
			leftEffect(deed)],
		fields: () => (deadline.value.trim() ? { deadline: deadline.value.trim() } : {}),
	};
}

function maintForm(deed) {
	return {
		verb: "Begin maintenance",
		parts: [],
		effects: () => [{ text: "It gets no new sessions and is not checked." },
			{ text: `${have(deed.server.sessions)} on it and go on.` }, leftEffect(deed)],
		fields: () => ({}),
	};
}

function readyForm({ server }) {
	return {
		verb: "Make ready",
		parts: [],
		effects: () => [{ text: `${server.state} is taken back.` },
			{ text: server.checked ? "It gets new sessions as soon as its checks pass."
				: "It gets new sessions at once." }],
		fields: () => ({}),
	};
}

/* What it would get of 100 new sessions if all were equal besides. */
function shareOf({ service, server }, weight) {
	const all = service.servers.filter((s) => s.usable && s !== server)
		.reduce((n, s) => n + s.weight, weight);

	return all ? Math.round(100 * weight / all) : 0;
}

function weightForm(deed) {
	const { server } = deed;
	const weight = input({ name: "value", value: String(server.weight), required: true,
		pattern: "[0-9]{1,5}%?", title: "0 to 256, or a percentage as 50%" });
	const wanted = () => {
		const n = parseInt(weight.value, 10);

		return weight.value.trim().endsWith("%") ? server.weight_configured * n / 100 : n;
	};

	return {
		verb: "Set weight",
		parts: [field("Weight", weight,
			`0 to 256, or a percentage of ${server.weight_configured}, the configured one`)],
		effects: () => {
			const n = wanted();

			if (Number.isNaN(n))
				return [];
			return [{ text: n === 0 ? "It gets no new sessions; checks go on."
				: `About ${shareOf(deed, n)} % of new sessions of ${deed.service.name} are its share.` },
			{ text: `${have(server.sessions)} on it and go on.` }];
		},
		fields: () => ({ value: weight.value.trim() }),
	};
}

function killForm({ service, server, session }) {
	if (session)
		return {
			title: `Kill session ${session.id}?`,
			verb: "Kill it",
			danger: true,
			parts: [],
			effects: () => [
				{ text: `${session.client} is on ${session.service}/${session.server ?? "no server"} ` +
					`for ${age(session.total_ms)}; ${bytes(session.bytes_in)} in, ` +
					`${bytes(session.bytes_out)} out.` },
				{ text: "Both connections are closed at once; a transaction that is open is lost.",
					bad: true }],
			fields: () => ({ id: session.id }),
		};
	return {
		title: `Kill all sessions on ${service.name}/${server.name}?`,
		verb: "Kill them",
		danger: true,
		parts: [],
		effects: () => [
			{ text: `${have(server.sessions)} on it and ${server.sessions === 1 ? "is" : "are"} ` +
				"closed at once; transactions that are open are lost.", bad: true },
			{ text: server.usable ? "It goes on taking new sessions: drain it first to empty it."
				: `It takes no new sessions: ${server.state}.` }],
		fields: () => ({}),
	};
}

function faultForm(deed) {
	const { server } = deed;
	const amount = input({ name: "amount", required: true });
	const duration = input({ name: "duration", value: "30s", placeholder: "until ended",
		pattern: TIME, title: TIME_HINT });
	const hint = h("small");
	const amountField = h("label", { class: "field" }, h("span", { text: "Amount" }), amount, hint);
	const kind = h("select", { name: "kind", onchange: () => choose() },
		server.fault ? h("option", { value: "none", text: `none: end "${server.fault.text}"` }) : null,
		FAULTS.map(([word, meaning]) => h("option", { value: word, text: `${word}: ${meaning}` })));
	const forField = field("Ends after", duration, "empty: when somebody ends it");

	function choose() {
		const [, , example, pattern, allowed] = FAULTS.find(([word]) => word === kind.value) ?? [];

		amountField.hidden = !example;
		amount.disabled = !example;
		amount.value = example ?? "";
		amount.pattern = pattern ?? ".*";
		amount.title = allowed ?? "";
		say(hint, allowed ?? "");
		forField.hidden = kind.value === "none";
	}
	choose();
	return {
		title: `${server.fault ? "Change the" : "Put a"} fault on the way to ` +
			`${deed.service.name}/${server.name}?`,
		verb: "Begin the fault",
		verbNow: () => (kind.value === "none" ? "End the fault" : "Begin the fault"),
		danger: true,
		parts: [field("Kind", kind, null), h("div", { class: "row" }, amountField, forField)],
		effects: () => (kind.value === "none"
			? [{ text: `"${server.fault?.text}" ends; what was held goes on.` }]
			: [{ text: `It begins at once, for ${plural(server.sessions, "session")} on it, too.`, bad: true },
				{ text: "Checks find it, so the server may go DOWN; the node itself is not touched." },
				leftEffect(deed)]),
		fields: () => {
			const words = [kind.value];

			if (!amount.disabled)
				words.push(amount.value.trim());
			if (kind.value !== "none" && duration.value.trim())
				words.push("for", duration.value.trim());
			return { value: words.join(" ") };
		},
	};
}

const FORMS = {
	drain: drainForm, maint: maintForm, ready: readyForm, weight: weightForm, kill: killForm,
	fault: faultForm,
};

const TITLES = { drain: "Drain", maint: "Maintenance of", ready: "Make ready:", weight: "Weight of" };

export function formOf(deed) {
	const form = FORMS[deed.action](deed);

	return { title: `${TITLES[deed.action]} ${deed.service?.name}/${deed.server?.name}?`,
		danger: false, ...form };
}
