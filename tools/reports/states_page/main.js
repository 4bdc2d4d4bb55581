// What is chosen, and the controls.

const shown = { moment: 0, page: 0, view: "states", marks: 0 };
const byId = (name) => document.getElementById(name);
let panes = [];
let moments = [];
const decoded = new Map();
let playing = null;
let asked = 0;
let width = 0;

function showMoment(moment) {
  shown.moment = Math.min(Math.max(moment, 0), moments.length - 1);
  const { work, samples } = moments[shown.moment];
  panes.forEach((pane, index) => pane.show(samples[index], work));
  const labels = panes.map(({ recording }, index) => recording.labels[samples[index]]).filter(Boolean);
  const text = `sample ${format(shown.moment + 1)} of ${format(moments.length)}: ${format(work)} units of work${labels.length ? `, ${[...new Set(labels)].join(", ")}` : ""}`;
  byId("moment").value = shown.moment;
  byId("moment").setAttribute("aria-valuetext", text);
  byId("when").textContent = text;
}

function showPage(page) {
  const most = Math.max(...panes.map(({ recording }) => recording.pages));
  shown.page = Math.min(Math.max(page, 0), most - 1);
  byId("page").value = shown.page.toString(16);
  for (const pane of panes) {
    pane.map.paint();
    pane.showPage();
  }
}

function showLegend() {
  byId("legend").replaceChildren();
  for (const [words, colour] of legend()) {
    const item = node(byId("legend"), "li");
    swatch(item, colour);
    item.append(words);
  }
}

function repaint() {
  showLegend();
  for (const item of byId("marks").querySelectorAll("label")) item.querySelector(".swatch").style.background = eventColour(item.dataset.event);
  for (const pane of panes) {
    pane.paint();
    pane._happened();
  }
}

// The pages of a recording, decoded when it is shown first.
async function pagesOf(index) {
  const recording = DATA.recordings[index];
  if (!decoded.has(index)) decoded.set(index, new Pages(recording, await inflate(recording.runs)));
  return decoded.get(index);
}

async function makePanes() {
  const chosen = [byId("left").value, byId("right").value].filter((value) => value !== "").map(Number);
  const recordings = chosen.map((index) => DATA.recordings[index]);
  const number = ++asked;
  const pages = await Promise.all(chosen.map(pagesOf));
  // Something else has been chosen meanwhile.
  if (number !== asked) return;
  const lastWork = Math.max(...recordings.map(({ work }) => work[work.length - 1] ?? 0));
  const work = moments.length ? moments[shown.moment].work : -1;
  moments = momentsOf(recordings);
  byId("panes").replaceChildren();
  byId("panes").classList.toggle("two", chosen.length > 1);
  const calls = { onPage: showPage, onWork: (time) => showMoment(moments.findLastIndex((moment) => moment.work <= time)) };
  panes = recordings.map((recording, place) => new Pane(byId("panes"), recording, pages[place], lastWork, chosen.length > 1, calls));
  byId("moment").max = moments.length - 1;
  showMoment(work < 0 ? 0 : moments.findLastIndex((moment) => moment.work <= work));
  showPage(shown.page);
  width = innerWidth;
  document.body.dataset.ready = "true";
}

function chooseRecordings() {
  for (const id of ["left", "right"]) {
    DATA.recordings.forEach(({ name }, index) => node(byId(id), "option", { value: index }, name));
    byId(id).addEventListener("change", makePanes);
  }
  node(byId("right"), "option", { value: "" }, "nothing");
  byId("left").value = "0";
  byId("right").value = DATA.recordings.length > 1 ? "1" : "";
  for (const label of document.querySelectorAll(".of-two")) label.hidden = DATA.recordings.length < 2;
}

function chooseMarks() {
  DATA.events.forEach((name, index) => {
    const label = node(byId("marks"), "label", { "data-event": name });
    const box = node(label, "input", { type: "checkbox", value: 1 << index });
    box.checked = name === "DISCARDED" || name === "FAULT";
    swatch(label, eventColour(name));
    label.append(HAPPENED[name]);
    if (box.checked) shown.marks |= 1 << index;
    box.addEventListener("change", () => {
      shown.marks ^= 1 << index;
      for (const pane of panes) pane.map.paint();
    });
  });
}

function play() {
  if (playing !== null) {
    clearInterval(playing);
    playing = null;
  } else {
    if (shown.moment === moments.length - 1) showMoment(0);
    playing = setInterval(() => {
      showMoment(shown.moment + 1);
      if (shown.moment === moments.length - 1) play();
    }, 200);
  }
  byId("play").setAttribute("aria-pressed", String(playing !== null));
  byId("play").textContent = playing === null ? "play" : "stop";
}

function begin() {
  chooseRecordings();
  chooseMarks();
  if (!areaNames().length) byId("view").querySelector("[value=areas]").remove();
  byId("moment").addEventListener("input", () => showMoment(Number(byId("moment").value)));
  byId("back").addEventListener("click", () => showMoment(shown.moment - 1));
  byId("on").addEventListener("click", () => showMoment(shown.moment + 1));
  byId("play").addEventListener("click", play);
  byId("view").addEventListener("change", () => {
    shown.view = byId("view").value;
    repaint();
  });
  byId("page").addEventListener("change", () => {
    const page = parseInt(byId("page").value, 16);
    showPage(Number.isNaN(page) ? shown.page : page);
  });
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  dark.addEventListener("change", repaint);
  addEventListener("resize", () => {
    if (innerWidth !== width) makePanes();
  });
  showLegend();
  makePanes();
}

begin();
