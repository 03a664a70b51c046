/** A balancer in front of several servers: each request goes to the next one. */
import { type IncomingMessage, type ServerResponse, request } from "node:http";
import type { Served } from "../../src/testing/internal/adapter-stage.ts";
import { listen } from "../adapters/servers.ts";

/** Passes requests on to the servers at `urls`, in turn. What it cannot pass on it answers with 502. */
export function startBalancer(urls: readonly string[]): Promise<Served> {
  let next = 0;
  return listen((incoming, outgoing) =>
    passOn(new URL(incoming.url ?? "/", urls[next++ % urls.length]), incoming, outgoing),
  );
}

function passOn(url: URL, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method = "GET", headers } = incoming;
  const passed = request(url, { method, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, fieldsOf(answer));
    answer.pipe(outgoing);
  });
  passed.on("error", () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
  outgoing.on("close", () => passed.destroy());
  incoming.pipe(passed);
}

/** The fields of an answer as they came, but those of the connection itself. */
function fieldsOf({ headersDistinct }: IncomingMessage): Record<string, string[]> {
  const {
    connection: _connection,
    "keep-alive": _keepAlive,
    "transfer-encoding": _encoding,
    ...fields
  } = headersDistinct;
  return fields as Record<string, string[]>;
}
