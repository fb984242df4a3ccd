// Time that passes only when a test says so. The mock timers of node:test would do, but they differ
// between the versions of Node that are supported: Node 18 has no Date among them.
const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  now: Date.now,
};

let now = 0;
let last = 0;
const timers = new Map(); // by id: {at, every (0: once), run}

function start(run, delay, every) {
  last += 1;
  timers.set(last, { at: now + delay, every, run });
  return last;
}

function stop(id) {
  timers.delete(id);
}

/** From here on setTimeout, setInterval, their clears and Date.now are virtual, from 0 on. */
export function stopTime() {
  now = 0;
  timers.clear();
  globalThis.setTimeout = (run, delay = 0, ...words) => start(() => run(...words), delay, 0);
  globalThis.setInterval = (run, delay, ...words) => start(() => run(...words), delay, delay);
  globalThis.clearTimeout = globalThis.clearInterval = stop;
  Date.now = () => now;
}

/** Time is real again; virtual timers never run. */
export function restoreTime() {
  const { now: realNow, ...functions } = real;
  Object.assign(globalThis, functions);
  Date.now = realNow;
}

/** Lets so many virtual milliseconds pass, and runs what is due in them, in the order of time. */
export function tick(milliseconds) {
  const end = now + milliseconds;
  for (;;) {
    const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
    if (due.length === 0) break;
    const [id, timer] = due[0]; // of those due at one time, the one that was started first
    now = timer.at;
    if (timer.every > 0) timer.at += timer.every;
    else timers.delete(id);
    timer.run();
  }
  now = end;
}
