// SPDX-License-Identifier: MIT
// "Why" of a server: the verdict, its rules and the checks behind it, which it follows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { assertQuiet, openLive, row } from "./page.mjs";
import { get, waitFor } from "./process.mjs";
import { clusterScene } from "./scene.mjs";

const s = clusterScene();

async function open(name) {
  const page = await openLive(s.browser, s.sluice.url);

  await row(page, "psql", name).locator('[data-action="why"]').click();
  await page.locator("dialog.why .rules li").first().waitFor();
  return page;
}

test("it says what /v1/why says", async () => {
  const page = await open("n1");
  const why = JSON.parse((await get(s.sluice.port, "/v1/why?server=psql/n1")).text);

  assert.deepEqual(await page.locator("dialog.why .rules li").allInnerTexts(), why.rules);
  assert.match(await page.locator("dialog.why .verdict").innerText(), /^UP for/);
  assert.ok(await page.locator("dialog.why .checks .item.passed").count() > 0);
  assert.ok(await page.locator("dialog.why .checks-table tbody tr").count() <= 6);
  await page.locator("dialog.why .checks .item").first().hover();
  assert.match(await page.locator("dialog.why .tip").innerText(), /passed in \d+ ms\s*HTTP 200/);
  assertQuiet(page);
  await page.context().close();
});

test("it follows what becomes of the server", async () => {
  const page = await open("n2");
  const verdict = page.locator("dialog.why .verdict");

  await s.nodes.command(2, "kill");
  await page.locator("dialog.why .badge", { hasText: "DOWN" }).waitFor();
  await waitFor(async () => /^DOWN for .*refused/.test(await verdict.innerText()), "the verdict");
  await page.locator("dialog.why .checks-table tr", { hasText: /failed.*refused/s }).first().waitFor();
  await page.locator("dialog.why .why-events li", { hasText: /UP.*DOWN/s }).waitFor();
  await s.nodes.command(2, "reset");
  await page.locator("dialog.why .badge", { hasText: /UP$/ }).waitFor();
  await waitFor(async () => /^UP for/.test(await verdict.innerText()), "the verdict");
  assertQuiet(page);
  await page.context().close();
});

test("more checks than a few are shown when they are asked for", async () => {
  const page = await open("n3");
  const more = page.getByRole("button", { name: /^Show all \d+$/ });

  await more.click();
  await waitFor(async () => (await page.locator("dialog.why .checks-table tbody tr").count()) > 6,
    "all of them");
  assert.equal(await more.isVisible(), false);
  await page.getByRole("button", { name: "Close" }).click();
  await page.locator("dialog.why").waitFor({ state: "detached" });
  assertQuiet(page);
  await page.context().close();
});
