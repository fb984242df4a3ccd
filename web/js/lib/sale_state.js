// The state of a product's sale. The page asks for it again when the server says that it is to
// (`poll_after_ms`), when it is online again, and never while it is hidden.
import { jsonObject, request } from "./request.js";
import { backoff, between, laterOrOnline } from "./wait.js";

const DEFAULT_MS = 60_000; // where the server does not say
const LEAST_MS = 1000;
const JITTER_MS = 2000; // pages that were told the same by a cache do not ask as one
const LATE_MS = 3000; // a state is recent until it was to be asked for, and so long after
const STATUSES = ["upcoming", "on", "sold_out", "ended"];

export class SaleState {
  #url;
  #onChange;
  #failures = 0;
  #latest = null;
  #lookedAt = Infinity;
  #recentUntil = -Infinity;
  #looking = null;
  #following = false;
  #due = false;
  #cancel = () => {};

  constructor(product, onChange) {
    this.#url = `/product/${product}/state`;
    this.#onChange = onChange;
    document.addEventListener("visibilitychange", () => {
      if (this.#due) this.#lookIfSeen();
    });
  }

  /** Looks now, and again whenever it is due; after stop(), too. */
  follow() {
    this.#following = true;
    this.#look();
  }

  /** From now on it looks only when recent() is called. */
  stop() {
    this.#following = false;
    this.#due = false;
    this.#cancel();
  }

  /** The state, as recent as it is to be; null when the server does not answer. Asks for it after a
      time in which the page was hidden or the machine slept. */
  async recent() {
    const now = Date.now(); // counts a sleep; it may also be set back
    return this.#lookedAt <= now && now < this.#recentUntil ? this.#latest : this.#look();
  }

  #look() {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce() {
    this.#due = false;
    this.#cancel();
    const state = await this.#ask();
    const pause = state ? pauseAfter(state) : backoff(this.#failures);
    if (state) {
      this.#latest = state;
      this.#lookedAt = Date.now();
      this.#recentUntil = this.#lookedAt + (pause ?? 0) + LATE_MS;
      this.#onChange(state); // which may stop()
    }
    if (this.#following && pause !== null) {
      this.#cancel = laterOrOnline(pause, () => {
        this.#due = true;
        this.#lookIfSeen();
      });
    }
    return state;
  }

  #lookIfSeen() {
    if (this.#following && !document.hidden) this.#look();
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
}

/** Milliseconds until the state is asked for again, or null: never. */
function pauseAfter({ poll_after_ms: said }) {
  if (said === null) return null;
  const least = Number.isFinite(said) ? Math.max(said, LEAST_MS) : DEFAULT_MS;
  return between(least, least + Math.min(least / 4, JITTER_MS));
}
