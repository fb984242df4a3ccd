import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "./globals.mjs";
import { Intent } from "../js/lib/intent.js";
import { purchase } from "../js/lib/purchase.js";
import { Store } from "../js/lib/storage.js";
import { answering, hurry, json, lost, silent, text } from "./server.mjs";
import { Storage } from "./tabs.mjs";
import { stopTime } from "./time.mjs";

stopTime();

const sold = json(201, { result: "sold", order: 7 });
const known = json(200, { result: "success", order: 7 });
const unavailable = json(503, { type: "unavailable" }, { "Retry-After": "1" });

let store;
let intent;
let state; // of the sale, as the page knows it
let told;

beforeEach(() => {
  store = new Store(new Storage());
  intent = new Intent("5", 3, store);
  state = { status: "on", sale: 3 };
  told = [];
});

/** A click of this tab, whose `saleNow` may be another than the page's. */
function buy(saleNow = async () => state) {
  const click = { product: "1", intent, key: intent.key, pass: "", saleNow };
  return hurry(purchase(click, ({ type }) => told.push(type)));
}

const keys = (asked) => asked.map(({ headers }) => headers["Idempotency-Key"]);

test("one click sends one key until it is answered", async () => {
  const { key } = intent;
  const asked = answering(lost, unavailable, sold);
  const answer = await buy();
  assert.equal(asked[0].url, "/check?productID=1&sale=3");
  assert.deepEqual([answer.type, answer.order], ["sold", 7]);
  assert.deepEqual(keys(asked), [key, key, key]);
  assert.deepEqual(told, ["connection-lost", "unavailable"]);
});

test("held is an answer", async () => {
  const held = { result: "held", order: 7, pay_by: "2026-11-22T08:34:00.000Z", pay: "/orders/7/pay" };
  answering(json(201, held));
  const { type, order, pay_by, pay } = await buy();
  assert.deepEqual({ result: type, order, pay_by, pay }, held);
});

test("what cannot be read is no answer: asked again, and unanswered until then", async () => {
  const open = [];
  const then = (answer) => () => {
    open.push(new Intent("5", 3, store).open);
    return answer();
  };
  const bodies = ['{"result":"sold","or', "<!doctype html>", "{}", '{"type":"log-in"}'];
  const asked = answering(...bodies.map((body) => then(text(200, body))), then(sold));
  assert.equal((await buy()).type, "sold");
  assert.equal(new Set(keys(asked)).size, 1);
  assert.equal(asked.length, bodies.length + 1);
  assert.deepEqual(new Set(told), new Set(["connection-lost"]));
  assert.deepEqual(new Set(open), new Set([true]));
});

test("a server that says nothing is asked again", async () => {
  const asked = answering(silent, sold);
  assert.equal((await buy()).type, "sold");
  assert.equal(asked.length, 2);
  assert.deepEqual(told, ["connection-lost"]);
});

test("a busy shop is asked again with the same key, when it says and not later", async () => {
  const busy = (seconds) => json(429, { type: "busy" }, { "Retry-After": String(seconds) });
  const times = [];
  const noted = (answer) => () => {
    times.push(Date.now());
    return answer();
  };
  const { key } = intent;
  const asked = answering(noted(busy(1)), noted(busy(2)), noted(sold));
  assert.equal((await buy()).type, "sold");
  assert.deepEqual(keys(asked), [key, key, key]);
  assert.deepEqual(told, ["busy", "busy"]);
  assert.deepEqual([times[1] - times[0], times[2] - times[1]], [1000, 2000]);
});

test("a pending purchase is followed", async () => {
  const location = `/purchases/3/${intent.key}?lease=1`;
  const asked = answering(json(202, { result: "pending" }, { Location: location }), known);
  assert.deepEqual(await buy(), { type: "sold", order: 7 });
  assert.equal(asked[1].url, location);
  assert.equal(new Intent("5", 3, store).location, location);
});

test("when another tab has had the answer, this one stops: its click sends no second key", async () => {
  const asked = answering(() => {
    new Intent("5", 3, store).renew({ type: "sold", order: 7 });
    return lost();
  }, sold);
  assert.equal(await buy(), null);
  assert.equal(asked.length, 1);
  assert.deepEqual(intent.answer, { type: "sold", order: 7 });
  assert.equal(intent.open, false, "nobody has clicked for the next key");
});

test("it stops too where the other tab was quicker than the first request", async () => {
  const asked = answering(sold);
  const saleNow = async () => {
    new Intent("5", 3, store).renew({ type: "sold", order: 7 });
    return state;
  };
  assert.equal(await buy(saleNow), null);
  assert.deepEqual(asked, []);
});

test("in another sale than the click's, the click's is asked about", async () => {
  const { address } = intent;
  const unknown = json(404, { type: "unknown-purchase" });
  for (const other of [{ status: "on", sale: 4 }, { status: "none" }]) {
    state = other;
    for (const type of ["sale-ended", "key-forgotten"]) {
      const asked = answering(unknown, json(410, { type }));
      assert.equal((await buy()).type, "sale-over");
      assert.deepEqual(asked.map(({ url }) => url), [address, "/check?productID=1&sale=3"]);
    }
  }
});

test("a click of a sale that is over is told no by /check alone, which may have to wait", async () => {
  state = { status: "on", sale: 4 };
  const unknown = json(404, { type: "unknown-purchase" });
  const asked = answering(unknown, unavailable, known);
  assert.deepEqual(await buy(), { type: "sold", order: 7 });
  assert.equal(asked.length, 3);
  assert.deepEqual(told, ["unavailable"]);
});

test("a server that has not heard of the sale yet is asked again", async () => {
  const asked = answering(json(404, { type: "unknown-sale" }), sold);
  assert.equal((await buy()).type, "sold");
  assert.equal(asked.length, 2);
  assert.deepEqual(told, ["unavailable"]);
});

test("a sale that another follows ends the asking, with what is known of the click", async () => {
  const { address } = intent;
  const asked = answering(
    () => {
      state = { status: "on", sale: 4 };
      return lost();
    },
    lost,
    known,
  );
  assert.deepEqual(await buy(), { type: "sold", order: 7 });
  assert.deepEqual(asked.map(({ url }) => url), ["/check?productID=1&sale=3", address, address]);
});

test("while the sale is not known nothing is sent", async () => {
  const asked = answering(sold);
  const states = [null, null, state];
  assert.equal((await buy(async () => states.shift())).type, "sold");
  assert.equal(asked.length, 1);
  assert.deepEqual(told, ["connection-lost", "connection-lost"]);
});
