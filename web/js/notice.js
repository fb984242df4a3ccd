// Shows an answer of the server in a notice of the page.
import { words } from "./words.js";

export function showAnswer(notice, answer) {
  const { tone, text, links } = words(answer);
  notice.hidden = false;
  notice.dataset.tone = tone;
  const paragraph = document.createElement("p");
  paragraph.append(text);
  for (const { href, label } of links) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = label;
    paragraph.append(" ", link);
  }
  // A screen reader is to hear changes alone.
  if (notice.textContent !== paragraph.textContent) notice.replaceChildren(paragraph);
}
