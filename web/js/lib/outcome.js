// What becomes of a pending purchase: told by the server's event stream, or asked for again and
// again where that does not work.
import { between, wait } from "./wait.js";

const MOST_LOST = 3; // connections of the stream in a row, before this page asks by itself

/** The answer in an outcome's JSON: null if the server knows nothing of that purchase, undefined
    while it is pending. */
function answerOf(body) {
  if (body.result === "success") return { type: "sold", order: body.order };
  if (body.result === "failed") return { type: "purchase-failed", reason: body.reason };
  return body.result === "unknown" ? null : undefined;
}

/** Listens to the stream; undefined if it could not tell. */
function listen(location, tell) {
  if (!("EventSource" in window)) return undefined;
  const [path, query] = location.split("?");
  const source = new EventSource(`${path}/events?${query ?? ""}`);
  return new Promise((done) => {
    let lost = 0;
    const finish = (answer) => {
      source.close();
      done(answer);
    };
    source.addEventListener("open", () => {
      lost = 0;
      tell({ type: "pending", location });
    });
    source.addEventListener("outcome", (event) => finish(answerOf(JSON.parse(event.data))));
    source.addEventListener("error", () => {
      lost += 1;
      // Closed: it was refused. Otherwise the browser connects again by itself.
      if (source.readyState === EventSource.CLOSED || lost > MOST_LOST) finish(undefined);
      else tell({ type: "connection-lost" });
    });
  });
}

async function ask(location) {
  const response = await fetch(location, {
    headers: { Accept: "application/json" },
    cache: "no-store",
  });
  if (response.status === 404) return null;
  if (response.status === 401) return { type: "login-required" };
  if (!response.ok) throw new Error(`status ${response.status}`);
  return answerOf(await response.json());
}

/** Resolves with the final answer, or with null once the server knows nothing of that purchase;
    `tell` hears of every stage on the way to it. */
export async function outcome(location, tell) {
  const told = await listen(location, tell);
  if (told !== undefined) return told;
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await ask(location);
      if (answer !== undefined) return answer;
      tell({ type: "pending", location });
    } catch {
      tell({ type: "connection-lost" });
    }
    await wait(between(300, 700) + Math.min(tries, 10) * 150);
  }
}
