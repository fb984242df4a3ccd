import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ask, outcome } from "../js/lib/outcome.js";
import { answering, hurry, json, lost, pass, text } from "./server.mjs";
import { stopTime } from "./time.mjs";

stopTime();

const LOCATION = "/purchases/3/abc?lease=1&sent=proof";
const SOLD = { type: "sold", order: 7 };
const sold = json(200, { result: "success", order: 7 });
const pending = json(200, { result: "pending" });

/** The last one that was made; the test plays the server. */
let stream;

class FakeEventSource extends EventTarget {
  static CLOSED = 2;
  readyState = 1;
  constructor(url) {
    super();
    this.url = url;
    stream = this;
  }
  close() {
    this.readyState = FakeEventSource.CLOSED;
  }
  tell(result) {
    this.dispatchEvent(new MessageEvent("outcome", { data: JSON.stringify(result) }));
  }
}

beforeEach(() => {
  globalThis.EventSource = FakeEventSource;
});

test("a held order comes with its time and where it is paid", async () => {
  const held = { order: 7, pay_by: "2026-11-22T08:34:00.000Z", pay: "/orders/7/pay" };
  answering(json(200, { result: "held", ...held }));
  assert.deepEqual(await hurry(ask(LOCATION)), { type: "held", ...held });
});

test("the stream tells, and nothing is asked", async () => {
  const asked = answering(pending);
  const answer = outcome(LOCATION, () => {});
  assert.equal(stream.url, "/purchases/3/abc/events?lease=1&sent=proof");
  stream.tell({ result: "success", order: 7 });
  assert.deepEqual(await hurry(answer), SOLD);
  assert.deepEqual(asked, []);
  assert.equal(stream.readyState, FakeEventSource.CLOSED);
});

test("beside a stream that stays open and says nothing, the location is asked itself", async () => {
  const asked = answering(lost, pending, sold);
  const told = [];
  const answer = outcome(LOCATION, ({ type }) => told.push(type));
  await pass(7900);
  assert.equal(asked.length, 0, "not often");
  await pass(4200);
  assert.equal(asked.length, 1);
  assert.deepEqual(await hurry(answer), SOLD);
  assert.deepEqual(told, ["connection-lost", "pending"]);
  assert.equal(stream.readyState, FakeEventSource.CLOSED, "the stream is left");
});

test("a stream that is refused gives way to asking, at once", async () => {
  const asked = answering(pending, sold);
  const answer = outcome(LOCATION, () => {});
  stream.close();
  stream.dispatchEvent(new Event("error"));
  await pass(100);
  assert.equal(asked.length, 1);
  assert.deepEqual(await hurry(answer), SOLD);
});

test("without streams it is asked until there is an answer", async () => {
  delete globalThis.EventSource;
  const asked = answering(lost, text(200, "<html>"), pending, json(503, { type: "unavailable" }), sold);
  assert.deepEqual(await hurry(outcome(LOCATION, () => {})), SOLD);
  assert.equal(asked.length, 5);
});

test("only the server's own word counts as an answer", async () => {
  answering(json(404, { type: "unknown-purchase" }));
  assert.equal(await ask(LOCATION), null);
  answering(json(200, { result: "failed", reason: "no-unit" }));
  assert.deepEqual(await ask(LOCATION), { type: "purchase-failed", reason: "no-unit" });
  answering(json(401, { type: "login-required" }));
  assert.deepEqual(await ask(LOCATION), { type: "login-required" });
  for (const foreign of [text(404, "<html>"), text(404, "{}"), json(404, { type: "not-found" })]) {
    answering(foreign);
    await assert.rejects(ask(LOCATION));
  }
});

test("without the proof that it was sent there is no stream, and the location is asked", async () => {
  stream = undefined;
  const asked = answering(sold);
  assert.deepEqual(await hurry(outcome("/purchases/3/abc?lease=1", () => {})), SOLD);
  assert.equal(stream, undefined);
  assert.equal(asked.length, 1);
});
