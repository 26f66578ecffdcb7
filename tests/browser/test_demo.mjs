// SPDX-License-Identifier: MIT
// The page of `sluice demo`: nodes that are drained and killed, and actions without a password.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, delayOf, openLive, row } from "./page.mjs";
import { demoScene } from "./scene.mjs";

const s = demoScene();

// Its nodes are checked once a second, so a drain may just miss it: two more tries.
for (const [word, number, state] of [["drain", 1, "nolb"], ["kill", 2, "down"]])
  test(`${word}: within one second`, async () => {
    const page = await openLive(s.browser, s.demo.url);
    const told = new RegExp(`node n${number}: `);
    let best = Infinity;

    for (let i = 0; i < 3 && best >= 1000; i++) {
      const ms = await delayOf(page, "psql", `n${number}`, state,
        () => s.demo.say(`${word} ${number}`, told));

      best = Math.min(best, ms);
      await s.demo.say(`reset ${number}`, told);
      await delayOf(page, "psql", `n${number}`, "up", () => {});
    }
    assert.ok(best < 1000, `shown after ${best} ms at best`);
    assertQuiet(page);
    await page.context().close();
  });

test("it can be acted on without a password", async () => {
  const page = await openLive(s.browser, s.demo.url);

  await row(page, "psql", "n3").locator('[data-action="menu"]').click();
  await page.locator('[role="group"][data-server="n3"] [data-action="maint"]').click();
  await page.locator('dialog[open] [data-action="confirm"]').click();
  await row(page, "psql", "n3").and(page.locator('[data-state="maint"]')).waitFor();
  assertQuiet(page);
  await page.context().close();
});
