import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchAt } from "../js/lib/ahead.js";

const START = 1_700_000_000_000;
const before = (arrived, share) => (START - fetchAt(START, START - arrived, share)) / 1000;

test("pages that came early are spread over the last minute, and done before the start", () => {
  assert.deepEqual([0, 0.5, 1].map((share) => before(120_000, share)), [55, 32.5, 10]);
  assert.deepEqual([0, 1].map((share) => before(30_000, share)), [30, 10]);
});

test("whoever comes at the last moment, or later, fetches at once", () => {
  for (const arrived of [10_000, 3000, 0, -60_000]) {
    for (const share of [0, 0.9]) assert.equal(before(arrived, share), arrived / 1000);
  }
});
