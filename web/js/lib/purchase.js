// Sends one intent to /check and stays with it until there is an answer. A lost connection, a 503 and
// a pending purchase are not answers: the same key is asked for again.
import { outcome } from "./outcome.js";
import { between, wait } from "./wait.js";

/** Every type that ends the asking. Others of 5xx, and lost connections, do not. */
async function send(product, key, pass) {
  const headers = { Accept: "application/json", "Idempotency-Key": key };
  if (pass) headers["Captcha-Pass"] = pass;
  let response;
  try {
    response = await fetch(`/check?productID=${product}`, { method: "POST", headers });
  } catch {
    return { type: "connection-lost" };
  }
  const body = await response.json().catch(() => ({}));
  return {
    ...body,
    type: body.result ?? body.type ?? (response.status >= 500 ? "unavailable" : "unknown"),
    location: response.headers.get("Location") ?? "",
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  };
}

/** Resolves with the final answer; `tell` hears of every stage on the way to it. */
export async function purchase(product, intent, pass, tell) {
  if (intent.location) {
    tell({ type: "pending", location: intent.location });
    const known = await outcome(intent.location, tell);
    if (known) return known;
  }
  for (let tries = 0; ; tries += 1) {
    intent.sending();
    const answer = await send(product, intent.key, pass);
    if (answer.type === "pending") {
      intent.pending(answer.location);
      tell(answer);
      const known = await outcome(answer.location, tell);
      if (known) return known;
      await wait(between(300, 700));
    } else if (answer.type === "unavailable" || answer.type === "connection-lost") {
      const pause = Math.max(answer.retryAfter ?? 0, Math.min(2 ** tries, 8));
      tell({ ...answer, retryAfter: pause });
      await wait(between(pause * 1000, pause * 1250));
    } else {
      return answer;
    }
  }
}
