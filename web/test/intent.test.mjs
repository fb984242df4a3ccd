import assert from "node:assert/strict";
import { test } from "node:test";
import { Intent } from "../js/lib/intent.js";
import { Storage, forbidden } from "./tabs.mjs";

test("is stored before anything is sent, and found again after a reload", () => {
  const storage = new Storage();
  const intent = new Intent("5", 3, storage);
  assert.match(intent.key, /^[\w-]{32}$/);
  assert.equal(new Intent("5", 3, storage).key, intent.key);
  assert.notEqual(new Intent("6", 3, storage).key, intent.key);
  assert.notEqual(new Intent("5", 4, storage).key, intent.key);
});

test("remembers that it was sent, and where its outcome is told", () => {
  const storage = new Storage();
  const intent = new Intent("5", 3, storage);
  assert.equal(intent.unresolvedSince, 0);
  intent.sending();
  const since = new Intent("5", 3, storage).unresolvedSince;
  assert.ok(since > 0);
  intent.pending("/purchases/3/abc?lease=1");
  intent.sending();
  const again = new Intent("5", 3, storage);
  assert.equal(again.location, "/purchases/3/abc?lease=1");
  assert.equal(again.unresolvedSince, since, "the first time it was sent counts");
  assert.equal(again.open, true);
});

test("keeps its key when it was refused, and the answer for a reload", () => {
  const storage = new Storage();
  const intent = new Intent("5", 3, storage);
  const { key } = intent;
  intent.sending();
  intent.refused({ type: "busy", retryAfter: 1 });
  const again = new Intent("5", 3, storage);
  assert.equal(again.key, key);
  assert.equal(again.open, false);
  assert.equal(again.answer.type, "busy");
  assert.equal(again.bought, false);
});

test("a sold one stays sold; the next of several has another key and still tells of the last", () => {
  const storage = new Storage();
  const intent = new Intent("5", 3, storage);
  intent.sold({ type: "sold", order: 7 });
  assert.equal(new Intent("5", 3, storage).bought, true);
  const { key } = intent;
  intent.renew({ type: "sold", order: 7 });
  const next = new Intent("5", 3, storage);
  assert.notEqual(next.key, key);
  assert.equal(next.open, false, "nobody has clicked for it");
  assert.equal(next.bought, false);
  assert.deepEqual(next.answer, { type: "sold", order: 7 });
});

test("two tabs have one intent, and one sees that the other's was answered", () => {
  const storage = new Storage();
  const one = new Intent("5", 3, storage);
  const two = new Intent("5", 3, storage);
  const clicked = Date.now();
  assert.equal(two.answeredSince(clicked), false);
  one.sending();
  assert.ok(two.read());
  assert.equal(two.answeredSince(clicked), false);
  assert.ok(two.unresolvedSince > 0);
  one.renew({ type: "sold", order: 7 });
  assert.ok(two.read());
  assert.equal(two.answeredSince(clicked), true);
  assert.equal(two.key, one.key);
});

test("lives as long as the page where nothing can be stored", () => {
  for (const storage of [forbidden, null]) {
    const intent = new Intent("5", 3, storage);
    const { key } = intent;
    intent.sending();
    assert.equal(intent.read(), false);
    assert.equal(intent.key, key);
    assert.ok(intent.unresolvedSince > 0);
  }
});

test("what is stored and no intent is replaced", () => {
  for (const stored of ["", "no json", "null", "7", '{"key":"short"}', '{"key":5}']) {
    const storage = new Storage();
    storage.setItem("stampede:intent:5:3", stored);
    assert.match(new Intent("5", 3, storage).key, /^[\w-]{32}$/);
  }
});
