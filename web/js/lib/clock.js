// The server's clock as this page knows it. It runs on the monotonic clock, so that setting the wall
// clock changes nothing. Of several answers it uses the one with the shortest round trip, because an
// answer is wrong by at most half its round trip.
import { jsonObject, request } from "./request.js";
import { between } from "./wait.js";

const RESYNC_MS = 60_000;
const ROUND = 3; // requests
const SLOWEST = 0.5; // the clock's speed while it is ahead of the server's; real time is 1

export class ServerClock {
  #monotonic;
  #offset = 0;
  #known = false;
  #uncertainty = Infinity;
  #last = null;

  constructor(monotonic = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** False until the first answer; there is no time to show then. */
  get known() {
    return this.#known;
  }

  /** Milliseconds since 1970 on the server's clock. It never goes back: while it is ahead of the
      server's clock, it runs at half speed. */
  now() {
    const tick = this.#monotonic();
    let time = tick + this.#offset;
    if (this.#last) time = Math.max(time, this.#last.time + (tick - this.#last.tick) * SLOWEST);
    this.#last = { tick, time };
    return time;
  }

  /** Begins a round of answers, which are compared only with each other and not with earlier ones. */
  beginRound() {
    this.#uncertainty = Infinity;
  }

  /** The server said `time`, between these two ticks of the monotonic clock. */
  measured(sent, time, received) {
    const half = (received - sent) / 2;
    if (!Number.isFinite(time) || half >= this.#uncertainty) return;
    this.#uncertainty = half;
    this.#offset = time - (sent + half);
    this.#known = true;
  }
}

async function ask(clock) {
  const sent = performance.now();
  const { epoch_ms: time } = await request("/time", { cache: "no-store" }, jsonObject);
  clock.measured(sent, time, performance.now());
}

/** Measures now, every minute, and whenever the machine may have been suspended, because that may
    stop the monotonic clock. */
export function keepInSync(clock) {
  let asking = false;
  const sync = async () => {
    if (asking) return;
    asking = true;
    clock.beginRound();
    try {
      for (let i = 0; i < ROUND; i += 1) await ask(clock);
    } catch {
      if (!clock.known) setTimeout(sync, between(1000, 2000));
    } finally {
      asking = false;
    }
  };
  sync();
  setInterval(sync, RESYNC_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) sync();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) sync();
  });
  window.addEventListener("online", sync);
}
