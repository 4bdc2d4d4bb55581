// Which programs are shown: by outcome, by text, and by what has changed.
"use strict";

function searched(program, data) {
  const checks = (program.checks || []).flatMap((check) => [check.name, check.source, check.text]);
  return [program.name, program.group, data.sections[program.group], program.title, program.source, program.reason, ...(program.notes || []), ...checks]
    .filter(Boolean).join("\n").toLowerCase();
}

function isChanged(program, data) {
  return data.other !== null && (program.before !== program.outcome || (program.checksBefore || []).length > 0);
}

function isShown(program, choice) {
  return choice.outcomes.has(program.outcome)
    && (!choice.changed || program.isChanged)
    && choice.words.every((word) => program.text.includes(word));
}
