// Times in the visitor's own time zone and language.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Shows an RFC 3339 time in a <time> element; the exact text stays in its `datetime`. */
export function showTime(element, rfc3339) {
  element.dateTime = rfc3339;
  element.textContent = format.format(new Date(rfc3339));
}

export function showAllTimes() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    if (element.dateTime) showTime(element, element.dateTime);
  }
}
