// Of several tabs, one asks and the others follow.
import { wait } from "./wait.js";

const SEEN_MS = 250; // until a tab sees what another one has stored, on a busy machine too

/** Runs `work(waited)` while no other tab runs any under this name. If one does, `onWait` is called,
    and `work` comes when that one is done, or gone. Browsers give no locks to a page without TLS:
    there every tab asks, each by the one key that it read when it began, and stops once another tab
    has had the answer to it (purchase.js): that is as safe. */
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
