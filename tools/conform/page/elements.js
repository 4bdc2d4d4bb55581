// Making elements: a name with classes behind dots, what it has, and what is in it.
"use strict";

function element(kind, attributes, ...children) {
  const [name, ...classes] = kind.split(".");
  const made = document.createElement(name);
  made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function checkTable(checks) {
  const rows = checks.map((check) =>
    element("tr", null,
      element(`td.${check.verdict}`, null, check.verdict),
      element("td", null, check.name,
        check.ways ? element("span.quiet", null, ` ${check.ways.join(", ")}`) : null,
        check.source ? element("div.quiet", null, check.source) : null),
      element("td", null, check.text || "")));
  return element("table.checks", null,
    element("thead", null, element("tr", null,
      element("th", null, "verdict"), element("th", null, "check"), element("th", null, "expected and found"))),
    element("tbody", null, ...rows));
}

function changeTable(changes) {
  const rows = changes.map((change) =>
    element("tr", null,
      element(`td.${change.now}`, null, change.now || "vanished"),
      element("td", null, change.name),
      element("td", null, `before: ${change.before || "not there"}`)));
  return element("table.changes", null, element("tbody", null, ...rows));
}

function coverageTable(matrices) {
  const rows = matrices.map((matrix) =>
    element("tr", null,
      element("td", null, `${(100 * matrix.reached / matrix.expected).toFixed(0)} %`),
      element("td", null, matrix.name, element("div.quiet", null, matrix.axes.join(", "))),
      element("td", null, `${matrix.reached} of ${matrix.expected}`),
      element("td", null, `${matrix.besides || 0}`),
      element("td", null, matrix.gaps ? folded(`${matrix.expected - matrix.reached} not reached`, matrix.gaps.join("\n")) : "")));
  const titles = ["", "matrix", "reached", "besides", "gaps"];
  return element("table.coverage", null,
    element("thead", null, element("tr", null, ...titles.map((title) => element("th", null, title)))),
    element("tbody", null, ...rows));
}

function folded(title, lines) {
  return element("details", null, element("summary", null, title), element("pre", null, lines));
}
