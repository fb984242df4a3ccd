import assert from "node:assert/strict";
import { test } from "node:test";
import { timeOfDay } from "../js/lib/time.js";
import { words } from "../js/lib/words.js";

const held = { type: "held", order: 7, pay_by: "2026-11-22T08:34:00Z", pay: "/orders/7/pay" };

test("a held unit says by when it is to be paid, and where", () => {
  const { tone, text, links } = words(held);
  assert.equal(tone, "success");
  assert.equal(text, `Held for you: pay by ${timeOfDay(held.pay_by)}.`);
  assert.deepEqual(links, [
    { href: "/orders/7/pay", label: "Pay", button: true },
    { href: "/orders/7", label: "Order 7" },
  ]);
});

test("nothing leads to pay elsewhere than at the shop's own address", () => {
  const elsewhere = words({ ...held, pay: "https://elsewhere.example/" });
  assert.deepEqual(elsewhere.links.map(({ label }) => label), ["Order 7"]);
});

test("the day is told where it is not today", () => {
  const now = new Date(held.pay_by);
  assert.match(timeOfDay(held.pay_by, now), /^\d\d:34( [AP]M)?$/);
  const before = timeOfDay(held.pay_by, new Date(now - 3 * 86_400_000));
  assert.ok(before.endsWith(timeOfDay(held.pay_by, now)) && before.includes("22"), before);
});

test("an order that was not paid in time is told as that", () => {
  const { text } = words({ type: "purchase-failed", reason: "expired" });
  assert.match(text, /did not pay in time.* counts as one of those that you may have in it\.$/);
});

test("a limit that is reached by what was not paid says so, and leads to what is held", () => {
  const { text, links } = words({ type: "limit-reached", orders: [7], expired: [5] });
  assert.match(text, /did not pay in time count too/);
  assert.deepEqual(links.map(({ label }) => label), ["Order 7"]);
  assert.match(words({ type: "limit-reached", orders: [7] }).text, /already hold/);
});
