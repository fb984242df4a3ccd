// The user who logged in last in this browser, by the cookie `uid`. The page uses it as a hint only:
// the server trusts nothing but the sealed cookie.
export function visitor() {
  const match = /(?:^|;\s*)uid=(\d+)(?:;|$)/.exec(document.cookie);
  return match ? match[1] : null;
}
