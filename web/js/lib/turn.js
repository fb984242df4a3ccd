// Of several tabs with one intent, one sends the request and the others follow its outcome.
import { wait } from "./wait.js";

const SEEN_MS = 250; // after this, a tab sees what another tab has stored, also on a busy machine

/** Runs `work(waited)` while no other tab runs any under this name. If one does, calls `onWait`, and
    runs `work` when that tab has finished or was closed. Browsers give no locks to a page without
    TLS: there every tab sends the request, each with the key that it read at its start, and stops
    once another tab has the answer to that key (purchase.js). One key is one intent, so this is as
    safe. */
export async function inTurn(name, onWait, work) {
  if (!navigator.locks) return work(false);
  const done = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work(false);
    return lock !== null;
  });
  if (done) return undefined;
  onWait();
  return navigator.locks.request(name, async () => {
    await wait(SEEN_MS);
    return work(true);
  });
}
