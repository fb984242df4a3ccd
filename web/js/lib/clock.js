// The server's clock as this page knows it. It runs on the monotonic clock, so that setting the wall
// clock changes nothing. Of several answers it uses the one with the shortest round trip, because an
// answer is wrong by at most half its round trip.
import { jsonObject, request } from "./request.js";
import { backoff, between, laterOrOnline } from "./wait.js";

const RESYNC_MS = 10 * 60_000;
const LOOK_MS = 2000; // how often it looks whether that is over; costs no request
const SUSPENDED_MS = 1000; // by so much wall and monotonic clock then differ
const ROUND = 3; // requests at most
const GOOD_MS = 500; // an answer that is wrong by no more is good enough
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

  /** By how many milliseconds it may be wrong. */
  get uncertainty() {
    return this.#uncertainty;
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

/** Asks for the time alone. */
export async function askTime(clock) {
  const sent = performance.now();
  const { epoch_ms: time } = await request("/time", { cache: "no-store" }, jsonObject);
  clock.measured(sent, time, performance.now());
}

/** Measures now, every ten minutes, when the browser is online again, and when the machine was
    suspended, because that may stop the monotonic clock. `ask` measures once, as askTime does. A slow
    answer is followed by another question: what is known is wrong by at most half a round trip.
    Answers with a function that measures now. */
export function keepInSync(clock, ask = () => askTime(clock)) {
  let busy = false; // it asks, or has planned to ask again
  let failures = 0;
  let measuredAt = -Infinity;
  let ahead = 0; // of the wall clock, at the last measurement
  const measure = async () => {
    clock.beginRound();
    try {
      for (let i = 0; i < ROUND && (i === 0 || clock.uncertainty > GOOD_MS); i += 1) await ask();
      if (!clock.known) throw new TypeError("no time");
    } catch {
      failures += 1;
      laterOrOnline(backoff(failures), measure);
      return;
    }
    failures = 0;
    measuredAt = Date.now();
    ahead = Date.now() - performance.now();
    busy = false;
  };
  const sync = () => {
    if (busy) return;
    busy = true;
    measure();
  };
  const suspended = () => Math.abs(Date.now() - performance.now() - ahead) > SUSPENDED_MS;
  const syncIfOld = () => {
    if (document.hidden) return;
    if (Date.now() - measuredAt > RESYNC_MS || suspended()) sync();
  };
  sync();
  setInterval(syncIfOld, LOOK_MS);
  document.addEventListener("visibilitychange", syncIfOld);
  window.addEventListener("pageshow", syncIfOld);
  window.addEventListener("online", () => setTimeout(sync, between(0, LOOK_MS)));
  return sync;
}
