// One recording, from its chart down to its numbers.

class Pane {
  constructor(parent, recording, pages, lastWork, isOfTwo, calls) {
    this.recording = recording;
    this.pages = pages;
    this.lastWork = lastWork;
    this.pictureAt = this._picturesOfSamples();
    this.section = node(parent, "section", { "aria-label": recording.name });
    const title = `${recording.name}: ${format(recording.pages)} pages (${format(recording.pages / 256)} MB)`;
    node(this.section, "h2", {}, title);
    this.chart = new Chart(this.section, recording, lastWork, isOfTwo ? 560 : WIDTH, calls.onWork);
    this.happened = node(this.section, "ul", { class: "happened", "aria-label": "What has happened since the sample before" });
    this.chosen = node(this.section, "div", { class: "chosen" });
    this.about = node(this.chosen, "p", { "aria-live": "polite" });
    this.strip = node(this.chosen, "canvas", { class: "strip", role: "img", "aria-label": "This page over time; its changes are in the list" });
    this.changes = node(this.chosen, "details");
    this.map = new PageMap(this.section, recording, pages, this.section.clientWidth - 2, calls.onPage);
    node(this.section, "p", { class: "quiet" }, `A row is ${format(this.map.columns)} pages (${format(this.map.columns * 4)} KB); absolute address 0 is at the top left.`);
    const numbers = node(this.section, "div", { class: "numbers" });
    this.accounting = node(numbers, "table", { class: "accounting" });
    this._whole(numbers);
  }

  // The last picture at or before each sample.
  _picturesOfSamples() {
    let picture = -1;
    return this.recording.work.map((_, sample) => {
      if (this.recording.pictures[picture + 1] === sample) picture++;
      return picture;
    });
  }

  _whole(parent) {
    const details = node(parent, "details");
    node(details, "summary", {}, "all samples as a table");
    const table = node(node(details, "div", { class: "whole" }), "table");
    details.addEventListener("toggle", () => {
      if (!table.rows.length) fillWhole(table, this.recording);
      this._markRow(table);
    });
    this.whole = table;
  }

  _markRow(table) {
    if (!table.tBodies.length) return;
    for (const row of table.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
    const row = table.tBodies[0].rows[this.sample];
    if (row !== undefined) row.setAttribute("aria-current", "true");
  }

  show(sample, work) {
    this.sample = sample;
    this.work = work;
    this.pages.show(sample < 0 ? -1 : this.pictureAt[sample]);
    this.chart.show(work);
    if (sample >= 0) fillAccounting(this.accounting, this.recording, sample);
    this._markRow(this.whole);
    this._happened();
    this.paint();
  }

  _happened() {
    this.happened.replaceChildren();
    if (this.pages.picture < 0) {
      node(this.happened, "li", {}, "The pages were not recorded at this moment.");
      return;
    }
    since(this.recording, this.pages.picture).forEach((count, event) => {
      const item = node(this.happened, "li", { "data-event": DATA.events[event] });
      swatch(item, eventColour(DATA.events[event]));
      item.append(`${HAPPENED[DATA.events[event]]}: ${format(count)}`);
    });
  }

  paint() {
    this.chart.paint();
    this.map.paint();
    this.showPage();
  }

  showPage() {
    const { page } = shown;
    this.chosen.hidden = page >= this.recording.pages || this.pages.picture < 0;
    if (this.chosen.hidden) return;
    const history = this.pages.history(page);
    this.about.textContent = this._describe(page, history[this.pages.picture]);
    paintStrip(this.strip, this.recording, history, this.lastWork, this.work);
    this._listChanges(history);
  }

  _describe(page, { state, key, events }) {
    const bits = [[0x08, "fetch protection"], [0x04, "referenced"], [0x02, "changed"]].filter(([bit]) => key & bit).map(([, words]) => words);
    const parts = [`page ${page.toString(16)} (${(page * 4096).toString(16)}): ${fullName(state)}, ${stateWords(stateName(state))}`];
    parts.push(`key ${key.toString(16).padStart(2, "0")}: ${[`access ${key >> 4}`, ...bits].join(", ")}`);
    const area = this.map.areaOf(page);
    if (area !== undefined) parts.push([area[0], this.recording.symbols[page]].filter(Boolean).join(" "));
    const happened = DATA.events.filter((_, index) => events & (1 << index)).map((each) => HAPPENED[each]);
    if (happened.length) parts.push(`since the sample before: ${happened.join(", ")}`);
    return `${parts.join("; ")}.`;
  }

  _listChanges(history) {
    const found = [];
    history.forEach(({ state, events }, picture) => {
      const before = picture ? history[picture - 1].state : state;
      if (picture && before === state && !events) return;
      const happened = DATA.events.filter((_, index) => events & (1 << index)).map((each) => HAPPENED[each]);
      const work = format(this.recording.work[this.recording.pictures[picture]]);
      found.push(`${work}: ${[fullName(state), ...happened].join(", ")}`);
    });
    const isOpen = this.changes.open;
    this.changes.replaceChildren();
    node(this.changes, "summary", {}, `its changes, as the samples see them: ${format(found.length - 1)}`);
    const list = node(this.changes, "ol");
    for (const text of found) node(list, "li", {}, text);
    this.changes.open = isOpen;
  }
}
