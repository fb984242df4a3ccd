// Shows what the server says, and whether it can be reached, in regions of the page that a screen
// reader listens to.
import { connectionWords, words } from "./words.js";

export function showAnswer(region, answer) {
  const { tone, text, links } = words(answer);
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.dataset.tone = tone;
  notice.append(text);
  for (const { href, label, button } of links) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = label;
    if (button) link.className = "button";
    notice.append(" ", link);
  }
  // A screen reader is to hear changes alone.
  if (region.textContent.trim() !== notice.textContent) region.replaceChildren(notice);
}

/** Shows the state of the connection (connection.js); nothing while it is fine. */
export function showConnection(region, state) {
  region.textContent = connectionWords(state);
}
