import assert from "node:assert/strict";
import test from "node:test";
import { Course, groups } from "../js/lib/live_course.js";

const history = () => ({
  at: [10, 12],
  seconds: [1, 2],
  attempts: [4, 10],
  answers: { sold: [1, 4], "sold-already": [0, 2], "too-soon": [3, 4] },
  queue: [null, 5],
  p50: [null, 700],
  p95: [null, 800],
  p99: [null, 900],
  sold: [1, 5],
  failed: [0, 0],
});
const sample = (at, answers, seconds = 1) => ({
  at: new Date(at * 1000).toISOString(),
  seconds,
  answers,
  queue: 7,
  p50: 1,
  p95: 2,
  p99: 3,
  units: { sold: 9 },
});
const rates = (course, name) => course.rates[groups.findIndex((group) => group.name === name)];

test("a history's counts become rates of groups", () => {
  const course = new Course(history());
  assert.deepEqual(rates(course, "Sold"), [1, 2]);
  assert.deepEqual(rates(course, "Sold before, told again"), [0, 1], "no further unit");
  assert.deepEqual(rates(course, "Refused by a rule"), [3, 2]);
  assert.deepEqual(rates(course, "Busy"), [0, 0]);
  assert.deepEqual(course.queue, [null, 5]);
});

test("samples go on where the history ended", () => {
  const course = new Course(history());
  course.add(sample(12, { sold: 99 })); // the history has this second
  assert.equal(course.length, 2);
  course.add(sample(13, { "sold-out": 6, unavailable: 2, busy: 2, "a-new-kind": 4 }, 2));
  assert.deepEqual(course.at, [10, 12, 13]);
  assert.deepEqual(course.sold, [1, 5, 9]);
  assert.deepEqual(rates(course, "Sold out"), [0, 0, 3]);
  assert.deepEqual(rates(course, "Busy"), [0, 0, 2]);
  assert.deepEqual(rates(course, "Refused by a rule"), [3, 2, 2]);
});

test("bands stand on each other, and the topmost is all answers", () => {
  const stacked = new Course(history()).stacked();
  assert.deepEqual(stacked[0], [1, 2]);
  assert.deepEqual(stacked.at(-1), [4, 5]);
});

test("an empty history is a beginning", () => {
  const none = Object.fromEntries(Object.keys(history()).map((name) => [name, []]));
  const course = new Course({ ...none, answers: {} });
  course.add(sample(1, { sold: 1 }));
  assert.deepEqual(course.at, [1]);
  assert.deepEqual(course.stacked().at(-1), [1]);
});
