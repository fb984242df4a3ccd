import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../js/lib/storage.js";
import { Storage, forbidden } from "./tabs.mjs";

test("what is saved is loaded, by whoever has the same place", () => {
  const local = new Storage();
  new Store(local).save("a", { b: [1] });
  assert.deepEqual(new Store(local).load("a"), { b: [1] });
  assert.equal(new Store(local).load("c"), null);
});

test("unreadable is the same as none", () => {
  const local = new Storage();
  local.setItem("a", "{");
  assert.equal(new Store(local).load("a"), null);
});

test("where there is no room for the newer value, the older one is not read again", () => {
  for (const session of [new Storage(), forbidden, null]) {
    const local = new Storage();
    const store = new Store(local, session);
    store.save("a", 1);
    local.full = true;
    store.save("a", 2);
    assert.equal(store.load("a"), 2);
  }
});

test("what goes to the second place is there after a reload, until the first has room again", () => {
  const [local, session] = [new Storage(), new Storage()];
  new Store(local, session).save("a", 1);
  local.full = true;
  new Store(local, session).save("a", 2);
  assert.equal(new Store(local, session).load("a"), 2);
  local.full = false;
  new Store(local, session).save("a", 3);
  assert.equal(session.getItem("a"), null);
  assert.equal(new Store(local, session).load("a"), 3);
});
