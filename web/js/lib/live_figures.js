// The figures of the live view as text: large ones, tables, and a summary for screen readers.
const number = new Intl.NumberFormat();
const decimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const element = (id) => document.getElementById(id);

function setText(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text;
}

/** Microseconds, or null. */
export function waited(us) {
  if (us === null) return "–";
  if (us < 1000) return `${us} µs`;
  if (us < 1_000_000) return `${decimal.format(us / 1000)} ms`;
  return `${decimal.format(us / 1_000_000)} s`;
}

const counted = (value) => (value === null ? "–" : number.format(value));
const rate = (count, seconds) => {
  const perSecond = count / seconds;
  return perSecond < 10 ? decimal.format(perSecond) : number.format(Math.round(perSecond));
};

function row(head, ...cells) {
  const made = document.createElement("tr");
  const th = document.createElement("th");
  th.scope = "row";
  th.textContent = head;
  made.append(th);
  for (const { text, words } of cells) {
    const td = document.createElement("td");
    td.textContent = text;
    if (!words) td.className = "number";
    made.append(td);
  }
  return made;
}

function showValues({ attempts, answers, seconds, queue, p50, p95, p99 }) {
  const rows = [row("Attempts a second", { text: rate(attempts, seconds) })];
  for (const [kind, count] of Object.entries(answers)) {
    const repeat = kind === "sold-already" ? ": a sale told again, no further unit" : "";
    rows.push(row(`Answer “${kind}”${repeat}`, { text: rate(count, seconds) }));
  }
  rows.push(row("Half of the buyers waited at most", { text: waited(p50) }));
  rows.push(row("95 of 100 at most", { text: waited(p95) }));
  rows.push(row("99 of 100 at most", { text: waited(p99) }));
  rows.push(row("In the queue", { text: counted(queue) }));
  element("values").replaceChildren(...rows);
}

function showUnits({ quantity, unleased, leased, leased_unsold: unsold, sold, failed, balanced }) {
  setText("units-unleased", number.format(unleased));
  setText("units-sold", number.format(sold));
  setText("units-failed", number.format(failed));
  element("holders").replaceChildren(
    ...leased.map((lease) =>
      row(
        `Leased to ${lease.validator || "this server"}`,
        { text: lease.state === "fenced" ? "closing" : "selling", words: true },
        { text: number.format(lease.granted) },
        { text: number.format(lease.sold) },
        { text: number.format(lease.unsold) },
      ),
    ),
  );
  element("balance").dataset.tone = balanced ? "success" : "error";
  setText(
    "balance",
    `${number.format(unleased)} unleased + ${number.format(unsold)} leased and unsold + ` +
      `${number.format(sold)} sold = ${number.format(unleased + unsold + sold)}, of ` +
      `${number.format(quantity)} put on sale. ` +
      (balanced
        ? "Every unit is in one place."
        : "These do not sum up: stop the sale and run the audit."),
  );
}

function showStatus({ unleased, leased_unsold: unsold }) {
  const soldOut = unleased === 0 && unsold === 0;
  element("status").dataset.status = soldOut ? "sold_out" : "on";
  setText("status", soldOut ? "Sold out" : "On sale");
}

export function showSample(sample) {
  setText("big-sold", number.format(sample.units.sold));
  setText("big-quantity", number.format(sample.units.quantity));
  setText("big-answers", rate(sample.attempts, sample.seconds));
  setText("big-p99", waited(sample.p99));
  setText("big-queue", counted(sample.queue));
  element("several").hidden = sample.sales_watched < 2;
  showValues(sample);
  showUnits(sample.units);
  showStatus(sample.units);
}

/** For screen readers, now and then. */
export function showSummary({ units, attempts, seconds, p99, queue }) {
  setText(
    "summary",
    `${number.format(units.sold)} of ${number.format(units.quantity)} sold, ` +
      `${rate(attempts, seconds)} answers a second, longest waits ${waited(p99)}, ` +
      `${counted(queue)} in the queue.`,
  );
}

export function showConnection(tone, text) {
  const note = element("connection");
  note.dataset.tone = tone;
  setText("connection", text);
}
