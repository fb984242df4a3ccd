// What a page fetches ahead of the start: each page at a moment of its own, so that neither the start
// nor any moment before it brings all of them at once.

const EARLIEST_MS = 55_000; // before the start; the server gives captchas a minute ahead
const LATEST_MS = 10_000;

/** The moment to fetch, for a page that came at `arrived`; all are in milliseconds of the server's
    clock. `share` (0 to 1) is the page's own: whoever comes in the last minute is spread over what is
    left of it. */
export function fetchAt(start, arrived, share) {
  const from = Math.max(arrived, start - EARLIEST_MS);
  const until = Math.max(from, start - LATEST_MS);
  return from + share * (until - from);
}
