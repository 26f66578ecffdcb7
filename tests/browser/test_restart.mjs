// SPDX-License-Identifier: MIT
// The daemon ends and begins again at the same address: the page finds it by itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openLive, row } from "./page.mjs";
import { clusterScene, OPS, WRITABLE } from "./scene.mjs";

const s = clusterScene({ admin: WRITABLE });

// What a browser says of a server that is not there.
const AWAY = /ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/;

test("it says that it is lost, comes back by itself and can act again", async () => {
  const page = await openLive(s.browser, s.sluice.url, { httpCredentials: OPS });

  await page.evaluate(() => (window.sameDocument = true));
  await s.sluice.stop();
  await page.locator('[data-link="lost"]').waitFor();
  await page.locator('[data-link="lost"]', { hasText: "reconnecting" }).waitFor();
  await s.sluice.run();
  await page.locator('[data-link="live"]').waitFor();
  await row(page, "psql", "n1").and(page.locator('[data-state="up"]')).waitFor();

  await s.nodes.command(2, "kill");
  await row(page, "psql", "n2").and(page.locator('[data-state="down"]')).waitFor();
  await s.nodes.command(2, "reset");
  await row(page, "psql", "n2").and(page.locator('[data-state="up"]')).waitFor();

  // The token is another one now.
  await row(page, "psql", "n1").locator('[data-action="menu"]').click();
  await page.locator('[role="group"][data-server="n1"] [data-action="maint"]').click();
  await page.locator('dialog[open] [data-action="confirm"]').click();
  await row(page, "psql", "n1").and(page.locator('[data-state="maint"]')).waitFor();
  assert.equal(await page.evaluate(() => window.sameDocument), true);
  assertQuiet(page, AWAY);
  await page.context().close();
});
