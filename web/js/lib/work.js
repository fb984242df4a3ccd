// A proof of work: the task, which this device solves in a worker.
import { jsonObject, request, retryAfter } from "./request.js";

/** No worker has run: the browser makes none, or cannot read its script. */
export class WorkerFailed extends Error {}

/** {challenge, wait, answer, age} of a new task for this intent, which was asked for `age` milliseconds
    ago, or {problem, retryAfter}. Rejects where the connection fails or when `signal` aborts, and with
    WorkerFailed where no worker runs; where the browser makes none, nothing is asked for. */
export async function work({ product, key, worker: address, signal }) {
  const { worker, failed } = make(address);
  try {
    const asked = performance.now();
    const query = new URLSearchParams({ productID: product, key });
    const task = await request(`/captcha/work?${query}`, { cache: "no-store", signal }, async (response) => {
      const body = await jsonObject(response);
      return response.ok ? body : { problem: body.type, retryAfter: retryAfter(response) };
    });
    if (task.problem) return task;
    const begun = performance.now();
    const answer = String(await Promise.race([solved(task, worker, signal), failed]));
    const now = performance.now();
    return { challenge: task.signature, wait: task.wait_ms - (now - begun), answer, age: now - asked };
  } finally {
    worker.terminate();
  }
}

/** A classic worker: its script is bundled and imports nothing, and browsers of before 2023 have no
    module workers. */
function make(address) {
  try {
    const worker = new Worker(address);
    const failed = new Promise((resolve, reject) => {
      worker.addEventListener("error", () => reject(new WorkerFailed("the worker does not run")));
    });
    failed.catch(() => {}); // nobody waits for it before there is a task
    return { worker, failed };
  } catch (error) {
    throw new WorkerFailed("the browser makes no worker", { cause: error });
  }
}

function solved(task, worker, signal) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    signal.addEventListener("abort", () => reject(signal.reason));
    worker.postMessage({ salt: task.salt, challenge: task.challenge, maxnumber: task.maxnumber });
  });
}
