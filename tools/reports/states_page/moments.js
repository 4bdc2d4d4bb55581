// The moments that the slider stands at: every sample of every recording that is shown, in the order of time.
// Samples of one recording may have the same time; the first of each then belong together, and so on.

// Of each moment, its time and the last sample of each recording up to it, or -1.
function momentsOf(recordings) {
  const places = recordings.map(() => -1);
  const found = [];
  for (;;) {
    const next = recordings.map(({ work }, index) => work[places[index] + 1] ?? Infinity);
    const work = Math.min(...next);
    if (work === Infinity) return found;
    next.forEach((time, index) => {
      if (time === work) places[index]++;
    });
    found.push({ work, samples: [...places] });
  }
}
