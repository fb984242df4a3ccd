import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { work, WorkerFailed } from "../js/lib/work.js";

const TASK = { challenge: "c", salt: "s", maxnumber: 9, wait_ms: 2000, signature: "sealed" };
const real = { Worker: globalThis.Worker, fetch: globalThis.fetch };
let fetches = 0;
let options; // what the last worker was made with
let ended = 0;

/** A browser's worker that answers as `behave` says. */
function workers(behave) {
  globalThis.Worker = class extends EventTarget {
    constructor(...made) {
      super();
      options = made;
      behave.begin?.(this);
    }
    postMessage() {
      behave.message?.(this);
    }
    terminate() {
      ended += 1;
    }
  };
}

const ask = (signal = new AbortController().signal) =>
  work({ product: "7", key: "0123456789abcdef", worker: "/worker.js", signal });

beforeEach(() => {
  fetches = 0;
  ended = 0;
  globalThis.fetch = async () => {
    fetches += 1;
    return new Response(JSON.stringify(TASK), { headers: { "Content-Type": "application/json" } });
  };
});
afterEach(() => Object.assign(globalThis, real));

test("the answer is the worker's, which is a classic one, as every browser has it", async () => {
  workers({
    message: (worker) => worker.dispatchEvent(Object.assign(new Event("message"), { data: 4 })),
  });
  const { challenge, answer } = await ask();
  assert.deepEqual({ challenge, answer }, { challenge: "sealed", answer: "4" });
  assert.deepEqual(options, ["/worker.js"]);
  assert.equal(ended, 1);
});

test("where the browser makes no worker nothing is asked for", async () => {
  globalThis.Worker = undefined;
  await assert.rejects(ask(), WorkerFailed);
  globalThis.Worker = class {
    constructor() {
      throw new DOMException("refused", "SecurityError");
    }
  };
  await assert.rejects(ask(), WorkerFailed);
  assert.equal(fetches, 0);
});

test("a worker that breaks, before the task comes or with it, is told from a lost connection", async () => {
  const breaks = (worker) => worker.dispatchEvent(new Event("error"));
  workers({ begin: (worker) => queueMicrotask(() => breaks(worker)) });
  await assert.rejects(ask(), WorkerFailed);
  workers({ message: breaks });
  await assert.rejects(ask(), WorkerFailed);
  globalThis.fetch = async () => {
    throw new TypeError("failed to fetch");
  };
  await assert.rejects(ask(), (error) => !(error instanceof WorkerFailed));
  assert.equal(ended, 3);
});
