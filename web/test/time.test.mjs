import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { restoreTime, stopTime, tick } from "./time.mjs";

beforeEach(stopTime);
after(restoreTime);

test("timers run when they are due, in order of time, and see that time", () => {
  const ran = [];
  setTimeout(() => ran.push(["second", Date.now()]), 200);
  setTimeout((word) => ran.push([word, Date.now()]), 100, "first");
  setTimeout(() => ran.push(["never yet", Date.now()]), 1000);
  tick(99);
  assert.deepEqual(ran, []);
  tick(200);
  assert.deepEqual(ran, [["first", 100], ["second", 200]]);
  assert.equal(Date.now(), 299);
});

test("a timer that a timer starts runs in the same step if it is due in it", () => {
  const ran = [];
  setTimeout(() => setTimeout(() => ran.push(Date.now()), 50), 100);
  tick(150);
  assert.deepEqual(ran, [150]);
});

test("an interval runs until it is cleared, a cleared timer never", () => {
  const ran = [];
  const interval = setInterval(() => ran.push(Date.now()), 100);
  clearTimeout(setTimeout(() => ran.push("cleared"), 50));
  tick(250);
  clearInterval(interval);
  tick(500);
  assert.deepEqual(ran, [100, 200]);
});

test("time is real after it was restored", () => {
  restoreTime();
  assert.ok(Date.now() > 1_700_000_000_000);
});
