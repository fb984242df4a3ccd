// One intent to buy, under one key, kept before anything is sent: whatever happens to the connection,
// the page or the browser, asking again with the same key can never buy twice.
const KEY_BYTES = 24; // 32 characters

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

export class Intent {
  #name;
  #entry;

  /** The stored intent of this buyer in this sale, or a new one. */
  constructor(buyer, sale) {
    this.#name = `stampede:intent:${buyer}:${sale}`;
    try {
      const stored = JSON.parse(localStorage.getItem(this.#name));
      if (/^[\w-]{16,64}$/.test(stored?.key)) this.#entry = stored;
    } catch {
      // Unreadable is the same as none.
    }
    if (!this.#entry) this.renew();
  }

  get key() {
    return this.#entry.key;
  }

  /** When it was sent without a final answer so far (milliseconds since 1970), or 0. */
  get unresolvedSince() {
    return this.#entry.sentAt ?? 0;
  }

  /** Where the outcome of a pending purchase is told, or "". */
  get location() {
    return this.#entry.location ?? "";
  }

  /** The order number, once bought. */
  get order() {
    return this.#entry.order ?? null;
  }

  /** Begins another intent: after a purchase that failed or to buy one more. */
  renew() {
    this.#keep({ key: newKey() });
  }

  sending() {
    this.#keep({ ...this.#entry, sentAt: this.unresolvedSince || Date.now() });
  }

  pending(location) {
    this.#keep({ ...this.#entry, location });
  }

  /** The server took nothing: the key is free to be sent again, and nobody waits for it. */
  refused() {
    this.#keep({ key: this.key });
  }

  bought(order) {
    this.#keep({ key: this.key, order });
  }

  #keep(entry) {
    this.#entry = entry;
    try {
      localStorage.setItem(this.#name, JSON.stringify(entry));
    } catch {
      // Storage is full or forbidden: the intent then lives as long as the page.
    }
  }
}
