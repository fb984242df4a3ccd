// Every request of a page to the server. It always ends, also when the connection hangs.
import { connection } from "./connection.js";

const MOST_MS = 15_000;

/** Resolves with what `read` makes of the response. Rejects when that, with its body, has not come
    within 15 s, when `signal` aborts, and with whatever `read` throws. */
export async function request(url, { signal, ...options }, read) {
  const limit = new AbortController();
  const abort = () => limit.abort();
  const timer = setTimeout(abort, MOST_MS);
  signal?.addEventListener("abort", abort);
  const ended = connection.sent();
  let answered = false;
  try {
    const response = await fetch(url, { ...options, signal: limit.signal });
    answered = true;
    return await read(response);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    if (answered && !limit.signal.aborted) ended("fine");
    else ended(signal?.aborted ? undefined : "lost");
  }
}

/** The response's JSON object; of a problem's `type` the slug alone, which is the URI's fragment.
    Throws if its body is anything else: cut off, or from another server, as in a network that shows a
    login page of its own first. */
export async function jsonObject(response) {
  const body = await response.json();
  if (body?.constructor !== Object) throw new TypeError("no JSON object");
  if (typeof body.type === "string") body.type = body.type.replace(/^.*#/, "");
  return body;
}

/** Seconds; 0 where the server names none. */
export const retryAfter = (response) => Number(response.headers.get("Retry-After")) || 0;
