// The live state of a product's sale, asked for again and again: each 1 to 2 s when it matters, less
// often when the start is far away or the sale is over, not at all while nobody looks.
import { between, wait } from "./wait.js";

const FAR_MS = 5 * 60_000;

export class SaleState {
  #url;
  #clock;
  #onChange;
  #failures = 0;

  constructor(product, clock, onChange) {
    this.#url = `/product/${product}/state`;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  async follow() {
    for (;;) {
      const state = await this.#ask();
      if (state) this.#onChange(state);
      await this.#visible(this.#pause(state));
    }
  }

  /** The state, "none" when nothing is on sale, null when the server did not answer. */
  async #ask() {
    try {
      const response = await fetch(this.#url, { headers: { Accept: "application/json" } });
      if (response.status === 404) return { status: "none" };
      if (!response.ok) throw new Error(`status ${response.status}`);
      this.#failures = 0;
      return await response.json();
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
