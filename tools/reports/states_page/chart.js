// Pages by state over time, stacked.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 960;
const HEIGHT = 300;
const EDGE = { left: 74, right: 14, top: 12, bottom: 44 };

function element(parent, name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  parent.append(made);
  return made;
}

// About so many round numbers from zero up to the highest.
function ticks(highest, wanted) {
  const raw = Math.max(highest, 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw);
  const found = [];
  for (let value = 0; value <= highest; value += step) found.push(value);
  return found;
}

class Chart {
  // lastWork: where the axis of time ends.  onMoment: called with the time that was clicked.
  constructor(parent, recording, lastWork, width, onMoment) {
    this.recording = recording;
    this.lastWork = Math.max(lastWork, 1);
    this.width = width;
    this.svg = element(parent, "svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
    this.svg.setAttribute("aria-label", this._summary());
    this.bands = [];
    this._axes();
    this._areas();
    this._labels();
    this.now = element(this.svg, "line", { class: "now", y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
    this.svg.addEventListener("click", (event) => {
      const box = this.svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * this.width;
      onMoment(((x - EDGE.left) / (this.width - EDGE.left - EDGE.right)) * this.lastWork);
    });
  }

  x(work) {
    return EDGE.left + (work / this.lastWork) * (this.width - EDGE.left - EDGE.right);
  }

  y(pages) {
    return HEIGHT - EDGE.bottom - (pages / this.recording.pages) * (HEIGHT - EDGE.top - EDGE.bottom);
  }

  _summary() {
    const { work, table } = this.recording;
    const last = work.length - 1;
    const parts = DATA.states.map(({ name }) => [name, table[name][0], table[name][last]]).filter(([, first, end]) => first || end);
    const text = parts.map(([name, first, end]) => `${name} ${format(first)} to ${format(end)}`).join(", ");
    return `Pages by state over virtual time, from the first to the last of ${work.length} samples: ${text}. All numbers are in the table below.`;
  }

  _axes() {
    for (const pages of ticks(this.recording.pages, 4)) {
      element(this.svg, "line", { class: "grid", x1: EDGE.left, x2: this.width - EDGE.right, y1: this.y(pages), y2: this.y(pages) });
      element(this.svg, "text", { x: EDGE.left - 6, y: this.y(pages) + 4, "text-anchor": "end" }, format(pages));
    }
    for (const work of ticks(this.lastWork / 1e6, this.width / 120)) {
      element(this.svg, "text", { x: this.x(work * 1e6), y: HEIGHT - EDGE.bottom + 16, "text-anchor": "middle" }, format(work));
    }
    const middle = (EDGE.left + this.width - EDGE.right) / 2;
    element(this.svg, "text", { x: middle, y: HEIGHT - 8, "text-anchor": "middle" }, "virtual time, millions of units of work");
    element(this.svg, "text", { x: 12, y: HEIGHT / 2 - 16, "text-anchor": "middle", transform: `rotate(-90 12 ${HEIGHT / 2 - 16})` }, "pages");
  }

  _areas() {
    const { work, table } = this.recording;
    let below = work.map(() => 0);
    for (const { name } of DATA.states) {
      if (!table[name].some((pages) => pages)) continue;
      const above = below.map((pages, sample) => pages + table[name][sample]);
      const point = (values) => (time, sample) => `${this.x(time).toFixed(1)},${this.y(values[sample]).toFixed(1)}`;
      const outline = [...work.map(point(above)), ...work.map(point(below)).reverse()];
      const band = element(this.svg, "polygon", { points: outline.join(" "), "data-state": name });
      element(band, "title", {}, `${name}: ${stateWords(name)}`);
      this.bands.push(band);
      below = above;
    }
  }

  _labels() {
    const { work, labels } = this.recording;
    labels.forEach((label, sample) => {
      if (!label) return;
      const x = this.x(work[sample]);
      element(this.svg, "line", { class: "label-line", x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
      element(this.svg, "text", { x: x - 4, y: EDGE.top + 4, "text-anchor": "end", transform: `rotate(-90 ${x - 4} ${EDGE.top + 4})` }, label);
    });
  }

  paint() {
    for (const band of this.bands) band.setAttribute("fill", stateColour(band.dataset.state));
  }

  show(work) {
    this.now.setAttribute("x1", this.x(work));
    this.now.setAttribute("x2", this.x(work));
  }
}
