/** What tabs of one browser share: stands in for localStorage. */
export class Storage {
  #items = new Map();
  full = false; // takes nothing more, and keeps what it has
  getItem(name) {
    return this.#items.get(name) ?? null;
  }
  setItem(name, value) {
    if (this.full) throw new Error("full");
    this.#items.set(name, String(value));
  }
  removeItem(name) {
    this.#items.delete(name);
  }
}

/** A browser that keeps nothing. */
export const forbidden = {
  getItem() {
    throw new Error("forbidden");
  },
  setItem() {
    throw new Error("forbidden");
  },
  removeItem() {
    throw new Error("forbidden");
  },
};
