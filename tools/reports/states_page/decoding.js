"use strict";
// The pages of one recording, which come as what differs from picture to picture.

async function inflate(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return (await new Response(stream).arrayBuffer());
}

// Runs of pages with equal values: the first page and the length of each, and the two bytes of its value.
function readRuns(buffer, offset) {
  const count = new DataView(buffer).getUint32(offset, true);
  const column = (number) => new Uint32Array(buffer.slice(offset + 4 + 4 * count * number, offset + 4 + 4 * count * (number + 1)));
  const skips = column(0);
  const lengths = column(1);
  const firsts = new Uint32Array(count);
  let page = 0;
  for (let run = 0; run < count; run++) {
    firsts[run] = page + skips[run];
    page = firsts[run] + lengths[run];
  }
  const bytes = offset + 4 + 8 * count;
  return {
    count, firsts, lengths,
    low: new Uint8Array(buffer, bytes, count),
    high: new Uint8Array(buffer, bytes + count, count),
    end: bytes + 2 * count,
  };
}

// The run that a page is in, or -1.
function runOf(runs, page) {
  let low = 0;
  let high = runs.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs.firsts[middle] <= page) low = middle + 1;
    else high = middle;
  }
  const run = low - 1;
  return run >= 0 && page < runs.firsts[run] + runs.lengths[run] ? run : -1;
}

// A whole picture is kept of one in so many.
const KEPT = 32;

class Pages {
  constructor(recording, buffer) {
    this.states = new Uint8Array(recording.pages);
    this.keys = new Uint8Array(recording.pages);
    this.events = new Uint8Array(recording.pages);
    this.pictures = [];
    for (let offset = 0; offset < buffer.byteLength; ) {
      const changes = readRuns(buffer, offset);
      const events = readRuns(buffer, changes.end);
      this.pictures.push({ changes, events });
      offset = events.end;
    }
    this.kept = new Map();
    this.picture = -1;
  }

  // Have states, keys and events be those of a picture; before the first one there is nothing to be seen.
  show(picture) {
    if (picture === this.picture) return;
    if (picture < this.picture) this._goBack(picture);
    while (this.picture < picture) this._goOn();
    this.events.fill(0);
    if (picture < 0) return;
    const { events } = this.pictures[picture];
    for (let run = 0; run < events.count; run++) {
      this.events.fill(events.low[run], events.firsts[run], events.firsts[run] + events.lengths[run]);
    }
  }

  _goBack(picture) {
    const place = Math.floor(picture / KEPT) * KEPT;
    const kept = this.kept.get(place);
    if (kept === undefined) {
      this.states.fill(0);
      this.keys.fill(0);
      this.picture = -1;
    } else {
      this.states.set(kept.states);
      this.keys.set(kept.keys);
      this.picture = place;
    }
  }

  _goOn() {
    this.picture++;
    const { changes } = this.pictures[this.picture];
    for (let run = 0; run < changes.count; run++) {
      const first = changes.firsts[run];
      const end = first + changes.lengths[run];
      this.states.fill(changes.low[run], first, end);
      this.keys.fill(changes.high[run], first, end);
    }
    if (this.picture % KEPT === 0 && !this.kept.has(this.picture)) {
      this.kept.set(this.picture, { states: this.states.slice(), keys: this.keys.slice() });
    }
  }

  // State, key and events of one page in each picture.
  history(page) {
    let state = 0;
    let key = 0;
    return this.pictures.map(({ changes, events }) => {
      const changed = runOf(changes, page);
      if (changed >= 0) {
        state = changes.low[changed];
        key = changes.high[changed];
      }
      const happened = runOf(events, page);
      return { state, key, events: happened >= 0 ? events.low[happened] : 0 };
    });
  }
}
