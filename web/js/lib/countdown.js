// The countdown and the status of a sale, by the page's clock.

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

/** The status by the page's clock: a sale may begin or end between two answers of the server. */
export function statusAt({ status, starts_at: starts, ends_at: ends }, now) {
  if (status === "upcoming" && Date.parse(starts) <= now) return "on";
  if (status === "on" && ends && Date.parse(ends) <= now) return "ended";
  return status;
}

/** What is counted down to: {label, left}, or null where nothing is. */
export function countdownOf(status, { starts_at: starts, ends_at: ends }, now) {
  if (status === "upcoming") return { label: "Starts in", left: Date.parse(starts) - now };
  if (status === "on" && ends) return { label: "Ends in", left: Date.parse(ends) - now };
  return null;
}

const EXPIRES_MS = 36_000; // an order that is not paid expires within so long after its time

const ASK_AGAIN_MS = 10_000;

/** How long a held order still waits for its payment: {text, asks}. `asks`: how often a page should have
    asked by now what became of it; `share`, from 0 to 1, is its own part of the time between two, so that
    pages do not ask all at once. */
export function payLeft(payBy, now, share = 0) {
  const left = Date.parse(payBy) - now;
  const text = left > 0 ? `Time left to pay: ${formatCountdown(left)}` : "The time to pay is over.";
  const asks = 1 + Math.floor((-left - EXPIRES_MS) / ASK_AGAIN_MS - share);
  return { text, asks: Math.max(0, asks) };
}

/** The countdown for screen readers: a sentence now and then, because one every second would cover
    everything else. */
export function milestone(status, left) {
  const verb = status === "upcoming" ? "starts" : "ends";
  if (left <= 10_000) return `The sale ${verb} in less than ten seconds.`;
  if (left <= 60_000) return `The sale ${verb} in less than a minute.`;
  if (left <= 600_000) return `The sale ${verb} in less than ten minutes.`;
  return "";
}
