// The visitor's session. Asking extends it, and tells the server's time as well, so that a page asks
// once for both.
import { jsonObject, request } from "./request.js";

/** True if the session is open; then `clock` is measured too. Rejects if the server does not say. */
export async function askSession(clock) {
  const sent = performance.now();
  return request("/user/session", { cache: "no-store" }, async (response) => {
    const { type, epoch_ms: time } = await jsonObject(response);
    if (type === "login-required") return false;
    if (!response.ok) throw new TypeError("no answer about the session");
    clock.measured(sent, time, performance.now());
    return true;
  });
}
