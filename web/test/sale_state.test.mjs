import assert from "node:assert/strict";
import { test } from "node:test";
import { SaleState } from "../js/lib/sale_state.js";
import { answering, hurry, json, lost, silent, text } from "./server.mjs";
import { stopTime, tick } from "./time.mjs";

stopTime();

const STATE = { status: "on", sale: 3 };

function stateOf(...answers) {
  const asked = answering(...answers);
  const changes = [];
  const sale = new SaleState("1", null, (state) => changes.push(state));
  return { asked, changes, sale };
}

test("a recent state is not asked for again, an older one is", async () => {
  const { asked, changes, sale } = stateOf(json(200, STATE), json(200, { status: "on", sale: 4 }));
  assert.deepEqual(await sale.recent(), STATE);
  tick(4000);
  assert.deepEqual(await sale.recent(), STATE);
  assert.equal(asked.length, 1);
  tick(2000);
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
