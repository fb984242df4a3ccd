// The samples of a sale as columns, which the charts draw.

/** Kinds of answers by what they mean to the merchant; each group is one band of the chart. */
export const groups = [
  { name: "Sold", kinds: ["sold"] },
  { name: "Sold before, told again", kinds: ["sold-already"] }, // no further unit
  { name: "Pending", kinds: ["pending"] },
  { name: "Sold out", kinds: ["sold-out"] },
  { name: "Busy", kinds: ["busy", "unavailable"] },
  { name: "Refused by a rule", kinds: [] }, // all others
];

function groupOf(kind) {
  const found = groups.findIndex(({ kinds }) => kinds.includes(kind));
  return found < 0 ? groups.length - 1 : found;
}

const columns = ["at", "sold", "queue", "p50", "p95", "p99"];

export class Course {
  /** Begins anew with the server's `history`. */
  constructor(history) {
    for (const name of columns) this[name] = [...history[name]];
    this.rates = groups.map(() => history.at.map(() => 0));
    for (const [kind, counts] of Object.entries(history.answers)) {
      const rates = this.rates[groupOf(kind)];
      counts.forEach((count, i) => (rates[i] += count / history.seconds[i]));
    }
  }

  get length() {
    return this.at.length;
  }

  /** A sample that is not later than the last one is left out: it was sent twice, or the server's
      clock was set back. */
  add(sample) {
    const at = Math.floor(Date.parse(sample.at) / 1000);
    if (this.length > 0 && at <= this.at.at(-1)) return;
    const row = { ...sample, at, sold: sample.units.sold };
    for (const name of columns) this[name].push(row[name]);
    for (const rates of this.rates) rates.push(0);
    for (const [kind, count] of Object.entries(sample.answers)) {
      this.rates[groupOf(kind)][this.length - 1] += count / sample.seconds;
    }
  }

  /** For each group the sum of its rates and those of all groups before it. */
  stacked() {
    const sums = this.at.map(() => 0);
    return this.rates.map((rates) => rates.map((rate, i) => (sums[i] += rate)));
  }
}
