// SPDX-License-Identifier: MIT
// The timeline: what happened is on it, it can be looked at closely, with keys, too, and read.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openLive, showView } from "./page.mjs";
import { waitFor } from "./process.mjs";
import { clusterScene } from "./scene.mjs";

const s = clusterScene({}, async ({ nodes, sluice }) => {
  await sluice.ctl("drill start kill-n2");
  await nodes.command(2, "kill");
  await waitFor(async () => /^psql,n2,.*,DOWN,/m.test(await sluice.ctl("show stat")),
    "n2 to be down");
});

const MS = { s: 1000, m: 60000, h: 3600000 };

async function open() {
  const page = await openLive(s.browser, s.sluice.url);

  await showView(page, "timeline");
  await band(page, "n2", "down").waitFor({ state: "attached" });
  return page;
}

function band(page, server, state) {
  return page.locator(`figure[data-service="psql"] .lane[data-server="${server}"] ` +
    `.band[data-state="${state}"]`).last();
}

// { span, live }: how long a time is shown, and whether its end is the present.
async function look(page) {
  const words = /\((.*)\)/.exec(await page.locator(".timeline output").innerText())[1];
  const span = words.split(" ").reduce((ms, part) => ms + parseInt(part, 10) * MS[part.at(-1)], 0);

  return { span, live: await page.locator('[data-action="live"]').getAttribute("aria-pressed") };
}

async function looks(page, is) {
  await waitFor(async () => is(await look(page)), "the timeline to show that");
}

const focused = (page) => page.evaluate(() => document.activeElement.getAttribute("aria-label"));

test("a state has its time and its cause, a drill its name", async () => {
  const page = await open();

  await band(page, "n2", "down").hover();
  const tip = page.locator(".timeline .tip");
  await tip.waitFor();
  assert.match(await tip.innerText(), /psql\/n2, .*ago\s*DOWN for .*refused/s);
  assert.match(await page.locator(".timeline .drill").getAttribute("aria-label"),
    /^drill kill-n2, .*running$/);
  assertQuiet(page);
  await page.context().close();
});

test("what happens while it is shown comes to it", async () => {
  const page = await open();

  await s.sluice.ctl("set server psql/n3 state drain");
  await band(page, "n3", "drain").waitFor({ state: "attached" });
  await s.sluice.ctl("set server psql/n3 state ready");
  await s.sluice.ctl("fault psql/n3 delay 5ms");
  await page.locator('.lane[data-server="n3"] .mark.fault').first().waitFor();
  await s.sluice.ctl("fault psql/n3 none");
  await s.sluice.ctl("drill mark 'a cable is pulled'");
  await page.locator('.axis .line[aria-label*="a cable is pulled"]').waitFor();
  assertQuiet(page);
  await page.context().close();
});

test("arrows walk over what happened, the focus stays while time goes on, Enter tells why", async () => {
  const page = await open();
  const isThere = async (wanted) => wanted.test((await focused(page)) ?? "");

  await page.locator(".timeline .plot").focus();
  await page.keyboard.press("ArrowRight");
  for (let i = 0; i < 20 && !(await isThere(/^psql\/n2 /)); i++)
    await page.keyboard.press("ArrowDown");
  for (let i = 0; i < 20 && !(await isThere(/^psql\/n2 down /)); i++)
    await page.keyboard.press("ArrowRight");
  assert.match(await focused(page), /^psql\/n2 down since .*refused/);
  assert.match(await page.locator(".timeline .tip").innerText(), /DOWN/);
  const shown = await page.locator(".timeline output").innerText();
  await waitFor(async () => (await page.locator(".timeline output").innerText()) !== shown,
    "time to go on");
  assert.match(await focused(page), /^psql\/n2 down since /);
  await page.keyboard.press("Enter");
  await page.locator("dialog[open]", { hasText: "psql/n2" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  assert.match(await focused(page), /^psql\/n2 down since /);
  assertQuiet(page);
  await page.context().close();
});

test("buttons, keys and the wheel zoom and move", async () => {
  const page = await open();

  for (const minutes of [5, 15, 30]) {
    await page.locator(`[data-action="range-${minutes}"]`).click();
    await looks(page, ({ span, live }) => span === minutes * 60000 && live === "true");
  }
  await page.locator('[data-action="zoom-in"]').click();
  await looks(page, ({ span, live }) => span === 15 * 60000 && live === "true");
  await page.locator(".timeline .plot").focus();
  await page.keyboard.press("PageUp");
  await looks(page, ({ live }) => live === "false");
  await page.keyboard.press("+");
  await looks(page, ({ span }) => span === 7.5 * 60000);
  await page.keyboard.press("-");
  await page.keyboard.press("0");
  await looks(page, ({ span, live }) => span === 15 * 60000 && live === "true");
  await page.locator(".timeline figure").first().hover();
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -100);
  await page.keyboard.up("Control");
  await looks(page, ({ span }) => span === 12 * 60000);
  assertQuiet(page);
  await page.context().close();
});

test("a drag moves time, one on the axis chooses a span", async () => {
  const page = await open();

  async function drag(selector, from, to) {
    const box = await page.locator(selector).first().boundingBox();

    await page.mouse.move(box.x + from * box.width, box.y + 8);
    await page.mouse.down();
    await page.mouse.move(box.x + to * box.width, box.y + 8, { steps: 4 });
    await page.mouse.up();
  }

  await page.locator('[data-action="range-15"]').click();
  await drag(".timeline figure", 0.5, 0.7);
  await looks(page, ({ span, live }) => span === 15 * 60000 && live === "false");
  await drag(".timeline .axis-row", 0.4, 0.6);
  await looks(page, ({ span }) => span < 5 * 60000 && span > 60000);
  await page.locator('[data-action="live"]').click();
  await looks(page, ({ live }) => live === "true");
  assertQuiet(page);
  await page.context().close();
});

test("it can be read as words and as a table", async () => {
  const page = await open();

  await page.locator(".timeline summary").click();
  await page.locator(".timeline .sentences", { hasText: /n2 was down from .* until now/ }).waitFor();
  await page.locator(".digest tr", { hasText: /psql\/n2.*down for.*refused/s }).waitFor();
  await page.locator(".digest tr", { hasText: /drill.*kill-n2/s }).waitFor();
  assertQuiet(page);
  await page.context().close();
});

// On a busy machine a check of any server may fail: what is shown has something to show.
test("those that were well are left out where only trouble is wanted", async () => {
  const page = await open();
  const lanes = page.locator('figure[data-service="dbconsole"] .lane');
  const well = page.locator('figure[data-service="dbconsole"] .lane:not(:has(.mark, ' +
    '.band[data-state="down"], .band[data-state="nolb"]))');

  assert.equal(await lanes.count(), 3);
  await page.getByLabel("only servers with trouble").check();
  await waitFor(async () => (await well.count()) === 0, "those that were well to go");
  await lanes.and(page.locator('[data-server="n2"]')).waitFor();
  await page.getByLabel("only servers with trouble").uncheck();
  await waitFor(async () => (await lanes.count()) === 3, "all of them");
  assertQuiet(page);
  await page.context().close();
});
