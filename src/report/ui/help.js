/* SPDX-License-Identifier: MIT */
/* What the keys do and what the signs mean: openHelp(). */
import { h } from "./dom.js";
import { GLYPHS } from "./words.js";

const KEYS = [
	["1 2 3 4", "services, timeline, sessions, events"],
	["/", "find: the filter of the view"],
	["\u2191 \u2193", "on a button of a row: the same one of the next row"],
	["t", "colours: as the system says, light, dark"],
	["Esc", "close, or empty the filter"],
	["?", "this"],
];

const STATES = [
	["up", "takes sessions"],
	["warming", "on its way: up while checks fail (UP 2/3), or down while they pass again (DOWN 1/2)"],
	["nolb", "the node said that it is shutting down: no new sessions, open ones stay"],
	["drain", "an operator wants no new sessions on it, or its weight is 0"],
	["maint", "in maintenance: no sessions, no checks"],
	["down", "checks fail"],
	["checking", "waits for its first check"],
];

function make() {
	const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" },
		h("div", {},
			h("h2", { id: "help-title", text: "Keys and signs" }),
			h("dl", {}, KEYS.map(([keys, words]) => h("div", {},
				h("dt", {}, keys.split(" ").map((key) => h("kbd", { text: key }))), h("dd", { text: words })))),
			h("dl", {}, STATES.map(([key, words]) => h("div", { class: key },
				h("dt", { class: "state", text: `${GLYPHS[key]} ${key}` }), h("dd", { text: words })))),
			h("p", { class: "soft", text: "The same in a terminal: sluice top, sluice watch, sluice why SERVER." }),
			h("button", { type: "button", onclick: () => dialog.close(), text: "Close" })));

	dialog.addEventListener("close", () => dialog.remove());
	return dialog;
}

export function openHelp() {
	const dialog = make();

	document.body.append(dialog);
	dialog.showModal();
}
