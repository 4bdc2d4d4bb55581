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

function folded(title, lines) {
  return element("details", null, element("summary", null, title), element("pre", null, lines));
}
