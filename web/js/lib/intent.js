// One intent to buy, under one key that is stored before anything is sent: whatever happens to the
// connection, the page or the browser, a request with the same key never buys twice. All tabs share
// the intent.
import { browserStore } from "./storage.js";

const KEY_BYTES = 24; // 32 characters

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

export class Intent {
  #sale;
  #name;
  #store;
  #entry;

  /** The stored intent of this buyer in this sale, or a new one. */
  constructor(buyer, sale, store = browserStore) {
    this.#sale = sale;
    this.#name = `stampede:intent:${buyer}:${sale}`;
    this.#store = store;
    if (!this.read()) this.renew();
  }

  /** Where it is stored: the key of `storage` events. */
  get name() {
    return this.#name;
  }

  /** The sale in which it buys. */
  get sale() {
    return this.#sale;
  }

  get key() {
    return this.#entry.key;
  }

  /** When it was first sent (milliseconds since 1970), while there is no final answer; else 0. */
  get unresolvedSince() {
    return this.#entry.sentAt ?? 0;
  }

  /** True from the first request until the final answer. */
  get open() {
    return this.unresolvedSince > 0 || this.location !== "";
  }

  /** Where the outcome of a pending purchase is told, or "". */
  get location() {
    return this.#entry.location ?? "";
  }

  /** Where the server tells what became of this key. */
  get address() {
    return this.location || `/purchases/${this.sale}/${this.key}`;
  }

  /** True once this key has bought and the buyer may have no more. */
  get bought() {
    return this.#entry.bought === true;
  }

  /** The last answer, to this key or to the one before it, or null. */
  get answer() {
    return this.#entry.answer ?? null;
  }

  /** True if that answer came at this time (milliseconds since 1970) or later. */
  answeredSince(time) {
    return (this.#entry.answeredAt ?? 0) >= time;
  }

  /** Reads what this or another tab has stored; false if there is nothing. */
  read() {
    const stored = this.#store.load(this.#name);
    if (!/^[\w-]{16,64}$/.test(stored?.key ?? "")) return false;
    this.#entry = stored;
    return true;
  }

  /** True while this key is the stored one. Another tab may have had its answer and stored a new key. */
  holds(key) {
    this.read();
    return this.key === key;
  }

  /** Begins the next intent, after `answer`: a failed purchase, or one of several. */
  renew(answer = null) {
    this.#keep({ key: newKey(), ...answered(answer) });
  }

  sending() {
    this.#keep({ ...this.#entry, sentAt: this.unresolvedSince || Date.now() });
  }

  pending(location) {
    this.#keep({ ...this.#entry, location });
  }

  /** The server took nothing: the key may be sent again, and there is no outcome to wait for. */
  refused(answer) {
    this.#keep({ key: this.key, ...answered(answer) });
  }

  sold(answer) {
    this.#keep({ key: this.key, bought: true, ...answered(answer) });
  }

  #keep(entry) {
    this.#entry = entry;
    this.#store.save(this.#name, entry);
  }
}

const answered = (answer) => (answer ? { answer, answeredAt: Date.now() } : {});
