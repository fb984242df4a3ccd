// The outcome of a pending purchase. The server's event stream brings it; the page also asks for it:
// every 10 s while the stream is open, because a broken connection may go unnoticed, and more often
// without a stream.
import { jsonObject, request } from "./request.js";
import { between, wait } from "./wait.js";

const MOST_LOST = 3; // after this many lost connections in a row the page gives the stream up

/** The answer in the JSON of an outcome: null if the server knows nothing of that purchase, undefined
    while it is pending. Throws for any other JSON. */
function answerOf({ result, type, order, reason, pay_by, pay }) {
  switch (result ?? type) {
    case "success":
      return { type: "sold", order };
    case "held":
      return { type: "held", order, pay_by, pay };
    case "failed":
      return { type: "purchase-failed", reason };
    case "pending":
      return undefined;
    case "unknown":
    case "unknown-purchase":
      return null;
    case "login-required":
      return { type: "login-required" };
    default:
      throw new TypeError("no outcome");
  }
}

/** The server's event stream. `over` resolves once it has brought the answer, or is given up. */
class Stream {
  answer = undefined;
  over = Promise.resolve();
  works = false;
  #source;

  constructor(location, tell) {
    const [path, query] = location.split("?");
    // Without the proof that the purchase was sent there is no stream, only answers.
    const proven = new URLSearchParams(query).has("sent");
    if (!("EventSource" in globalThis) || !proven) return;
    this.#source = new EventSource(`${path}/events?${query}`);
    this.works = true;
    this.over = new Promise((over) => this.#listen(location, tell, over));
  }

  close() {
    this.works = false;
    this.#source?.close();
  }

  #listen(location, tell, over) {
    let lost = 0;
    const end = () => {
      this.close();
      over();
    };
    this.#source.addEventListener("open", () => {
      lost = 0;
      tell({ type: "pending", location });
    });
    this.#source.addEventListener("outcome", (event) => {
      this.answer = answerOf(JSON.parse(event.data));
      end();
    });
    this.#source.addEventListener("error", () => {
      lost += 1;
      // CLOSED: the server refused the stream. Otherwise the browser connects again by itself.
      if (this.#source.readyState === EventSource.CLOSED || lost > MOST_LOST) end();
      else tell({ type: "connection-lost" });
    });
  }
}

/** Asks once: the answer, null if the server knows nothing of that purchase, undefined while it is
    pending. Rejects if no such answer comes. */
export function ask(location) {
  const options = { headers: { Accept: "application/json" }, cache: "no-store" };
  return request(location, options, async (response) => answerOf(await jsonObject(response)));
}

/** Resolves with the final answer, or with null once the server knows nothing of that purchase;
    `tell` is called with every state before that. */
export async function outcome(location, tell) {
  const stream = new Stream(location, tell);
  for (let tries = 0; ; tries += 1) {
    if (stream.works) await Promise.race([stream.over, wait(between(8000, 12_000))]);
    else await wait(between(300, 700) + Math.min(tries, 10) * 150);
    if (stream.answer !== undefined) return stream.answer;
    try {
      const answer = await ask(location);
      if (answer !== undefined) {
        stream.close();
        return answer;
      }
      tell({ type: "pending", location });
    } catch {
      tell({ type: "connection-lost" });
    }
  }
}
