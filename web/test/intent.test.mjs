import assert from "node:assert/strict";
import { test } from "node:test";
import "./globals.mjs";
import { Intent } from "../js/lib/intent.js";
import { Store } from "../js/lib/storage.js";
import { Storage, forbidden } from "./tabs.mjs";

test("is stored before anything is sent, and found again after a reload", () => {
  const store = new Store(new Storage());
  const intent = new Intent("5", 3, store);
  assert.match(intent.key, /^[\w-]{32}$/);
  assert.equal(new Intent("5", 3, store).key, intent.key);
  assert.notEqual(new Intent("6", 3, store).key, intent.key);
  assert.notEqual(new Intent("5", 4, store).key, intent.key);
});

test("remembers that it was sent, and where its outcome is told", () => {
  const store = new Store(new Storage());
  const intent = new Intent("5", 3, store);
  assert.equal(intent.unresolvedSince, 0);
  intent.sending();
  const since = new Intent("5", 3, store).unresolvedSince;
  assert.ok(since > 0);
  intent.pending("/purchases/3/abc?lease=1");
  intent.sending();
  const again = new Intent("5", 3, store);
  assert.equal(again.location, "/purchases/3/abc?lease=1");
  assert.equal(again.unresolvedSince, since, "the first time it was sent counts");
  assert.equal(again.open, true);
});

test("keeps its key when it was refused, and the answer for a reload", () => {
  const store = new Store(new Storage());
  const intent = new Intent("5", 3, store);
  const { key } = intent;
  intent.sending();
  intent.refused({ type: "busy", retryAfter: 1 });
  const again = new Intent("5", 3, store);
  assert.equal(again.key, key);
  assert.equal(again.open, false);
  assert.equal(again.answer.type, "busy");
  assert.equal(again.bought, false);
});

test("a sold one stays sold; the next of several has another key and still tells of the last", () => {
  const store = new Store(new Storage());
  const intent = new Intent("5", 3, store);
  intent.sold({ type: "sold", order: 7 });
  assert.equal(new Intent("5", 3, store).bought, true);
  const { key } = intent;
  intent.renew({ type: "sold", order: 7 });
  const next = new Intent("5", 3, store);
  assert.notEqual(next.key, key);
  assert.equal(next.open, false, "nobody has clicked for it");
  assert.equal(next.bought, false);
  assert.deepEqual(next.answer, { type: "sold", order: 7 });
});

test("two tabs have one intent, and one sees that the other's was answered", () => {
  const store = new Store(new Storage());
  const one = new Intent("5", 3, store);
  const two = new Intent("5", 3, store);
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

test("knows whether a key is still the stored one", () => {
  const store = new Store(new Storage());
  const one = new Intent("5", 3, store);
  const two = new Intent("5", 3, store);
  const { key } = two;
  assert.equal(two.holds(key), true);
  one.renew({ type: "sold", order: 7 });
  assert.equal(two.holds(key), false);
  assert.equal(two.key, one.key);
});

test("its outcome is told at its location, else below its sale and key", () => {
  const intent = new Intent("5", 3, new Store(new Storage()));
  assert.equal(intent.address, `/purchases/3/${intent.key}`);
  intent.pending("/purchases/3/abc?lease=1");
  assert.equal(intent.address, "/purchases/3/abc?lease=1");
});

test("lives as long as the page where nothing can be stored", () => {
  for (const storage of [forbidden, null]) {
    const store = new Store(storage);
    const intent = new Intent("5", 3, store);
    const { key } = intent;
    intent.sending();
    assert.ok(intent.read());
    assert.equal(intent.key, key);
    assert.ok(intent.unresolvedSince > 0);
    assert.equal(new Intent("5", 3, store).key, key);
  }
});

test("a key that there was no room to store comes in place of the old one, after a reload too", () => {
  const [local, session] = [new Storage(), new Storage()];
  const intent = new Intent("5", 3, new Store(local, session));
  const old = intent.key;
  local.full = true;
  intent.renew({ type: "sold", order: 7 });
  const { key } = intent;
  assert.notEqual(key, old);
  assert.ok(intent.read());
  assert.equal(intent.key, key, "the old key has bought already");
  assert.equal(new Intent("5", 3, new Store(local, session)).key, key);
});

test("what is stored and no intent is replaced", () => {
  for (const stored of ["", "no json", "null", "7", '{"key":"short"}', '{"key":5}']) {
    const storage = new Storage();
    storage.setItem("stampede:intent:5:3", stored);
    assert.match(new Intent("5", 3, new Store(storage)).key, /^[\w-]{32}$/);
  }
});
