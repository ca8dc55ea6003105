"use strict";
// Brings a saved lokijs database up to date with its journal (see journal.js). A line of the journal is one of
// {"drop": <name>}, {"collection": <a whole one>}, {"in": <name>, "put": <document>}, {"in": <name>, "remove": <id>}.

const fs = require("fs");

// Change the parsed database `saved` as the journal says; return the names of the collections whose indexes are stale.
// The journal may be older than `saved`, whose changes it then only repeats: its last word on a document is the same.
function replay(file, saved) {
  const collections = new Map((saved.collections ?? []).map((collection) => [collection.name, collection]));
  const documents = new Map(); // of the collections that change: by name, then by id
  for (const line of readLines(file)) {
    const name = line.drop ?? line.collection?.name ?? line.in;
    if (line.in === undefined) {
      documents.delete(name);
      line.collection ? collections.set(name, line.collection) : collections.delete(name);
    } else if (collections.has(name)) {
      // A collection that was dropped later is not in a newer save.
      if (!documents.has(name)) {
        documents.set(name, new Map(collections.get(name).data.map((document) => [document.$loki, document])));
      }
      change(collections.get(name), documents.get(name), line);
    }
  }
  for (const [name, those] of documents) {
    collections.get(name).data = [...those.values()].sort((a, b) => a.$loki - b.$loki); // as lokijs looks ids up
  }
  saved.collections = [...collections.values()];
  return [...documents.keys()];
}

function change(collection, documents, { put, remove }) {
  const id = put ? put.$loki : remove;
  put ? documents.set(id, put) : documents.delete(id);
  collection.maxId = Math.max(collection.maxId, id);
}

// A kill in the middle of a write leaves a last line without its end; nobody was told that it is kept.
function* readLines(file) {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : [""];
  lines.pop();
  for (const [index, text] of lines.entries()) {
    let line;
    try {
      line = JSON.parse(text);
    } catch {
      throw new Error(`line ${index + 1} of ${file} is damaged; move the file away to do without what it says`);
    }
    yield line;
  }
}

module.exports = { replay };
