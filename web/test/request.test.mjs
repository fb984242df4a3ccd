import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonObject, request } from "../js/lib/request.js";
import { answering, json, pass, silent, text } from "./server.mjs";
import { stopTime } from "./time.mjs";

stopTime();

/** How a promise stands now. */
function watch(promise) {
  const watched = { state: "open" };
  promise.then(
    () => (watched.state = "resolved"),
    () => (watched.state = "rejected"),
  );
  return watched;
}

test("resolves with what is read of the response", async () => {
  answering(json(200, { a: 1 }));
  assert.deepEqual(await request("/x", {}, jsonObject), { a: 1 });
});

test("a problem's type is its slug, which is the fragment of the URI", async () => {
  answering(json(410, { type: "/openapi.json#sold-out" }), json(410, { type: "sold-out" }));
  assert.deepEqual(await request("/x", {}, jsonObject), { type: "sold-out" });
  assert.deepEqual(await request("/x", {}, jsonObject), { type: "sold-out" }, "an older release's");
});

test("is given up after 15 seconds without an answer", async () => {
  answering(silent);
  const watched = watch(request("/x", {}, jsonObject));
  await pass(14_900);
  assert.equal(watched.state, "open");
  await pass(200);
  assert.equal(watched.state, "rejected");
});

test("is given up when the body does not come either", async () => {
  answering(
    (_, { signal }) =>
      new Response(
        new ReadableStream({
          start(body) {
            signal.addEventListener("abort", () => body.error(signal.reason));
          },
        }),
      ),
  );
  const watched = watch(request("/x", {}, jsonObject));
  await pass(14_900);
  assert.equal(watched.state, "open");
  await pass(200);
  assert.equal(watched.state, "rejected");
});

test("ends when its caller wants it no more", async () => {
  answering(silent);
  const caller = new AbortController();
  const watched = watch(request("/x", { signal: caller.signal }, jsonObject));
  await pass(100);
  caller.abort();
  await pass(100);
  assert.equal(watched.state, "rejected");
});

test("a body that is no JSON object is no answer", async () => {
  for (const body of ['{"result":"so', "<!doctype html>", "", "null", "7", "[]"]) {
    answering(text(200, body));
    await assert.rejects(request("/x", {}, jsonObject), undefined, body);
  }
});
