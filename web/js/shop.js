// On every page: the links that fit the visitor, and times in the visitor's own time zone.
import { visitor } from "./visitor.js";

const kind = visitor() ? "buyer" : "guest";
for (const element of document.querySelectorAll("[data-when]")) {
  element.hidden = element.dataset.when !== kind;
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Shows an RFC 3339 time in a <time> element; the exact text stays in its `datetime`. */
export function showTime(element, rfc3339) {
  element.dateTime = rfc3339;
  element.textContent = format.format(new Date(rfc3339));
}

for (const element of document.querySelectorAll("time[datetime]")) {
  if (element.dateTime) showTime(element, element.dateTime);
}
