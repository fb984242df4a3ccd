// A proof of work: the task, which this device solves in a worker.
import { jsonObject, request, retryAfter } from "./request.js";

/** {challenge, wait, answer, age} of a new task for this intent, which was asked for `age` milliseconds
    ago, or {problem, retryAfter}. Rejects where the
    connection fails, when `signal` aborts, or where the browser lets no worker run. */
export async function work({ product, key, worker, signal }) {
  const asked = performance.now();
  const query = new URLSearchParams({ productID: product, key });
  const task = await request(`/captcha/work?${query}`, { cache: "no-store", signal }, async (response) => {
    const body = await jsonObject(response);
    return response.ok ? body : { problem: body.type, retryAfter: retryAfter(response) };
  });
  if (task.problem) return task;
  const begun = performance.now();
  const answer = String(await solved(task, worker, signal));
  const now = performance.now();
  return { challenge: task.signature, wait: task.wait_ms - (now - begun), answer, age: now - asked };
}

function solved(task, address, signal) {
  const worker = new Worker(address, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", () => reject(new Error("the worker does not run")));
    signal.addEventListener("abort", () => reject(signal.reason));
    worker.postMessage({ salt: task.salt, challenge: task.challenge, maxnumber: task.maxnumber });
  }).finally(() => worker.terminate());
}
