"use strict";
// Loaded into Azurite ahead of its own program (see command.py): what web pages of others make a browser send is
// refused before Azurite looks at it, by the same rules as in local/loopback/own_requests.py. Azurite itself asks for
// a signature for everything that it would do; this is the same first door as at all other servers of the stack.

const http = require("http");
const https = require("https");

const NAMES = new Set(["127.0.0.1", "localhost"]);
const READING = new Set(["GET", "HEAD"]);

for (const { Server } of [http, https]) {
  const emit = Server.prototype.emit;
  Server.prototype.emit = function (event, request, response, ...rest) {
    if (event === "request" && isForeign(request)) {
      request.resume();
      response.writeHead(403, { "Content-Type": "text/plain", "x-ms-error-code": "ForeignRequest" });
      response.end("The headers Host and Origin have to name this server: 127.0.0.1 or localhost, with its port.\n");
      return true;
    }
    return emit.call(this, event, request, response, ...rest);
  };
}

// Node.js itself refuses a second Host, and joins several Origins by commas.
function isForeign({ method, headers, socket }) {
  const { host = "", origin } = headers;
  const own = `${socket.encrypted ? "https" : "http"}://${host}`.toLowerCase();
  const isOwn = NAMES.has(host.replace(/:\d+$/, "").toLowerCase()) && (READING.has(method) || (origin ?? own).toLowerCase() === own);
  return !isOwn;
}
