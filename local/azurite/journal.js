"use strict";
// Loaded into Azurite ahead of its own program (see command.py), which keeps what it knows of blobs, messages and
// entities in lokijs databases, and writes each of them whole every five seconds. A SIGKILL would forget whatever was
// acknowledged since. Here each database has a journal beside it instead: one JSON line for each document that
// changed, written before the answer to the request that changed it. At the next start the journal is replayed over
// the database's last save. The data of blobs and messages need no journal: Azurite writes them to extents first.

const fs = require("fs");
const http = require("http");
const Loki = require("lokijs");
const { replay } = require("./replay");

// A database is saved whole when its journal has outgrown it, and at least this much: each byte is written twice.
const SHORTEST_FULL_JOURNAL = 4 * 1024 * 1024;

class Journal {
  constructor(database) {
    this.database = database;
    this.file = `${database.filename}.journal`;
    this.descriptor = null; // until the first save, as Azurite saves at its start, before it listens
    this.size = 0;
    this.limit = 0;
    this.collections = new Map(); // by name, as the save and the journal have them
  }

  // Start over: the database was just saved.
  begin(savedSize) {
    this.descriptor ??= fs.openSync(this.file, "a", 0o600);
    fs.ftruncateSync(this.descriptor);
    this.size = 0;
    this.limit = Math.max(savedSize, SHORTEST_FULL_JOURNAL);
    this.forgetChanges();
  }

  // Write what changed since the last call. The operating system has it then: the end of this process loses nothing.
  write() {
    const lines = this.descriptor === null ? [] : [...this.changes()];
    if (lines.length === 0) {
      return;
    }
    const content = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    try {
      fs.writeFileSync(this.descriptor, content);
    } catch (problem) {
      fs.ftruncateSync(this.descriptor, this.size); // a part of a line must not be in front of the next ones
      throw problem;
    }
    this.size += content.length;
    this.forgetChanges();
    if (this.size > this.limit) {
      this.limit = Infinity;
      setImmediate(() => this.save());
    }
  }

  *changes() {
    const now = new Map(this.database.collections.map((collection) => [collection.name, collection]));
    for (const name of this.collections.keys()) {
      if (!now.has(name)) {
        yield JSON.stringify({ drop: name });
      }
    }
    for (const [name, collection] of now) {
      if (this.collections.get(name) !== collection) {
        yield JSON.stringify({ collection }, this.database.serializeReplacer);
        continue;
      }
      for (const id of new Set(collection.dirtyIds)) {
        const document = collection.get(id);
        yield JSON.stringify(document ? { in: name, put: document } : { in: name, remove: id });
      }
    }
  }

  forgetChanges() {
    this.collections = new Map(this.database.collections.map((collection) => [collection.name, collection]));
    for (const collection of this.database.collections) {
      collection.dirtyIds = [];
    }
  }

  save() {
    this.database.saveDatabase((problem) => {
      if (problem) {
        this.limit = this.size + SHORTEST_FULL_JOURNAL;
        report(problem);
      }
    });
  }
}

const journals = new Map(); // by the file of the database

// Lokijs calls this for databases on disk only.
Loki.prototype.autosaveEnable = function () {
  this.isIncremental = true; // lokijs then lists the documents that changed in each collection's `dirtyIds`
  journals.set(this.filename, new Journal(this));
};

const loadJSONObject = Loki.prototype.loadJSONObject;
Loki.prototype.loadJSONObject = function (saved, options) {
  const journal = journals.get(this.filename);
  const changed = journal ? replay(journal.file, saved) : [];
  loadJSONObject.call(this, saved, options);
  changed.forEach((name) => this.getCollection(name)?.ensureAllIndexes(true));
};

// In one turn of the event loop with the serialization of the database, so that nothing can change between them.
Loki.LokiFsAdapter.prototype.saveDatabase = function (filename, text, callback) {
  try {
    fs.writeFileSync(`${filename}~`, text);
    fs.renameSync(`${filename}~`, filename);
    journals.get(filename)?.begin(text.length); // a kill before this line does no harm: replaying again changes nothing
  } catch (problem) {
    fs.rmSync(`${filename}~`, { force: true }); // half a database takes the space that the journal needs
    callback(problem);
    return;
  }
  callback(null);
};

// Before the first byte of an answer is sent, what the request changed is written. If that fails, the answer is storage's
// own for a passing failure: clients try again after a 500 with this code, and read another 500 in their own way.
const { write, end } = http.ServerResponse.prototype;
const FAILURE =
  '<?xml version="1.0" encoding="utf-8"?><Error><Code>InternalError</Code>' +
  "<Message>The metadata could not be written to the disk; azurite.log says why.</Message></Error>";

http.ServerResponse.prototype.write = function (...content) {
  return isKept(this) ? write.apply(this, content) : true;
};

http.ServerResponse.prototype.end = function (...content) {
  return isKept(this) ? end.apply(this, content) : this;
};

const refused = new WeakSet();

function isKept(response) {
  if (!response.headersSent && !writeAll()) {
    refused.add(response);
    response.getHeaderNames().forEach((name) => response.removeHeader(name));
    response.statusCode = 500;
    response.statusMessage = "";
    response.setHeader("Content-Type", "application/xml");
    response.setHeader("x-ms-error-code", "InternalError");
    end.call(response, FAILURE);
  }
  return !refused.has(response);
}

// Blobs and messages point at extents: a pointer on disk without its extent would be a blob that cannot be read.
function writeAll() {
  const isExtent = (journal) => journal.file.includes("extent");
  try {
    [...journals.values()].sort((a, b) => isExtent(b) - isExtent(a)).forEach((journal) => journal.write());
    return true;
  } catch (problem) {
    report(problem);
    return false;
  }
}

function report(problem) {
  console.error(`azurite: its metadata could not be written: ${problem.message}`);
}
