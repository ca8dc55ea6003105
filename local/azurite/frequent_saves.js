"use strict";
// Loaded into Azurite ahead of its own program (see command.py), which keeps what it knows of blobs, messages and
// entities in lokijs databases and writes each to disk every five seconds, a figure fixed in four of its files. A
// SIGKILL would forget whatever was acknowledged since. Here all databases are written in the same turn of the event
// loop, so that they agree with each other, and as often as a fixed share of Azurite's time allows: a lokijs database
// is always written whole, hence the larger it is the longer the pause.

const Loki = require("lokijs");

const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000; // Azurite's own
const SHARE_OF_TIME = 0.02;

const databases = new Set();
let timer = null;

Loki.prototype.autosaveEnable = function () {
  databases.add(this);
  timer ??= setTimeout(saveAll, SHORTEST_PAUSE_MS);
};

Loki.prototype.autosaveDisable = function () {
  databases.delete(this);
};

function saveAll() {
  const started = performance.now();
  for (const database of blobsLast(databases)) {
    if (database.autosaveDirty()) {
      database.saveDatabase(reportFailure);
    }
  }
  const spent = performance.now() - started;
  const pause = Math.min(Math.max(SHORTEST_PAUSE_MS, spent / SHARE_OF_TIME - spent), LONGEST_PAUSE_MS);
  timer = databases.size ? setTimeout(saveAll, pause) : null;
}

// Blobs and messages point at extents: a pointer on disk without its extent would be a blob that cannot be read.
function blobsLast(all) {
  const isExtent = (database) => database.filename.includes("extent");
  return [...all].sort((a, b) => isExtent(b) - isExtent(a));
}

function reportFailure(error) {
  if (error) {
    console.error(`azurite: its metadata could not be written: ${error.message}`);
  }
}
