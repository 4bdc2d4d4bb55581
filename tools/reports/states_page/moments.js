// The moments that the slider stands at: every sample of every recording that is shown, in the order of time.
// Samples of one recording may have the same time; the first of each then belong together, and so on.

function occurrences(recording) {
  let count = 0;
  return recording.work.map((work, sample) => {
    count = sample && recording.work[sample - 1] === work ? count + 1 : 0;
    return { work, count };
  });
}

const isBefore = (one, other) => one.work < other.work || (one.work === other.work && one.count < other.count);

// Of each moment, its time and the last sample of each recording up to it, or -1.
function momentsOf(recordings) {
  const all = recordings.map(occurrences);
  const places = all.map(() => -1);
  const found = [];
  for (;;) {
    let next = null;
    all.forEach((samples, index) => {
      const sample = samples[places[index] + 1];
      if (sample !== undefined && (next === null || isBefore(sample, next))) next = sample;
    });
    if (next === null) return found;
    all.forEach((samples, index) => {
      const sample = samples[places[index] + 1];
      if (sample !== undefined && !isBefore(next, sample)) places[index]++;
    });
    found.push({ work: next.work, samples: [...places] });
  }
}
