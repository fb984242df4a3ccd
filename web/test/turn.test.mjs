import assert from "node:assert/strict";
import { test } from "node:test";
import { inTurn } from "../js/lib/turn.js";

/** Web Locks, as far as they are used: one holder a name, the others in line. */
class Locks {
  #held = new Map();
  async request(name, options, work = options) {
    const before = this.#held.get(name);
    if (before && options.ifAvailable) return work(null);
    const mine = (before ?? Promise.resolve()).then(() => work({ name }));
    const over = mine.catch(() => {}).then(() => {
      if (this.#held.get(name) === over) this.#held.delete(name);
    });
    this.#held.set(name, over);
    return mine;
  }
}

function withLocks(locks) {
  Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });
}

test("of two tabs one works while the other waits, and then knows that it waited", async () => {
  withLocks(new Locks());
  const order = [];
  let release;
  const asked = new Promise((done) => (release = done));
  const first = inTurn("buy", assert.fail, async (waited) => {
    order.push(["first", waited]);
    await asked;
  });
  await new Promise(setImmediate);
  const second = inTurn(
    "buy",
    () => {
      order.push("second waits");
      release();
    },
    async (waited) => order.push(["second", waited]),
  );
  await Promise.all([first, second]);
  assert.deepEqual(order, [["first", false], "second waits", ["second", true]]);
});

test("one that fails lets the next one go on", async () => {
  withLocks(new Locks());
  const failing = inTurn("buy", assert.fail, () => Promise.reject(new Error("gone")));
  await assert.rejects(failing, /gone/);
  let worked = false;
  await inTurn("buy", assert.fail, async () => {
    worked = true;
  });
  assert.ok(worked);
});

test("without locks every tab works", async () => {
  withLocks(undefined);
  let worked = 0;
  await Promise.all([1, 2].map(() => inTurn("buy", assert.fail, async () => (worked += 1))));
  assert.equal(worked, 2);
});
