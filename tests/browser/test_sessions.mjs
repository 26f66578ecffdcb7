// SPDX-License-Identifier: MIT
// The list of sessions: sorted, filtered, kept up to date, and honest about those it leaves out.

import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";

import { assertQuiet, openLive, showView } from "./page.mjs";
import { get, LOOPBACK, waitFor } from "./process.mjs";
import { clusterScene } from "./scene.mjs";

const s = clusterScene();
const rows = '[data-view="sessions"] tbody tr';

// So many idle clients; the function that ends them returns when they are gone.
async function connect(count) {
  const clients = Array.from({ length: count }, () =>
    net.connect(s.sluice.sqlPort, LOOPBACK).on("error", () => {}));
  const open = async () =>
    JSON.parse((await get(s.sluice.port, "/v1/sessions")).text).sessions.length;

  await waitFor(async () => (await open()) === count, `${count} sessions`);
  return async () => {
    for (const client of clients)
      client.destroy();
    await waitFor(async () => (await open()) === 0, "no session");
  };
}

async function openSessions(count) {
  const page = await openLive(s.browser, s.sluice.url);

  await showView(page, "sessions");
  await waitFor(async () => (await page.locator(rows).count()) === count, `${count} rows`);
  return page;
}

const idsOf = async (page) =>
  (await page.locator(`${rows} td:first-child`).allInnerTexts()).map((text) => parseInt(text, 10));

test("a head sorts by its column, and the other way round", async () => {
  const end = await connect(12);
  const page = await openSessions(12);
  const head = page.locator('th:has([data-sort="id"])');

  await head.locator("button").click();
  await page.locator('th[aria-sort="ascending"] [data-sort="id"]').waitFor();
  const up = await idsOf(page);
  assert.deepEqual(up, [...up].sort((a, b) => a - b));
  await head.locator("button").click();
  await page.locator('th[aria-sort="descending"] [data-sort="id"]').waitFor();
  assert.deepEqual(await idsOf(page), [...up].reverse());
  assert.equal(await page.locator("th[aria-sort]").count(), 1);
  assertQuiet(page);
  await page.context().close();
  await end();
});

test("all words of the filter are found", async () => {
  const end = await connect(12);
  const page = await openSessions(12);
  const [id] = await idsOf(page);
  const client = await page.locator(`${rows} td.client`).first().innerText();
  const filter = page.locator('[data-view="sessions"] input[type="search"]');

  await filter.fill(`psql ${client}`);
  await waitFor(async () => (await page.locator(rows).count()) === 1, "one row");
  assert.deepEqual(await idsOf(page), [id]);
  await page.locator(".sum", { hasText: "1 of 12 sessions" }).waitFor();
  await filter.fill(`${client} nowhere`);
  await page.locator(".sum", { hasText: "none of 12 sessions" }).waitFor();
  assert.equal(await page.locator(rows).count(), 0);
  assertQuiet(page);
  await page.context().close();
  await end();
});

test("it is kept up to date, unless it is paused", async () => {
  const end = await connect(4);
  const page = await openSessions(4);
  const pause = page.locator('[data-action="pause"]');

  await pause.click();
  await page.locator(".note", { hasText: "Paused" }).waitFor();
  await end();
  await page.waitForTimeout(2500); // longer than the list is old at most
  assert.equal(await page.locator(rows).count(), 4);
  await pause.click();
  await waitFor(async () => (await page.locator(rows).count()) === 0, "no row");
  await page.locator(".sum", { hasText: "0 sessions" }).waitFor();
  assertQuiet(page);
  await page.context().close();
});

test("of many the first are drawn, and it says how many are not", async () => {
  const end = await connect(520);
  const page = await openSessions(500);

  await page.locator(".sum", { hasText: '520 sessions: 500 drawn, the first by "Age"; 20 not' })
    .waitFor();
  assertQuiet(page);
  await page.context().close();
  await end();
});
