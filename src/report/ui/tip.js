/* SPDX-License-Identifier: MIT */
/*
 * What a thing in a picture means, shown while a pointer or the focus rests there.
 *
 *   const tip = createTip();      append tip.el to what is shown, also inside a dialog
 *   tip.show(box, { head, lines }) beside a rectangle of the window
 *   tip.hide()
 *
 * `lines` are strings, or { key, text } with the class of a state.
 */
import { h, replace } from "./dom.js";

const GAP = 8;

function place(el, box) {
	const own = el.getBoundingClientRect();
	const wide = document.documentElement.clientWidth;
	const middle = (box.left + box.right) / 2 - own.width / 2;
	const above = box.top - own.height - GAP;
	const top = above >= GAP ? above : box.bottom + GAP;

	el.style.left = `${Math.max(GAP, Math.min(middle, wide - own.width - GAP))}px`;
	el.style.top = `${top}px`;
}

export function createTip() {
	const el = h("div", { class: "tip", role: "tooltip", hidden: true });

	return {
		el,
		show(box, { head, lines }) {
			replace(el, h("b", { text: head }), lines.map((line) =>
				h("span", { class: line.key ?? null, text: line.text ?? line })));
			el.hidden = false;
			place(el, box);
		},
		hide() {
			el.hidden = true;
		},
	};
}
