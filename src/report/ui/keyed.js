/* SPDX-License-Identifier: MIT */
/*
 * A list of elements that live as long as what they show: those of the time before are used
 * again, so that a focus, a selection and a pointer that rests stay where they are.
 *
 *   keyed(parent, items, keyOf(item), make(item) -> element, update(element, item))
 *
 * `parent` has no other children.  A second item of the same key is left out.
 */
export function keyed(parent, items, keyOf, make, update) {
	const before = parent.keyedNodes ?? new Map();
	const now = new Map();

	for (const item of items) {
		const key = keyOf(item);

		if (now.has(key))
			continue;
		const node = before.get(key) ?? make(item);

		now.set(key, node);
		before.delete(key);
		update(node, item);
	}
	for (const node of before.values())
		node.remove();
	let at = parent.firstChild;

	for (const node of now.values())
		if (node === at)
			at = at.nextSibling;
		else
			parent.insertBefore(node, at);
	parent.keyedNodes = now;
}
