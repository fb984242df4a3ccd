// The rest between two clicks of one buyer, in whatever sale: in every tab, and after a reload too.
import { browserStorage, load, save } from "./storage.js";

const LONGEST_MS = 120_000; // whatever the visitor does to the wall clock

export class Rest {
  #name;
  #storage;
  #now;
  #until = 0;

  constructor(buyer, storage = browserStorage(), now = Date.now) {
    this.#name = `stampede:rest:${buyer}`;
    this.#storage = storage;
    this.#now = now;
  }

  begin(seconds) {
    this.#until = Math.max(this.#latest(), this.#now() + seconds * 1000);
    save(this.#storage, this.#name, this.#until);
  }

  /** Whole seconds, 0 when there is none. */
  left() {
    const left = Math.min(this.#latest() - this.#now(), LONGEST_MS);
    return Math.max(0, Math.ceil(left / 1000));
  }

  #latest() {
    const stored = load(this.#storage, this.#name);
    return Math.max(this.#until, Number.isFinite(stored) ? stored : 0);
  }
}
