import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 120_000;
const POLL_MS = 25;

/** Runs `check` until it no longer throws and answers with what it returned; throws what it threw
    last once `patience` (milliseconds) is over. */
export async function eventually(check, patience = PATIENCE_MS) {
  const deadline = performance.now() + patience;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(POLL_MS);
  }
}
