// SPDX-License-Identifier: MIT
// What the page can do to servers and sessions, and that it cannot where it may not.

import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";

import { assertQuiet, openLive, row, showView } from "./page.mjs";
import { get, LOOPBACK, Sluice, waitFor } from "./process.mjs";
import { AUTHORIZED, clusterScene, OPS, WRITABLE } from "./scene.mjs";

const s = clusterScene({ admin: WRITABLE }, async (all, ends) => {
  all.readOnly = await Sluice.start({ nodes: all.nodes.nodes });
  ends.push(() => all.readOnly.end());
});
const open = () => openLive(s.browser, s.sluice.url, { httpCredentials: OPS });

async function ask(target) {
  return JSON.parse((await get(s.sluice.port, target, { headers: AUTHORIZED })).text);
}

async function serverOf(service, name) {
  const { services } = await ask("/v1/status");

  return services.find((v) => v.name === service).servers.find((server) => server.name === name);
}

function button(page, name, action) {
  return page.locator(`[role="group"][data-service="psql"][data-server="${name}"] ` +
    `[data-action="${action}"]`);
}

async function openMenu(page, name) {
  await row(page, "psql", name).locator('[data-action="menu"]').click();
  await button(page, name, "drain").waitFor();
}

// Opens the dialog of an action, fills it in and confirms it.
async function act(page, name, action, fields = {}) {
  await openMenu(page, name);
  await button(page, name, action).click();
  for (const [field, value] of Object.entries(fields)) {
    const input = page.locator(`dialog[open] [name="${field}"]`);

    if ((await input.evaluate((el) => el.tagName)) === "SELECT")
      await input.selectOption(value);
    else
      await input.fill(value);
  }
  await page.locator('dialog[open] [data-action="confirm"]').click();
}

async function shown(page, name, state) {
  await row(page, "psql", name).and(page.locator(`[data-state="${state}"]`)).waitFor();
}

// An idle client; { server, closed }: where it is, and the end of its connection.
async function connect() {
  const before = new Set((await ask("/v1/sessions")).sessions.map((each) => each.id));
  const socket = net.connect(s.sluice.sqlPort, LOOPBACK);
  const closed = new Promise((resolve) => {
    socket.on("error", () => {});
    socket.on("close", resolve);
  });
  const session = await waitFor(async () => (await ask("/v1/sessions")).sessions
    .find((each) => !before.has(each.id) && each.server), "the session");

  return { id: session.id, server: session.server, closed, socket };
}

test("a server is drained, put into maintenance and made ready", async () => {
  const page = await open();

  await act(page, "n1", "drain", { deadline: "10m" });
  await shown(page, "n1", "drain");
  assert.match((await serverOf("psql", "n1")).cause, /by ops at 127\.0\.0\.1/);
  await act(page, "n1", "maint");
  await shown(page, "n1", "maint");
  await act(page, "n1", "ready");
  await shown(page, "n1", "up");
  assert.equal((await serverOf("dbconsole", "n1")).usable, true);
  assertQuiet(page);
  await page.context().close();
});

test("a weight is set, and what is wrong with one is told in the dialog", async () => {
  const page = await open();

  await act(page, "n2", "weight", { value: "500" });
  await page.locator('dialog[open] [role="alert"]', { hasText: "0 to 256" }).waitFor();
  await page.locator('dialog[open] [name="value"]').fill("7");
  await page.locator('dialog[open] [data-action="confirm"]').click();
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await row(page, "psql", "n2").locator('[data-field="weight"]', { hasText: /^7$/ }).waitFor();
  assert.equal((await serverOf("psql", "n2")).weight, 7);
  assertQuiet(page, /status of 400/);
  await page.context().close();
});

test("a fault begins and ends", async () => {
  const page = await open();

  await act(page, "n2", "fault", { kind: "delay", amount: "20ms", duration: "10m" });
  await waitFor(async () => (await serverOf("psql", "n2")).fault?.text === "delay 20ms", "the fault");
  await page.locator('[data-view="overview"]', { hasText: "delay 20ms" }).waitFor();
  await act(page, "n2", "fault", { kind: "none" });
  await waitFor(async () => (await serverOf("psql", "n2")).fault === null, "its end");
  assertQuiet(page);
  await page.context().close();
});

test("all sessions of a server are killed, or one of them", async () => {
  const page = await open();
  const first = await connect();

  await waitFor(async () => (await serverOf("psql", first.server)).sessions > 0, "the count");
  await waitFor(async () => {
    await openMenu(page, first.server);
    const ready = await button(page, first.server, "kill").isEnabled();
    await page.keyboard.press("Escape");
    return ready;
  }, "the page to know of the session");
  await act(page, first.server, "kill");
  await first.closed;

  const second = await connect();
  await showView(page, "sessions");
  await page.getByRole("button", { name: `Kill session ${second.id} ` }).click();
  await page.locator('dialog[open] [data-action="confirm"]').click();
  await second.closed;
  assertQuiet(page);
  await page.context().close();
});

test("nothing is done that was not confirmed", async () => {
  const page = await open();

  await openMenu(page, "n3");
  await button(page, "n3", "maint").click();
  await page.locator('dialog[open] [data-action="cancel"]').click();
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await openMenu(page, "n3");
  await button(page, "n3", "drain").click();
  await page.locator('dialog[open] [name="deadline"]:focus').waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  assert.deepEqual((await serverOf("psql", "n3")).admin, []);
  assertQuiet(page);
  await page.context().close();
});

test("where nothing may be changed the buttons say so and the daemon refuses", async () => {
  const page = await openLive(s.browser, s.readOnly.url);

  await openMenu(page, "n1");
  for (const action of ["drain", "maint", "ready", "weight", "kill", "fault"]) {
    assert.equal(await button(page, "n1", action).isDisabled(), true, action);
    assert.match(await button(page, "n1", action).getAttribute("title"), /writable = true/);
  }
  const answer = await page.evaluate(async () => {
    const said = await fetch("/v1/act", { method: "POST", headers: { "X-Sluice-Token": "0" },
      body: new URLSearchParams({ action: "maint", server: "psql/n1" }) });

    return [said.status, (await said.json()).error];
  });
  assert.equal(answer[0], 403);
  assert.match(answer[1], /writable = true/);
  const { services } = JSON.parse((await get(s.readOnly.port, "/v1/status")).text);
  assert.equal(services[0].servers[0].usable, true);
  assertQuiet(page, /status of 403/);
  await page.context().close();
});

test("without the password there is no page", async () => {
  const { status } = await get(s.sluice.port, "/");

  assert.equal(status, 401);
  assert.equal((await get(s.sluice.port, "/v1/act")).status, 401);
});
