// SPDX-License-Identifier: MIT
// The page is used with the keyboard alone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openLive, row, showView, VIEWS } from "./page.mjs";
import { clusterScene, OPS, WRITABLE } from "./scene.mjs";

const s = clusterScene({ admin: WRITABLE });
const open = () => openLive(s.browser, s.sluice.url, { httpCredentials: OPS });

// Tabs on until what has the focus fits; fails when it has been all around.
async function tabTo(page, selector) {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector))
      return;
  }
  assert.fail(`Tab does not come to ${selector}`);
}

const hasFocus = (page, selector) =>
  page.waitForFunction((wanted) => document.activeElement.matches(wanted), selector);

test("keys change the view, and the address says which it is", async () => {
  const page = await open();

  for (const [i, view] of [...VIEWS.entries()].reverse()) {
    await page.keyboard.press(String(i + 1));
    await page.locator(`[data-view="${view}"]`).waitFor();
    await page.waitForFunction((name) => location.hash === `#${name}`, view);
    assert.equal(await page.locator('nav [aria-current="page"]').getAttribute("href"), `#${view}`);
  }
  await page.goBack();
  await page.locator('[data-view="timeline"]').waitFor();
  assertQuiet(page);
  await page.context().close();
});

test("? opens the help, Escape closes it, and the focus is where it was", async () => {
  const page = await open();

  await tabTo(page, '[data-action="help"]');
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "hidden" });
  await hasFocus(page, '[data-action="help"]');
  assertQuiet(page);
  await page.context().close();
});

test("why opens with Enter, arrows go from server to server", async () => {
  const page = await open();
  const why = (name) => `tr[data-service="psql"][data-server="${name}"] [data-action="why"]`;

  await tabTo(page, why("n1"));
  await page.keyboard.press("ArrowDown");
  await hasFocus(page, why("n2"));
  await page.keyboard.press("Enter");
  await page.locator("dialog[open]", { hasText: "psql/n2" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "hidden" });
  await hasFocus(page, why("n2"));
  assertQuiet(page);
  await page.context().close();
});

test("a server is drained without a mouse", async () => {
  const page = await open();
  const menu = 'tr[data-service="psql"][data-server="n3"] [data-action="menu"]';

  await tabTo(page, menu);
  await page.keyboard.press("Enter");
  await hasFocus(page, '[role="group"][data-server="n3"] [data-action="drain"]');
  await page.keyboard.press("Escape");
  await hasFocus(page, menu);
  await page.keyboard.press("Enter");
  await hasFocus(page, '[role="group"][data-server="n3"] [data-action="drain"]');
  await page.keyboard.press("Enter");
  await page.locator("dialog[open]").waitFor();
  await tabTo(page, 'dialog[open] [data-action="confirm"]');
  await page.keyboard.press("Enter");
  await row(page, "psql", "n3").and(page.locator('[data-state="drain"]')).waitFor();
  await hasFocus(page, menu);
  assertQuiet(page);
  await page.context().close();
});

test("/ goes to the filter, Escape leaves it, and letters in it are only letters", async () => {
  const page = await open();

  await showView(page, "events");
  await page.keyboard.press("/");
  await hasFocus(page, 'input[type="search"]');
  await page.keyboard.type("1t?");
  assert.equal(await page.locator('[data-view="events"] input[type="search"]').inputValue(), "1t?");
  assert.equal(await page.evaluate(() => location.hash), "#events");
  await page.keyboard.press("Escape");
  await hasFocus(page, "body, main");
  assertQuiet(page);
  await page.context().close();
});

test("t changes the colours, which are kept", async () => {
  const page = await open();
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme ?? "auto");
  const seen = [await theme()];

  for (let i = 0; i < 3; i++) {
    await page.keyboard.press("t");
    seen.push(await theme());
  }
  assert.deepEqual(seen, ["auto", "light", "dark", "auto"]);
  await page.keyboard.press("t");
  await page.keyboard.press("t");
  await page.reload();
  await page.locator('[data-link="live"]').waitFor();
  assert.equal(await theme(), "dark");
  assertQuiet(page);
  await page.context().close();
});

test("what has the focus is seen", async () => {
  const page = await open();

  for (let i = 0; i < 25; i++) {
    await page.keyboard.press("Tab");
    const look = await page.evaluate(() => {
      const el = document.activeElement;
      const style = getComputedStyle(el);

      return { html: el.outerHTML.slice(0, 120), body: el === document.body,
        ring: style.outlineStyle !== "none" || style.boxShadow !== "none" };
    });

    assert.ok(look.body || look.ring, `no ring around ${look.html}`);
  }
  assertQuiet(page);
  await page.context().close();
});
