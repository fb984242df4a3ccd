// Every question of a page to the server: it ends, whatever becomes of the connection.
const MOST_MS = 15_000;

/** Resolves with what `read` makes of the response. Rejects when that, with its body, has not come
    within 15 s, when `signal` aborts, and with whatever `read` throws. */
export async function request(url, { signal, ...options }, read) {
  const limit = new AbortController();
  const abort = () => limit.abort();
  const timer = setTimeout(abort, MOST_MS);
  signal?.addEventListener("abort", abort);
  try {
    return await read(await fetch(url, { ...options, signal: limit.signal }));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** The response's JSON object. Throws where its body is anything else: cut off on the way, or another
    server's, as in a network that wants a log-in of its own first. */
export async function jsonObject(response) {
  const body = await response.json();
  if (body?.constructor !== Object) throw new TypeError("no JSON object");
  return body;
}

/** Seconds; 0 where the server names none. */
export const retryAfter = (response) => Number(response.headers.get("Retry-After")) || 0;
