import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock, keepInSync } from "../js/lib/clock.js";
import { answering, json, pass, silent } from "./server.mjs";
import { restoreTime, stopTime } from "./time.mjs";

const SERVER = 1_700_000_000_000; // what the server's clock said when the tick was 0

function clockAt(tick) {
  const state = { tick };
  return { state, clock: new ServerClock(() => state.tick) };
}

test("knows no time before the first answer", () => {
  const { clock } = clockAt(0);
  assert.equal(clock.known, false);
  clock.measured(0, NaN, 10);
  assert.equal(clock.known, false);
  clock.measured(0, SERVER, 10);
  assert.equal(clock.known, true);
});

test("counts the middle of the way there and back", () => {
  const { clock, state } = clockAt(100);
  clock.measured(80, SERVER, 120);
  assert.equal(clock.now(), SERVER);
  state.tick = 1100;
  assert.equal(clock.now(), SERVER + 1000);
});

test("of one round the quickest answer counts, of two rounds the later", () => {
  const { clock } = clockAt(0);
  clock.beginRound();
  clock.measured(-10, SERVER, 10);
  clock.measured(-500, SERVER + 9000, 500);
  assert.equal(clock.now(), SERVER);
  clock.beginRound();
  clock.measured(-400, SERVER + 50, 400);
  assert.equal(clock.now(), SERVER + 50);
});

test("is right at once after a sleep that stopped the monotonic clock", () => {
  const { clock, state } = clockAt(0);
  clock.measured(0, SERVER, 0);
  assert.equal(clock.now(), SERVER);
  state.tick = 10;
  clock.beginRound();
  clock.measured(10, SERVER + 3_600_000, 10);
  assert.equal(clock.now(), SERVER + 3_600_000);
});

test("never goes back, and comes to be right again", () => {
  const { clock, state } = clockAt(0);
  clock.measured(0, SERVER, 0);
  let last = clock.now();
  clock.beginRound();
  clock.measured(0, SERVER - 5000, 0); // it was 5 s ahead
  for (let tick = 250; tick <= 20_000; tick += 250) {
    state.tick = tick;
    const now = clock.now();
    assert.ok(now > last, `at ${tick} the clock stood still or went back`);
    assert.ok(now >= SERVER - 5000 + tick, `at ${tick} the clock fell behind the server`);
    last = now;
  }
  assert.equal(last, SERVER - 5000 + 20_000);
});

test("a question that is never answered does not end the asking", async (t) => {
  stopTime();
  t.after(restoreTime);
  globalThis.window = globalThis.document = new EventTarget();
  const asked = answering(silent, json(200, { epoch_ms: SERVER }));
  const { clock } = clockAt(0);
  keepInSync(clock);
  await pass(18_000);
  assert.ok(asked.length > 1, "asked again after 15 s");
  assert.equal(clock.known, true);
});
