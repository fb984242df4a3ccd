// Sends one intent to /check and stays with it until there is an answer. A lost connection, a 503,
// a busy shop and a pending purchase are not answers: the same key is asked for again.
import { ask, outcome } from "./outcome.js";
import { jsonObject, request, retryAfter } from "./request.js";
import { between, wait, waitOrOnline } from "./wait.js";

/** Every `result` and `type` of /check. Anything else is not from the shop, or was cut off. */
const ANSWERS = new Set([
  "sold",
  "held",
  "pending",
  "unavailable",
  "key-required",
  "key-reused",
  "login-required",
  "blacklisted",
  "not-started",
  "captcha-required",
  "bad-origin",
  "unknown-product",
  "unknown-sale",
  "bad-number",
  "limit-reached",
  "purchase-failed",
  "sold-out",
  "sale-ended",
  "key-forgotten",
  "too-soon",
  "busy",
]);

async function answerOf(response) {
  const body = await jsonObject(response);
  const type = body.result ?? body.type;
  if (!ANSWERS.has(type)) throw new TypeError("no answer of the shop");
  const location = response.headers.get("Location") ?? "";
  return { ...body, type, location, retryAfter: retryAfter(response) };
}

async function send({ product, intent, key, pass }) {
  const headers = { Accept: "application/json", "Idempotency-Key": key };
  if (pass) headers["Captcha-Pass"] = pass;
  try {
    const url = `/check?productID=${product}&sale=${intent.sale}`;
    return await request(url, { method: "POST", headers }, answerOf);
  } catch {
    return { type: "connection-lost" };
  }
}

/** The answer to a click in a sale that is over. An order is found for ever; where there is none,
    only /check can tell whether the purchase may yet succeed. It buys in the named sale or in none. */
async function answerAfterEnd(click) {
  const { intent } = click;
  try {
    const known = await ask(intent.address);
    if (known === undefined) return { type: "pending", location: intent.address };
    if (known) return known;
  } catch {
    return { type: "connection-lost" };
  }
  const answer = await send(click);
  const over = ["sale-ended", "key-forgotten"];
  return over.includes(answer.type) ? { type: "sale-over" } : answer;
}

/** Asks once; null when the intent has another key by now. */
async function attempt(click) {
  const { intent, key } = click;
  const state = await click.saleNow();
  if (!intent.holds(key)) return null;
  if (!state) return { type: "connection-lost" };
  if (state.sale !== intent.sale) return answerAfterEnd(click);
  intent.sending();
  click.sentAt = Date.now();
  const answer = await send(click);
  // The page has that sale's id from the shop, so this server has only not heard of it yet.
  return answer.type === "unknown-sale" ? { ...answer, type: "unavailable" } : answer;
}

/** Resolves with the final answer to a click: {product, intent, key, pass, saleNow}, where `key` is
    the intent's key at the click, and `saleNow` resolves with the state of the product's current sale,
    or null; it sets `sentAt` (milliseconds since 1970) at each request. Resolves with null once the intent has another key: then another tab has stored the
    answer. Calls `tell` with every state before that. */
export async function purchase(click, tell) {
  const { intent, key } = click;
  const { location } = intent;
  let answer = location ? { type: "pending", location } : await attempt(click);
  for (let tries = 0; answer; tries += 1) {
    if (answer.type === "pending") {
      if (intent.holds(key)) intent.pending(answer.location);
      tell(answer);
      const known = await outcome(answer.location, tell);
      if (known) return known;
      await wait(between(300, 700));
    } else if (answer.type === "unavailable" || answer.type === "connection-lost") {
      const pause = Math.max(answer.retryAfter ?? 0, Math.min(2 ** tries, 8));
      tell({ ...answer, retryAfter: pause });
      await waitOrOnline(between(pause * 1000, pause * 1250));
    } else if (answer.type === "busy") {
      const pause = answer.retryAfter || 1; // the server has spread it
      tell({ ...answer, retryAfter: pause });
      await wait(pause * 1000);
    } else {
      return answer;
    }
    answer = await attempt(click);
  }
  return null;
}
