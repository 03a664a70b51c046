/** The adapters for web standards, on the server of such handlers that the runtime has; on Node, on what stands in for it. */
import type { AdapterKit, Served } from "../../../src/testing/index.ts";
import { bridge, fetchHandler, listen, overFetch as overNodeFetch } from "../../adapters/servers.ts";
import { h3App, honoApp, overH3 as overNodeH3, overHono as overNodeHono } from "../../adapters/web-servers.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** Serves a handler on a free port of `127.0.0.1`. */
type Serve = (handler: Handler) => Served;

interface Bun {
  serve(options: { port: number; hostname: string; fetch: Handler; error: () => Response }): {
    port: number;
    stop(closeActive: boolean): Promise<void>;
  };
}

interface Deno {
  serve(
    options: { port: number; hostname: string; onListen: () => void; onError: () => Response },
    handler: Handler,
  ): { addr: { port: number }; shutdown(): Promise<void> };
}

const { Bun, Deno } = globalThis as { Bun?: Bun; Deno?: Deno };

const AT = { port: 0, hostname: "127.0.0.1" };
const oops = () => new Response("oops", { status: 500 });

const serve: Serve | undefined =
  (Bun && ((fetch) => servedByBun(Bun, fetch))) ?? (Deno && ((handler) => servedByDeno(Deno, handler)));

function servedByBun({ serve: start }: Bun, fetch: Handler): Served {
  const server = start({ ...AT, fetch, error: oops });
  return { url: `http://127.0.0.1:${server.port}`, close: () => server.stop(true) };
}

function servedByDeno({ serve: start }: Deno, handler: Handler): Served {
  const server = start({ ...AT, onListen: () => {}, onError: oops }, handler);
  return { url: `http://127.0.0.1:${server.addr.port}`, close: () => server.shutdown() };
}

export const overFetch: AdapterKit["serve"] =
  serve === undefined ? overNodeFetch() : (sessions, act) => serve(fetchHandler(sessions, act));

export function overHono(load: "eager" | "lazy"): AdapterKit["serve"] {
  return serve === undefined ? overNodeHono(load) : (...given) => serve(plain(honoApp(load)(...given)));
}

export function overH3(load: "eager" | "lazy"): AdapterKit["serve"] {
  return serve === undefined ? overNodeH3(load) : (...given) => serve(plain(h3App(load)(...given)));
}

/** An application as a handler, to which the server's further arguments mean nothing. */
function plain(app: { fetch(request: Request): Response | Promise<Response> }): Handler {
  return (request) => app.fetch(request);
}

/** Serves a handler on what the runtime has for it. */
export function listenWeb(handler: (request: Request) => Promise<Response>): Served | Promise<Served> {
  return serve === undefined ? listen(bridge(handler)) : serve(handler);
}
