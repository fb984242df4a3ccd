import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { answering, hurry, json, lost, pass, silent } from "./server.mjs";
import { stopTime } from "./time.mjs";

stopTime();

const browser = new EventTarget();
globalThis.addEventListener = browser.addEventListener.bind(browser);
function goOnline(onLine) {
  Object.defineProperty(globalThis, "navigator", { value: { onLine }, configurable: true });
  browser.dispatchEvent(new Event(onLine ? "online" : "offline"));
}

// They look for the browser as they are loaded.
const { connection } = await import("../js/lib/connection.js");
const { jsonObject, request } = await import("../js/lib/request.js");

let told;
const ask = () => hurry(request("/x", {}, jsonObject)).catch(() => null);

beforeEach(async () => {
  goOnline(true);
  answering(json(200, {}));
  await ask();
  told = [];
  connection.listener = (state) => told.push(state);
});

test("a browser that goes offline is told of at once, and nothing is asked for it", () => {
  const asked = answering(lost);
  goOnline(false);
  goOnline(true);
  assert.deepEqual(told, ["offline", "fine"]);
  assert.deepEqual(asked, []);
});

test("a request without an answer is told of within five seconds, and its answer too", async () => {
  let answer;
  answering(() => new Promise((done) => (answer = done)));
  const asked = request("/x", {}, jsonObject);
  await pass(3000);
  assert.deepEqual(told, []);
  await pass(1500);
  assert.deepEqual(told, ["silent"]);
  answer(new Response("{}"));
  await asked;
  assert.deepEqual(told, ["silent", "fine"]);
});

test("one that failed, or was given up, is lost until another is answered", async () => {
  answering(lost, silent, json(503, {}));
  await ask();
  assert.deepEqual(told, ["lost"]);
  await ask();
  assert.deepEqual(told, ["lost", "silent", "lost"]);
  await ask();
  assert.equal(told.at(-1), "fine", "a refusal is an answer");
});

test("a request that its caller wants no more says nothing", async () => {
  answering(silent);
  const caller = new AbortController();
  const asked = request("/x", { signal: caller.signal }, jsonObject).catch(() => null);
  caller.abort();
  await asked;
  await pass(10_000);
  assert.deepEqual(told, []);
});
