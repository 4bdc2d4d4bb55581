// The page: its sections with their programs, laid out once; the filter hides and shows them.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const wordOf = Object.fromEntries(data.outcomes.map((outcome) => [outcome.name, outcome.word]));
const rows = [];

function lead() {
  const counted = (totals) => data.outcomes.filter((outcome) => totals[outcome.name])
    .map((outcome) => `${totals[outcome.name]} ${outcome.name}`).join(", ");
  const parts = [`On ${data.machine}: ${counted(data.totals) || "nothing was run"}.`];
  const bases = Object.entries(data.bases).map(([basis, [passed, all]]) => `${passed} of ${all} ${basis}`);
  if (bases.length) parts.push(`Passed: ${bases.join(", ")}.`);
  if (data.seconds) parts.push(`In ${data.seconds.toFixed(1)} s.`);
  if (data.notRun.length) parts.push(`Interrupted; not run: ${data.notRun.join(", ")}.`);
  if (data.other) parts.push(`The other report, on ${data.other.machine}: ${counted(data.other.totals)}.`);
  if (data.vanished.length) parts.push(`Only in the other report: ${data.vanished.join(", ")}.`);
  document.getElementById("lead").textContent = parts.join(" ");
}

function effort(program) {
  const parts = [];
  if (program.seconds) parts.push(`${program.seconds.toFixed(2)} s`);
  if (program.instructions) parts.push(`${program.instructions.toLocaleString("en")} instructions`);
  return parts.join(", ");
}

function body(program) {
  const paragraph = (kind, text) => (text ? element(`p.${kind}`, null, text) : null);
  const basis = program.basis ? ` (${program.basis})` : "";
  return element("div.body", null,
    paragraph("rule", program.title),
    paragraph("source.quiet", program.source ? `${program.source}${basis}` : ""),
    paragraph("reason", program.reason),
    ...(program.notes || []).map((note) => paragraph("note", note)),
    (program.checksBefore || []).length ? changeTable(program.checksBefore) : null,
    (program.checks || []).length ? checkTable(program.checks) : null,
    program.steps ? element("pre.steps", null, program.steps.join("\n")) : null,
    program.console ? folded("console", program.console) : null);
}

function row(program) {
  const before = program.before && program.before !== program.outcome ? ` before: ${program.before}` : "";
  const made = element("details.program", { id: `program-${program.name}` },
    element("summary", null,
      element(`span.word.${program.outcome}`, null, wordOf[program.outcome]),
      element("span.name", null, program.name),
      element("span.title", null, program.title || program.reason || ""),
      element("span.quiet", null, effort(program) + before)));
  // What is inside is made when somebody looks.
  made.addEventListener("toggle", () => { if (made.open && made.children.length === 1) made.append(body(program)); });
  program.text = searched(program, data);
  program.isChanged = isChanged(program, data);
  rows.push({ program, made });
  return made;
}

function sections() {
  const groups = new Map();
  for (const program of data.programs) groups.set(program.group, [...(groups.get(program.group) || []), program]);
  for (const [name, programs] of groups) {
    const passed = programs.filter((program) => program.outcome === "passed").length;
    const title = data.sections[name];
    document.getElementById("sections").append(
      element("section", { "aria-label": title || name },
        element("h2", null, `${title || name} `,
          element("span.quiet", null, `${title ? `${name}: ` : ""}${passed} of ${programs.length} passed`)),
        ...programs.map(row)));
  }
}

function coverage() {
  if (!data.coverage.length) return;
  document.getElementById("coverage").append(
    element("h2", null, "What of the architecture was exercised"), coverageTable(data.coverage));
}

function choices() {
  const present = data.outcomes.filter((outcome) => data.programs.some((program) => program.outcome === outcome.name));
  for (const outcome of present) {
    document.getElementById("outcomes").append(
      element("label", null, element("input", { type: "checkbox", name: outcome.name, checked: true }), ` ${outcome.name}`));
  }
  document.getElementById("changed-label").hidden = data.other === null;
}

function apply() {
  const boxes = [...document.querySelectorAll("#outcomes input")];
  const choice = {
    outcomes: new Set(boxes.filter((box) => box.checked).map((box) => box.name)),
    changed: document.getElementById("changed").checked,
    words: document.getElementById("text").value.toLowerCase().split(/\s+/).filter(Boolean),
  };
  let count = 0;
  for (const { program, made } of rows) {
    made.hidden = !isShown(program, choice);
    count += made.hidden ? 0 : 1;
  }
  for (const section of document.querySelectorAll("#sections > section")) {
    section.hidden = !section.querySelector("details.program:not([hidden])");
  }
  document.getElementById("shown").textContent = `${count} of ${rows.length}`;
}

lead();
coverage();
choices();
sections();
apply();
document.getElementById("filter").addEventListener("input", apply);
document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());
if (location.hash) {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted) wanted.open = true;
}
