import assert from "node:assert/strict";
import { test } from "node:test";
import { countdownOf, formatCountdown, milestone, payLeft, statusAt } from "../js/lib/countdown.js";

const START = Date.parse("2026-11-22T08:00:00Z");
const END = Date.parse("2026-11-22T09:00:00Z");
const sale = {
  status: "upcoming",
  starts_at: "2026-11-22T08:00:00Z",
  ends_at: "2026-11-22T09:00:00Z",
};

test("rounds up, so that zero is shown only when the time has come", () => {
  assert.equal(formatCountdown(1), "00:00:01");
  assert.equal(formatCountdown(0), "00:00:00");
  assert.equal(formatCountdown(-5000), "00:00:00");
  assert.equal(formatCountdown(59_001), "00:01:00");
  assert.equal(formatCountdown(86_400_000), "1 day 00:00:00");
  assert.equal(formatCountdown(3 * 86_400_000 + 3_723_000), "3 days 01:02:03");
});

test("a sale begins and ends by the page's clock too", () => {
  assert.equal(statusAt(sale, START - 1), "upcoming");
  assert.equal(statusAt(sale, START), "on");
  assert.equal(statusAt({ ...sale, status: "on" }, END - 1), "on");
  assert.equal(statusAt({ ...sale, status: "on" }, END), "ended");
  assert.equal(statusAt({ ...sale, status: "on", ends_at: null }, END), "on");
  assert.equal(statusAt({ ...sale, status: "sold_out" }, END), "sold_out");
});

test("counts down to what comes next, if anything does", () => {
  assert.deepEqual(countdownOf("upcoming", sale, START - 5), { label: "Starts in", left: 5 });
  assert.deepEqual(countdownOf("on", sale, START), { label: "Ends in", left: END - START });
  assert.equal(countdownOf("on", { ...sale, ends_at: null }, START), null);
  assert.equal(countdownOf("sold_out", sale, START), null);
  assert.equal(countdownOf("ended", sale, END), null);
});

test("says the countdown seldom", () => {
  assert.equal(milestone("upcoming", 600_001), "");
  assert.equal(milestone("upcoming", 600_000), "The sale starts in less than ten minutes.");
  assert.equal(milestone("on", 60_000), "The sale ends in less than a minute.");
  assert.equal(milestone("on", 10_000), "The sale ends in less than ten seconds.");
});

test("a held order is counted down, until the server can tell what became of it", () => {
  const at = (left) => payLeft(sale.ends_at, END - left);
  assert.deepEqual(at(600_000), { text: "Time left to pay: 00:10:00", asks: 0 });
  assert.deepEqual(at(1), { text: "Time left to pay: 00:00:01", asks: 0 });
  assert.deepEqual(at(0), { text: "The time to pay is over.", asks: 0 });
  const asks = (left) => at(left).asks;
  assert.equal(asks(-35_999), 0);
  assert.equal(asks(-36_000), 1);
  assert.equal(asks(-45_999), 1);
  assert.equal(asks(-46_000), 2, "while nobody can tell");
  assert.equal(payLeft(sale.ends_at, END + 40_999, 0.5).asks, 0, "each page at a time of its own");
  assert.equal(payLeft(sale.ends_at, END + 41_000, 0.5).asks, 1);
});
