// Whether the shop can be reached, as far as this page knows: the browser says when it is offline, and
// every request (request.js) says how it went. It asks the shop for nothing itself.

/** A request without an answer for so long is said to be waiting. */
const SILENCE_MS = 4000;

const offline = () => globalThis.navigator?.onLine === false;

class Connection {
  #listener = null;
  #told = "fine";
  #state = "fine";

  constructor() {
    for (const event of ["online", "offline"]) {
      globalThis.addEventListener?.(event, () => this.#tell());
    }
  }

  /** Calls `listener` with "fine", "offline", "silent" (a request waits for an answer) or "lost" (the
      last one failed): now if it is not fine, and whenever that changes. */
  set listener(listener) {
    this.#listener = listener;
    this.#tell();
  }

  /** A request leaves: to be told of its end by the function that is returned, with "fine" once the
      shop has answered, with "lost" if it did not, and with nothing if nobody waits any more. */
  sent() {
    const timer = setTimeout(() => this.#now("silent"), SILENCE_MS);
    return (state) => {
      clearTimeout(timer);
      if (state) this.#now(state);
    };
  }

  #now(state) {
    this.#state = state;
    this.#tell();
  }

  #tell() {
    const state = offline() ? "offline" : this.#state;
    if (!this.#listener || state === this.#told) return;
    this.#told = state;
    this.#listener(state);
  }
}

export const connection = new Connection();
