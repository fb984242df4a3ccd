// What this browser keeps for all tabs. Where it is full or forbidden, things live as long as the page.

/** The parsed JSON below `name`, or null: unreadable is the same as none. */
export function load(storage, name) {
  try {
    return JSON.parse(storage.getItem(name));
  } catch {
    return null;
  }
}

export function save(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // The caller has the value too.
  }
}

/** The browser's own, or null where asking for it is forbidden already. */
export function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
