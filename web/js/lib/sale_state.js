// The state of a product's sale. The page asks for it every 1 to 2 s while the sale is on or about to
// start, less often otherwise, and not at all while it is hidden.
import { jsonObject, request } from "./request.js";
import { between, wait } from "./wait.js";

const FAR_MS = 5 * 60_000;
const RECENT_MS = 5000;
const STATUSES = ["upcoming", "on", "sold_out", "ended"];

export class SaleState {
  #url;
  #clock;
  #onChange;
  #failures = 0;
  #latest = null;
  #latestAt = -Infinity;

  constructor(product, clock, onChange) {
    this.#url = `/product/${product}/state`;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  async follow() {
    for (;;) {
      const state = await this.#look();
      await this.#visible(this.#pause(state));
    }
  }

  /** The state of at most a few seconds ago; null when the server does not answer. Asks for it after
      a time in which the page was hidden or the machine slept. */
  async recent() {
    const age = Date.now() - this.#latestAt;
    return age >= 0 && age < RECENT_MS ? this.#latest : this.#look();
  }

  async #look() {
    const state = await this.#ask();
    if (!state) return null;
    this.#latest = state;
    this.#latestAt = Date.now();
    this.#onChange(state);
    return state;
  }

  /** The state, of status "none" when nothing is on sale, null when the server did not answer. */
  async #ask() {
    try {
      const options = { headers: { Accept: "application/json" } };
      const state = await request(this.#url, options, jsonObject);
      const none = state.type === "unknown-product";
      if (!none && !STATUSES.includes(state.status)) throw new TypeError("no state of a sale");
      this.#failures = 0;
      return none ? { status: "none" } : state;
    } catch {
      this.#failures += 1;
      return null;
    }
  }

  #pause(state) {
    if (!state) return between(1000, 1000 * 2 ** Math.min(this.#failures, 4));
    if (state.status === "ended" || state.status === "none") return between(8000, 15_000);
    if (state.status === "upcoming" && this.#clock.known) {
      const untilStart = Date.parse(state.starts_at) - this.#clock.now();
      if (untilStart > FAR_MS) return between(8000, 15_000);
    }
    return between(1000, 2000);
  }

  async #visible(pause) {
    await wait(pause);
    if (!document.hidden) return;
    await new Promise((shown) => {
      document.addEventListener("visibilitychange", shown, { once: true });
    });
  }
}
