import assert from "node:assert/strict";
import { test } from "node:test";
import { Rest } from "../js/lib/rest.js";
import { Storage, forbidden } from "./tabs.mjs";

test("holds in every tab and after a reload, for this buyer alone", () => {
  const storage = new Storage();
  let now = 1000;
  const clock = () => now;
  const rest = new Rest("5", storage, clock);
  assert.equal(rest.left(), 0);
  rest.begin(10);
  assert.equal(rest.left(), 10);
  assert.equal(new Rest("5", storage, clock).left(), 10);
  assert.equal(new Rest("6", storage, clock).left(), 0);
  now += 9001;
  assert.equal(rest.left(), 1);
  now += 999;
  assert.equal(rest.left(), 0);
});

test("a shorter one does not end a longer one", () => {
  const storage = new Storage();
  new Rest("5", storage, () => 0).begin(60);
  const rest = new Rest("5", storage, () => 0);
  rest.begin(1);
  assert.equal(rest.left(), 60);
});

test("never lasts long, whatever became of the clock", () => {
  const storage = new Storage();
  new Rest("5", storage, () => 1e12).begin(10);
  assert.equal(new Rest("5", storage, () => 0).left(), 120);
});

test("lives as long as the page where nothing can be stored", () => {
  const rest = new Rest("5", forbidden, () => 0);
  rest.begin(10);
  assert.equal(rest.left(), 10);
});
