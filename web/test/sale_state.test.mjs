import assert from "node:assert/strict";
import { test } from "node:test";
import { SaleState } from "../js/lib/sale_state.js";
import { answering, hurry, json, lost, pass, silent, text } from "./server.mjs";
import { stopTime, tick } from "./time.mjs";

stopTime();

const STATE = { status: "on", sale: 3, poll_after_ms: 5000 };

/** The page's document, which the test hides and shows, and its window, which goes on- and offline. */
const page = new EventTarget();
const browser = new EventTarget();
globalThis.document = page;
for (const name of ["addEventListener", "removeEventListener"]) {
  globalThis[name] = browser[name].bind(browser);
}

function show(hidden) {
  page.hidden = hidden;
  page.dispatchEvent(new Event("visibilitychange"));
}

function stateOf(...answers) {
  const asked = answering(...answers);
  const changes = [];
  const sale = new SaleState("1", (state) => changes.push(state));
  return { asked, changes, sale };
}

test("it asks as often as the server says, and a little later than that", async () => {
  const upcoming = { status: "upcoming", sale: 3, poll_after_ms: 40_000 };
  const { asked, sale } = stateOf(json(200, upcoming), json(200, STATE));
  sale.follow();
  await pass(39_900);
  assert.equal(asked.length, 1);
  await pass(2200);
  assert.equal(asked.length, 2); // 0.1 to 2.1 s ago
  await pass(2800);
  assert.equal(asked.length, 2);
  await pass(3500);
  assert.equal(asked.length, 3); // 5 to 6.25 s after the second
  sale.stop();
});

test("it never asks again once the server says so, or the page has bought", async () => {
  const soldOut = { status: "sold_out", sale: 3, poll_after_ms: null };
  const { asked, sale } = stateOf(json(200, STATE), json(200, soldOut));
  sale.follow();
  await pass(120_000);
  browser.dispatchEvent(new Event("online"));
  show(true);
  show(false);
  await pass(120_000);
  assert.equal(asked.length, 2);

  const buying = stateOf(json(200, STATE));
  buying.sale.follow();
  await pass(100);
  buying.sale.stop();
  browser.dispatchEvent(new Event("online"));
  await pass(120_000);
  assert.equal(buying.asked.length, 1);
});

test("a server that does not say how often is asked seldom, whatever it says", async () => {
  for (const said of [undefined, "often"]) {
    const { asked, sale } = stateOf(json(200, { ...STATE, poll_after_ms: said }));
    sale.follow();
    await pass(59_000);
    assert.equal(asked.length, 1, String(said));
    sale.stop();
  }
  const { asked, sale } = stateOf(json(200, { ...STATE, poll_after_ms: 0 }));
  sale.follow();
  await pass(10_000);
  assert.ok(asked.length <= 11, `at most once a second, not ${asked.length} times in ten`);
  sale.stop();
});

test("without an answer it asks ever less often, and at once when the browser is online again", async () => {
  const { asked, sale } = stateOf(lost, lost, lost, lost, lost, json(200, STATE));
  sale.follow();
  await pass(70_000, () => asked.length === 5);
  assert.equal(asked.length, 5);
  browser.dispatchEvent(new Event("online"));
  await pass(600);
  assert.equal(asked.length, 6);
  sale.stop();
});

test("it does not ask while it is hidden, and at once when it is shown", async () => {
  const { asked, sale } = stateOf(json(200, STATE));
  sale.follow();
  await pass(100);
  show(true);
  await pass(60_000);
  assert.equal(asked.length, 1);
  show(false);
  await pass(100);
  assert.equal(asked.length, 2);
  sale.stop();
});

test("a recent state is not asked for again, an older one is", async () => {
  const { asked, changes, sale } = stateOf(json(200, STATE), json(200, { ...STATE, sale: 4 }));
  assert.deepEqual(await sale.recent(), STATE);
  tick(7000);
  assert.deepEqual(await sale.recent(), STATE);
  assert.equal(asked.length, 1);
  tick(3000);
  assert.equal((await sale.recent()).sale, 4);
  assert.deepEqual(changes.map(({ sale }) => sale), [3, 4]);
});

test("no state comes from a server that does not answer, or from another one", async () => {
  for (const answer of [lost, silent, text(200, "<html>"), text(404, "<html>"), json(200, {})]) {
    const { changes, sale } = stateOf(answer);
    assert.equal(await hurry(sale.recent()), null);
    assert.deepEqual(changes, []);
  }
});

test("nothing is on sale if the server says so", async () => {
  const { sale } = stateOf(json(404, { type: "unknown-product" }));
  assert.deepEqual(await sale.recent(), { status: "none" });
});
