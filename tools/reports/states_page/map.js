// The map: a cell for each page, row by row, in colours of what is asked for; and one page over time.

const LARGEST_CELL = 12;
const MARKED_INSIDE = 8;

// How many cells in a row, a power of two, and how large: as large as fits into the width, not too high.
function layout(pages, width) {
  for (let cell = LARGEST_CELL; cell >= 1; cell--) {
    const columns = 2 ** Math.floor(Math.log2(Math.max(width / cell, 1)));
    const height = Math.ceil(pages / columns) * cell;
    if (height <= (cell > 2 ? 0.6 : 1.05) * width) return { columns, cell };
  }
  return { columns: 2 ** Math.floor(Math.log2(Math.max(width, 1))), cell: 1 };
}

// A colour such as #rrggbb as a pixel in memory.
function pixel(colour) {
  const value = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

class PageMap {
  // onPage: called with the number of a page that was chosen here.
  constructor(parent, recording, pages, width, onPage) {
    this.recording = recording;
    this.pages = pages;
    Object.assign(this, layout(recording.pages, width));
    this.rows = Math.ceil(recording.pages / this.columns);
    this.canvas = document.createElement("canvas");
    this.canvas.className = "map";
    this.canvas.width = this.columns * this.cell;
    this.canvas.height = this.rows * this.cell;
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "map of pages");
    this.canvas.setAttribute("aria-label", `Map of ${format(recording.pages)} pages, ${format(this.columns)} in a row; arrow keys move from page to page`);
    parent.append(this.canvas);
    this.image = this.canvas.getContext("2d").createImageData(this.canvas.width, this.canvas.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.canvas.addEventListener("click", (event) => {
      const box = this.canvas.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left - 1) / this.cell);
      const row = Math.floor((event.clientY - box.top - 1) / this.cell);
      onPage(row * this.columns + Math.min(Math.max(column, 0), this.columns - 1));
    });
    this.canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -8 * this.columns, PageDown: 8 * this.columns };
      const chosen = { Home: 0, End: recording.pages - 1 }[event.key] ?? (event.key in steps ? shown.page + steps[event.key] : null);
      if (chosen === null) return;
      event.preventDefault();
      onPage(chosen);
    });
  }

  areaOf(page) {
    return this.recording.areas.find(([, first, count]) => page >= first && page < first + count);
  }

  // The colour of each page.
  _colours() {
    const { states, keys } = this.pages;
    const found = new Uint32Array(this.recording.pages);
    if (shown.view === "areas") {
      found.fill(pixel(areaColour(-1)));
      const names = areaNames();
      for (const [name, first, count] of this.recording.areas) found.fill(pixel(areaColour(names.indexOf(name))), first, first + count);
      return found;
    }
    const table = new Uint32Array(256);
    for (let value = 0; value < 256; value++) {
      if (shown.view === "states") table[value] = COLOURS.has(stateName(value)) ? pixel(stateColour(stateName(value))) : 0;
      else if (shown.view === "use") table[value] = pixel(useColour(value));
      else table[value] = pixel(accessColour(value >> 4));
    }
    const values = shown.view === "states" ? states : keys;
    for (let page = 0; page < found.length; page++) found[page] = table[values[page]];
    return found;
  }

  // Cells that are large enough have a line between them.
  _fill(page, colour, inset) {
    const left = (page % this.columns) * this.cell + inset;
    const top = Math.floor(page / this.columns) * this.cell + inset;
    const size = this.cell - 2 * inset - (this.cell >= MARKED_INSIDE ? 1 : 0);
    for (let y = top; y < top + size; y++) this.pixels.fill(colour, y * this.canvas.width + left, y * this.canvas.width + left + size);
  }

  paint() {
    this.pixels.fill(0);
    if (this.pages.picture >= 0) {
      const colours = this._colours();
      for (let page = 0; page < colours.length; page++) this._fill(page, colours[page], 0);
      this._marks();
    }
    const context = this.canvas.getContext("2d");
    context.putImageData(this.image, 0, 0);
    this._frame(context);
  }

  // What has happened: the last of several in a small cell, the last two one inside the other in a large one.
  _marks() {
    const wanted = DATA.events.map((name, index) => ({ bit: 1 << index, colour: pixel(eventColour(name)) })).filter(({ bit }) => shown.marks & bit);
    if (!wanted.length) return;
    const { events } = this.pages;
    for (let page = 0; page < events.length; page++) {
      if (!(events[page] & shown.marks)) continue;
      const found = wanted.filter(({ bit }) => events[page] & bit);
      if (this.cell < MARKED_INSIDE) {
        this._fill(page, found[found.length - 1].colour, 0);
        continue;
      }
      // On a ground of its own, since the colour may be near that of the state.
      const inset = Math.floor(this.cell / 5);
      this._fill(page, pixel(ofTheme(["#ffffff", "#17181a"])), inset);
      found.slice(-2).forEach(({ colour }, order) => this._fill(page, colour, inset + 1 + order));
    }
  }

  _frame(context) {
    if (shown.page >= this.recording.pages) return;
    const left = (shown.page % this.columns) * this.cell;
    const top = Math.floor(shown.page / this.columns) * this.cell;
    context.lineWidth = 1;
    for (const [colour, distance] of [["#000", 1.5], ["#fff", 2.5]]) {
      context.strokeStyle = colour;
      context.strokeRect(left - distance, top - distance, this.cell + 2 * distance, this.cell + 2 * distance);
    }
  }
}

// One page over time: its state, and below it what happened to it.
function paintStrip(canvas, recording, history, lastWork, work) {
  const width = (canvas.width = Math.max(canvas.clientWidth, 1));
  const height = (canvas.height = 26);
  const context = canvas.getContext("2d");
  const x = (time) => (time / Math.max(lastWork, 1)) * (width - 2);
  history.forEach(({ state, events }, picture) => {
    const from = Math.floor(x(recording.work[recording.pictures[picture]]));
    const next = recording.pictures[picture + 1];
    const to = next === undefined ? from + 6 : Math.ceil(x(recording.work[next]));
    context.fillStyle = stateColour(stateName(state));
    context.fillRect(from, 0, Math.max(to - from, 1), height - 7);
    DATA.events.forEach((name, index) => {
      if (!(events & (1 << index))) return;
      context.fillStyle = eventColour(name);
      context.fillRect(from - 1, height - 7, 3, 7);
    });
  });
  context.fillStyle = getComputedStyle(document.body).getPropertyValue("--strong");
  context.fillRect(x(work), 0, 2, height);
}
