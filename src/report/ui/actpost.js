/* SPDX-License-Identifier: MIT */
/*
 * What is done through /v1/act, and what is told about it.
 *
 *   post(model, fields) -> what was said; fails with an Error that says why not
 *   announce(words, good)  a note at the edge of the window that goes away by itself; it is read
 *                          out, too
 */
import { h } from "./dom.js";

const SHOWN_MS = 9000;
const WAIT_MS = 15000;

async function send(model, fields) {
	const answer = await fetch("/v1/act", {
		method: "POST",
		headers: {
			"Content-Type": "application/x-www-form-urlencoded",
			"X-Sluice-Token": model.act?.token ?? "",
		},
		body: new URLSearchParams(fields).toString(),
		signal: AbortSignal.timeout(WAIT_MS),
	});
	const words = await answer.json().catch(() => ({}));

	return { status: answer.status, words };
}

/* A token does not outlive the daemon: a new one is asked for once. */
export async function post(model, fields) {
	let answer = await send(model, fields);

	if (answer.status === 403) {
		const before = model.act?.token;
		const act = await model.refreshAct();

		if (act?.writable && act.token !== before)
			answer = await send(model, fields);
	}
	if (answer.status !== 200)
		throw new Error(answer.words.error ?? `refused: HTTP ${answer.status}`);
	return answer.words.said ?? "done";
}

/* --- notes -------------------------------------------------------------------------------- */

let place = null;

function placeOf() {
	if (!place) {
		place = h("div", { class: "announced", role: "status", "aria-live": "polite" });
		document.body.append(place);
	}
	return place;
}

/* Made before it is needed: only what changes in it later is read out. */
export function prepareAnnouncements() {
	placeOf();
}

export function announce(words, good) {
	const close = h("button", { type: "button", "aria-label": "Close" }, "\u2715");
	const note = h("p", { class: good ? "good" : "bad" },
		h("span", { class: "glyph", "aria-hidden": "true", text: good ? "\u2714" : "\u2716" }),
		h("span", { class: "words", text: words }), close);
	let timer = 0;
	const later = () => {
		clearTimeout(timer);
		timer = setTimeout(() => note.remove(), SHOWN_MS);
	};

	close.addEventListener("click", () => note.remove());
	for (const kind of ["pointerenter", "focusin"])
		note.addEventListener(kind, () => clearTimeout(timer));
	for (const kind of ["pointerleave", "focusout"])
		note.addEventListener(kind, later);
	placeOf().append(note);
	later();
}
