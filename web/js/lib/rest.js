// The rest between two clicks of one buyer, in whatever sale: in every tab, and after a reload too.
import { browserStore } from "./storage.js";

const LONGEST_MS = 120_000; // whatever the visitor does to the wall clock

export class Rest {
  #name;
  #store;
  #now;
  #until = 0;

  constructor(buyer, store = browserStore, now = Date.now) {
    this.#name = `stampede:rest:${buyer}`;
    this.#store = store;
    this.#now = now;
  }

  begin(seconds) {
    this.#until = Math.max(this.#latest(), this.#now() + seconds * 1000);
    this.#store.save(this.#name, this.#until);
  }

  /** Whole seconds, 0 when there is none. */
  left() {
    const left = Math.min(this.#latest() - this.#now(), LONGEST_MS);
    return Math.max(0, Math.ceil(left / 1000));
  }

  #latest() {
    const stored = this.#store.load(this.#name);
    return Math.max(this.#until, Number.isFinite(stored) ? stored : 0);
  }
}
