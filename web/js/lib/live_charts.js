// The charts of the live view. Each line has its own dashes and each band its own pattern, so that
// none is told by its colour alone.
import uPlot from "uplot";
import { groups } from "./live_course.js";

const dashes = [[], [10, 5], [2, 4], [12, 4, 2, 4], [6, 6]];
const latencies = ["p50", "p95", "p99"];
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const short = new Intl.NumberFormat(undefined, { notation: "compact" });

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** One tile of the pattern of band `i`: plain, upright bars, rising lines, falling lines, dots,
    bars. */
function patternTile(i, ink, ground) {
  const tile = new OffscreenCanvas(12, 12);
  const context = tile.getContext("2d");
  context.fillStyle = ink;
  context.fillRect(0, 0, 12, 12);
  context.fillStyle = context.strokeStyle = ground;
  context.lineWidth = 2;
  const lines = [
    [],
    [[6, 0, 6, 12]],
    [[0, 12, 12, 0], [-3, 3, 3, -3], [9, 15, 15, 9]],
    [[0, 0, 12, 12], [-3, 9, 3, 15], [9, -3, 15, 3]],
    [],
    [[0, 6, 12, 6]],
  ][i];
  for (const [x1, y1, x2, y2] of lines) {
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
    context.stroke();
  }
  if (i === 4) context.fillRect(4, 4, 4, 4);
  return tile;
}

const bandColour = (i) => colour(`--band-${i + 1}`);
const lineColour = (i) => colour(`--line-${i + 1}`);

function bandPattern(context, i) {
  return context.createPattern(patternTile(i, bandColour(i), colour("--surface")), "repeat");
}

const amounts = (_, all) => all.map((amount) => short.format(amount));
const times = (_, all) => all.map((seconds) => clock.format(seconds * 1000));

/** Ticks of counts: whole, 1, 2, 5, 10 ... */
const wholeSteps = Array.from({ length: 30 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

function axes(whole) {
  const ink = colour("--ink");
  const font = `16px ${getComputedStyle(document.body).fontFamily}`;
  const grid = { stroke: colour("--line"), width: 1 };
  const common = { stroke: ink, font, grid, ticks: grid };
  const steps = whole ? { incrs: wholeSteps } : {};
  return [
    { ...common, space: 130, size: 40, values: times },
    { ...common, size: 72, values: amounts, ...steps },
  ];
}

function line(label, i) {
  return { label, stroke: lineColour(i), width: 3, dash: dashes[i], points: { show: false } };
}

function band(label, i) {
  return {
    label,
    stroke: bandColour(i),
    width: 2,
    fill: (plot) => bandPattern(plot.ctx, i),
    points: { show: false },
  };
}

/** What a line or band looks like, for the legend. */
function swatch(i, filled) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [36, 16];
  const context = canvas.getContext("2d");
  if (filled) {
    context.fillStyle = bandPattern(context, i);
    context.fillRect(0, 0, 36, 16);
    return canvas;
  }
  context.strokeStyle = lineColour(i);
  context.lineWidth = 3;
  context.setLineDash(dashes[i]);
  context.beginPath();
  context.moveTo(0, 8);
  context.lineTo(36, 8);
  context.stroke();
  return canvas;
}

function legend(names, filled) {
  const list = document.createElement("ul");
  list.className = "legend";
  names.forEach((name, i) => {
    const item = document.createElement("li");
    item.append(swatch(i, filled), ` ${name}`);
    list.append(item);
  });
  return list;
}

/** Counts begin at 0 and have some room above. */
const fromZero = { range: (_, _min, max) => [0, Math.max(1, max ?? 1) * 1.05] };

class Chart {
  constructor(id, { series, names, filled, whole = true, top, data }) {
    this.place = document.getElementById(id);
    this.data = data;
    const scales = { y: top ? { range: () => [0, Math.max(1, top()) * 1.02] } : fromZero };
    this.place.replaceChildren();
    if (names.length > 1) this.place.append(legend(names, filled));
    this.box = document.createElement("div");
    this.box.className = "plot-box";
    this.place.append(this.box);
    this.plot = new uPlot(
      {
        ...this.size(),
        series: [{}, ...series],
        scales,
        axes: axes(whole),
        padding: [12, 40, 0, 0], // on the right, room for half of the last label
        legend: { show: false },
        cursor: { show: false },
      },
      [[], ...series.map(() => [])],
      this.box,
    );
    this.watcher = new ResizeObserver(() => this.plot.setSize(this.size()));
    this.watcher.observe(this.box);
  }

  size() {
    return { width: this.box.clientWidth, height: this.box.clientHeight };
  }

  show(course) {
    this.plot.setData([course.at, ...this.data(course)]);
  }

  remove() {
    this.watcher.disconnect();
    this.plot.destroy();
  }
}

const milliseconds = (all) => all.map((us) => (us === null ? null : us / 1000));

/** All charts; `total` tells how many units there are to sell. */
export class LiveCharts {
  constructor(total) {
    this.total = total;
    this.draw();
    // The charts read their colours when they are drawn, and another colour scheme has others.
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.draw();
      if (this.course) this.show(this.course);
    });
  }

  draw() {
    for (const chart of this.charts ?? []) chart.remove();
    // The topmost band is drawn first, because each band is filled down to 0 and the next covers it.
    const bands = groups.map(({ name }, i) => band(name, i)).reverse();
    this.charts = [
      new Chart("chart-sold", {
        series: [line("Sold", 0)],
        names: ["Sold"],
        top: this.total,
        data: (course) => [course.sold],
      }),
      new Chart("chart-answers", {
        series: bands,
        names: groups.map(({ name }) => name),
        filled: true,
        data: (course) => course.stacked().reverse(),
      }),
      new Chart("chart-latency", {
        series: latencies.map(line),
        names: ["half wait at most (p50)", "95 of 100 (p95)", "99 of 100 (p99)"],
        whole: false,
        data: (course) => latencies.map((name) => milliseconds(course[name])),
      }),
      new Chart("chart-queue", {
        series: [line("In the queue", 0)],
        names: ["In the queue"],
        data: (course) => [course.queue],
      }),
    ];
  }

  show(course) {
    this.course = course;
    for (const chart of this.charts) chart.show(course);
  }
}
