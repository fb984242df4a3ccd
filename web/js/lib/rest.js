// The time in which the server takes no click of one buyer: in every sale and every tab, and after a
// reload too.
import { browserStore } from "./storage.js";

const LONGEST_MS = 120_000; // if the visitor sets the wall clock back, nobody waits longer

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

  /** Nothing if it is over already. */
  begin(seconds) {
    this.#until = Math.max(this.#latest(), this.#now() + seconds * 1000);
    this.#store.save(this.#name, this.#until);
  }

  /** Whole seconds that are left to wait; 0 if none. */
  left() {
    const left = Math.min(this.#latest() - this.#now(), LONGEST_MS);
    return Math.max(0, Math.ceil(left / 1000));
  }

  #latest() {
    const stored = this.#store.load(this.#name);
    return Math.max(this.#until, Number.isFinite(stored) ? stored : 0);
  }
}
