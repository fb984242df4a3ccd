import assert from "node:assert/strict";
import { test } from "node:test";
import { Rest } from "../js/lib/rest.js";
import { Store } from "../js/lib/storage.js";
import { Storage, forbidden } from "./tabs.mjs";

test("holds in every tab and after a reload, for this buyer alone", () => {
  const store = new Store(new Storage());
  let now = 1000;
  const clock = () => now;
  const rest = new Rest("5", store, clock);
  assert.equal(rest.left(), 0);
  rest.begin(10);
  assert.equal(rest.left(), 10);
  assert.equal(new Rest("5", store, clock).left(), 10);
  assert.equal(new Rest("6", store, clock).left(), 0);
  now += 9001;
  assert.equal(rest.left(), 1);
  now += 999;
  assert.equal(rest.left(), 0);
});

test("a shorter one does not end a longer one", () => {
  const store = new Store(new Storage());
  new Rest("5", store, () => 0).begin(60);
  const rest = new Rest("5", store, () => 0);
  rest.begin(1);
  assert.equal(rest.left(), 60);
});

test("never lasts long, whatever became of the clock", () => {
  const store = new Store(new Storage());
  new Rest("5", store, () => 1e12).begin(10);
  assert.equal(new Rest("5", store, () => 0).left(), 120);
});

test("lives as long as the page where nothing can be stored", () => {
  const rest = new Rest("5", new Store(forbidden), () => 0);
  rest.begin(10);
  assert.equal(rest.left(), 10);
});
