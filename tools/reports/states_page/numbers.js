// What the page has, and names and colours of what is shown, and the tables of numbers.

const DATA = JSON.parse(document.getElementById("data").textContent);

const USAGES = { 0x00: "S", 0x04: "U", 0x08: "P", 0x0c: "V" };
const CONTENTS = { 0: "r", 2: "p", 3: "z" };
const WORDS = { S: "stable", U: "unused", P: "potentially volatile", V: "volatile", r: "resident", p: "preserved by the host", z: "logically zero" };
const HAPPENED = { DISCARDED: "discarded", DROPPED: "dropped unused", WRITTEN: "written by the host", READ: "read by the host", FAULT: "discard fault" };
const EVENT_COLOURS = { DISCARDED: ["#d6004d", "#ff5c8d"], DROPPED: ["#00798c", "#2bd4e6"], WRITTEN: ["#e05a00", "#ff9d4d"], READ: ["#6a00f4", "#c8a2ff"], FAULT: ["#000000", "#ffffff"] };
const AREA_COLOURS = [["#1f4e79", "#5aa2e0"], ["#b8860b", "#f0b429"], ["#2e7d32", "#57b85c"], ["#7a3b8f", "#b67fcb"], ["#c2410c", "#ff8a4c"]];
const USES = [["neither", "#dcdcdc", "#3a3a3a"], ["referenced", "#1f4e79", "#5aa2e0"], ["changed", "#d6004d", "#ff5c8d"], ["referenced and changed", "#b8860b", "#f0b429"]];

const dark = matchMedia("(prefers-color-scheme: dark)");
const ofTheme = ([light, night]) => (dark.matches ? night : light);
const COLOURS = new Map(DATA.states.map((state) => [state.name, [state.light, state.dark]]));

const format = (number) => number.toLocaleString("en-US");
const stateName = (state) => USAGES[state & 0x0c] + CONTENTS[state & 0x03];
const fullName = (state) => stateName(state) + (state & 0x20 ? "+NT" : "");
const stateWords = (name) => `${WORDS[name[0]]}, ${WORDS[name[1]]}`;
const stateColour = (name) => ofTheme(COLOURS.get(name));
const eventColour = (name) => ofTheme(EVENT_COLOURS[name]);
const useColour = (key) => ofTheme(USES[((key & 0x04) >> 2) | (key & 0x02)].slice(1));
const areaColour = (index) => (index < 0 ? ofTheme(["#e4e4e7", "#303136"]) : ofTheme(AREA_COLOURS[index % AREA_COLOURS.length]));

// Zero is the ground; the others go round the colours.
function accessColour(access) {
  if (!access) return ofTheme(["#dcdcdc", "#3a3a3a"]);
  const hue = ((access * 7) % 15) * 24;
  const light = ofTheme([0.42, 0.62]);
  const part = (number) => {
    const place = (number + hue / 30) % 12;
    const value = light - 0.8 * Math.min(light, 1 - light) * Math.max(-1, Math.min(place - 3, 9 - place, 1));
    return Math.round(255 * value).toString(16).padStart(2, "0");
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}

const areaNames = () => [...new Set(DATA.recordings.flatMap(({ areas }) => areas.map(([name]) => name)))];

function node(parent, name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  parent.append(made);
  return made;
}

function swatch(parent, colour) {
  node(parent, "span", { class: "swatch", "aria-hidden": "true" }).style.background = colour;
}

// The colours of the map, as they are explained above it.
function legend() {
  if (shown.view === "use") return USES.map(([words, ...colours]) => [words, ofTheme(colours)]);
  if (shown.view === "access") return [...Array(16).keys()].map((access) => [access.toString(16), accessColour(access)]);
  if (shown.view === "areas") return [...areaNames().map((name, index) => [name, areaColour(index)]), ["nothing known", areaColour(-1)]];
  return DATA.states
    .filter(({ name }) => DATA.recordings.some(({ table }) => table[name].some((pages) => pages)))
    .map(({ name }) => [`${name} ${stateWords(name)}`, stateColour(name)]);
}

// The accounting table of one sample, as the cover letter has it.
function fillAccounting(table, recording, sample) {
  table.replaceChildren();
  node(table, "caption", {}, "pages by state");
  const head = node(node(table, "thead"), "tr");
  for (const title of ["", "total", "resident", "preserved", "zero"]) node(head, "th", { scope: "col" }, title);
  const body = node(table, "tbody");
  const sums = [0, 0, 0, 0];
  for (const usage of ["S", "U", "P", "V"]) {
    const cells = ["r", "p", "z"].map((content) => recording.table[usage + content][sample]);
    const row = [cells.reduce((one, other) => one + other, 0), ...cells];
    row.forEach((pages, column) => (sums[column] += pages));
    accountingRow(body, `${usage} ${WORDS[usage]}`, row);
  }
  accountingRow(body, "all", sums);
}

function accountingRow(body, title, numbers) {
  const row = node(body, "tr");
  node(row, "th", { scope: "row" }, title);
  for (const pages of numbers) node(row, "td", {}, format(pages));
}

// How often each event happened between a picture and the one before.
const since = (recording, picture) =>
  recording.counts[picture].map((count, event) => count - (picture ? recording.counts[picture - 1][event] : 0));

// All samples: the text for those who do not see the pictures.
function fillWhole(table, recording) {
  const states = DATA.states.map(({ name }) => name).filter((name) => recording.table[name].some((pages) => pages));
  const pictureOf = new Map(recording.pictures.map((sample, picture) => [sample, picture]));
  node(table, "caption", {}, "pages by state at each sample, and what has happened since the one before");
  const head = node(node(table, "thead"), "tr");
  const titles = ["work", ...states, ...DATA.events.map((name) => HAPPENED[name]), "label"];
  for (const title of titles) node(head, "th", { scope: "col" }, title);
  const body = node(table, "tbody");
  recording.work.forEach((work, sample) => {
    const row = node(body, "tr");
    node(row, "th", { scope: "row" }, format(work));
    for (const name of states) node(row, "td", {}, format(recording.table[name][sample]));
    const picture = pictureOf.get(sample);
    const counts = picture === undefined ? DATA.events.map(() => "") : since(recording, picture).map(format);
    for (const count of counts) node(row, "td", {}, count);
    node(row, "td", { class: "text" }, recording.labels[sample]);
  });
}
