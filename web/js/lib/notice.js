// Shows an answer of the server in a region of the page that a screen reader listens to.
import { words } from "./words.js";

export function showAnswer(region, answer) {
  const { tone, text, links } = words(answer);
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.dataset.tone = tone;
  notice.append(text);
  for (const { href, label } of links) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = label;
    notice.append(" ", link);
  }
  // A screen reader is to hear changes alone.
  if (region.textContent.trim() !== notice.textContent) region.replaceChildren(notice);
}
