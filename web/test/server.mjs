// Stands in for the network, and for the time that passes while a page waits for it.
import { tick } from "./time.mjs";

/** Answers each fetch by the next of `answers`, functions of (url, options), the last one again and
    again; `asked` lists {url, headers} of all. */
export function answering(...answers) {
  const asked = [];
  globalThis.fetch = async (url, options = {}) => {
    asked.push({ url, headers: options.headers ?? {} });
    return answers[Math.min(asked.length, answers.length) - 1](url, options);
  };
  return asked;
}

export const json = (status, body, headers = {}) => () =>
  new Response(JSON.stringify(body), { status, headers });

export const text = (status, body) => () => new Response(body, { status });

export const lost = () => Promise.reject(new TypeError("Failed to fetch"));

/** Does not answer; the page gives up. */
export const silent = (_, { signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** Lets virtual milliseconds pass: so many, or fewer if `over()` is true before. Needs
    `stopTime`. */
export async function pass(milliseconds, over = () => false) {
  for (let passed = 0; passed < milliseconds && !over(); passed += 100) {
    await new Promise(setImmediate);
    tick(100);
  }
  await new Promise(setImmediate);
}

/** Settles as `promise` does, within ten virtual minutes. */
export async function hurry(promise) {
  let settled = false;
  const settle = () => (settled = true);
  promise.then(settle, settle);
  await pass(600_000, () => settled);
  if (!settled) throw new Error("not settled within ten minutes");
  return promise;
}
