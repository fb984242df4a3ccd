// The server's clock as this page knows it. It runs on the monotonic clock, so that a visitor who
// sets the wall clock changes nothing, and trusts the quickest of several answers, whose middle is
// at most half a round trip wrong.
const RESYNC_MS = 60_000;

export class ServerClock {
  #offset = Date.now() - performance.now(); // until the first answer
  #uncertainty = Infinity;

  /** Milliseconds since 1970 on the server's clock. */
  now() {
    return performance.now() + this.#offset;
  }

  async start() {
    await this.#sync();
    setInterval(() => this.#sync(), RESYNC_MS);
    // A sleeping machine may have stopped the monotonic clock.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#sync();
    });
  }

  async #sync() {
    this.#uncertainty = Infinity;
    for (let i = 0; i < 3; i += 1) {
      try {
        await this.#ask();
      } catch {
        return; // keep what is known; the next round asks again
      }
    }
  }

  async #ask() {
    const sent = performance.now();
    const response = await fetch("/time", { cache: "no-store" });
    const { epoch_ms: server } = await response.json();
    const received = performance.now();
    const half = (received - sent) / 2;
    if (!Number.isFinite(server) || half >= this.#uncertainty) return;
    this.#uncertainty = half;
    this.#offset = server - (sent + half);
  }
}

/** 93784 s → "1 day 02:03:04", rounded up, so that 0 is shown only when the time has come. */
export function formatCountdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const days = Math.floor(seconds / 86_400);
  const two = (n) => String(n).padStart(2, "0");
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
    .map(two)
    .join(":");
  if (days === 0) return clock;
  return `${days} ${days === 1 ? "day" : "days"} ${clock}`;
}
