/** Resolves after so many milliseconds. */
export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A random time between the two, so that not all pages ask at the same moment. */
export const between = (low, high) => low + Math.random() * (high - low);

const BACK_MS = 500; // a network that comes back brings many pages at once

/** Calls `run` after so many milliseconds, or soon after the browser is online again, whichever is
    first. Answers with a function that cancels it. */
export function laterOrOnline(milliseconds, run) {
  let timer = 0;
  const cancel = () => {
    clearTimeout(timer);
    globalThis.removeEventListener?.("online", hurry);
  };
  const due = () => {
    cancel();
    run();
  };
  const hurry = () => {
    cancel();
    timer = setTimeout(due, between(0, BACK_MS));
  };
  timer = setTimeout(due, milliseconds);
  globalThis.addEventListener?.("online", hurry);
  return cancel;
}

/** Resolves likewise. */
export const waitOrOnline = (milliseconds) =>
  new Promise((done) => laterOrOnline(milliseconds, done));

/** Milliseconds until the next of several tries, after so many failures in a row: 1 s at first, then
    up to twice as long each time, to 16 s. */
export const backoff = (failures) => between(1000, 1000 * 2 ** Math.min(failures, 4));
