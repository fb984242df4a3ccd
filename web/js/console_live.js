// The live view of a sale: charts and figures that follow the server's events.
import { LiveCharts } from "./lib/live_charts.js";
import { Course } from "./lib/live_course.js";
import { showConnection, showSample, showSummary } from "./lib/live_figures.js";

const SILENCE_MS = 5_000; // samples come each second
const AGAIN_MS = 3_000;
const SUMMARY_MS = 10_000;
/** With more points than this, the page asks the server for the history again, which is shorter. */
const MOST_POINTS = 2_400;

const { events } = document.getElementById("live").dataset;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
let source;
let course;
let last; // the last sample
let heardAt; // when it came, by this page's clock
const charts = new LiveCharts(() => last?.units.quantity ?? 1);

function hear(sample) {
  last = sample;
  heardAt = Date.now();
  course.add(sample);
  charts.show(course);
  showSample(sample);
  showConnection("success", "Live: new figures each second.");
  if (course.length > MOST_POINTS) connect();
}

function over() {
  source.close();
  heardAt = undefined;
  document.getElementById("status").dataset.status = "ended";
  document.getElementById("status").textContent = "Ended";
  showConnection("working", "The sale is over. Its report has all of it.");
}

/** After a lost connection the browser connects again by itself, but not after an answer that is no
    event stream: then the page does. */
async function failed() {
  heardAt ??= Date.now();
  const since = clock.format(heardAt);
  showConnection("error", `Connection lost. These figures are of ${since}; trying again…`);
  if (source.readyState !== EventSource.CLOSED) return;
  const answer = await fetch(events, { method: "HEAD" }).catch(() => undefined);
  if (answer?.status === 401) {
    heardAt = undefined;
    showConnection("error", `You are logged out. These figures are of ${since}: load the page again.`);
    return;
  }
  setTimeout(connect, AGAIN_MS);
}

function connect() {
  source?.close();
  source = new EventSource(events);
  source.addEventListener("open", () => {
    if (!last) showConnection("working", "Connected. Figures come once the sale is on.");
  });
  source.addEventListener("history", ({ data }) => {
    course = new Course(JSON.parse(data));
    charts.show(course);
  });
  source.addEventListener("sample", ({ data }) => hear(JSON.parse(data)));
  source.addEventListener("over", over);
  source.addEventListener("error", failed);
}

setInterval(() => {
  if (heardAt && source.readyState === EventSource.OPEN && Date.now() - heardAt > SILENCE_MS) {
    showConnection("error", `No figures since ${clock.format(heardAt)}: the server has none to tell.`);
  }
}, 1_000);
setInterval(() => last && showSummary(last), SUMMARY_MS);
connect();
