// What this browser keeps: in localStorage for all tabs; if that is full or forbidden, in
// sessionStorage for this tab; otherwise in memory while the page is open.

/** Keeps values by name in the first place that takes them. Reads from the last place that has one,
    because an earlier place may still have an older value. */
export class Store {
  #places;

  /** `places` are like localStorage; one that is null is left out. */
  constructor(...places) {
    this.#places = [...places.filter(Boolean), new Memory()];
  }

  /** The parsed JSON below `name`, or null if there is none or it cannot be read. */
  load(name) {
    return this.#places.reduceRight((found, place) => found ?? read(place, name), null);
  }

  save(name, value) {
    const text = JSON.stringify(value);
    const taken = this.#places.findIndex((place) => done(() => place.setItem(name, text)));
    for (const place of this.#places.slice(taken + 1)) done(() => place.removeItem(name));
  }
}

class Memory {
  #items = new Map();
  getItem(name) {
    return this.#items.get(name) ?? null;
  }
  setItem(name, text) {
    this.#items.set(name, text);
  }
  removeItem(name) {
    this.#items.delete(name);
  }
}

function read(place, name) {
  try {
    return JSON.parse(place.getItem(name));
  } catch {
    return null;
  }
}

/** False where the place is full or forbidden. */
function done(work) {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/** A storage of the browser by its name, or null where asking for it is forbidden already. */
function place(name) {
  try {
    return globalThis[name] ?? null;
  } catch {
    return null;
  }
}

export const browserStore = new Store(place("localStorage"), place("sessionStorage"));
