// Times in the visitor's own time zone and language.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** "14:05" of an RFC 3339 time; with its day, if that is not the day of `now`. */
export function timeOfDay(rfc3339, now = new Date()) {
  const time = new Date(rfc3339);
  return day.format(time) === day.format(now) ? hour.format(time) : `${day.format(time)}, ${hour.format(time)}`;
}

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
