/** The suites in workerd, which is a server: each is asked for by a request. */
import { copyFileSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { says, startServer } from "../../scripts/engines/index.mjs";
import { suitesOf } from "./limits.ts";
import type { Outcome } from "./program/cases.ts";
import { outcomesFrom } from "./runtimes.ts";

const VECTORS = resolve(import.meta.dirname, "../vectors");
const CONFIG = resolve(import.meta.dirname, "program/workerd.capnp");

/** Runs every suite of `program/worker.ts` as it was bundled, and gives what became of its cases. */
export async function outcomesInWorkerd(command: string, worker: string): Promise<Outcome[]> {
  const server = await startServer({
    command,
    args: (port) => ["serve", "config.capnp", "--socket-addr", `http=127.0.0.1:${port}`],
    prepare(folder) {
      copyFileSync(CONFIG, join(folder, "config.capnp"));
      copyFileSync(worker, join(folder, "worker.mjs"));
    },
    isUp: says("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404"),
  });
  try {
    const outcomes: Outcome[] = [];
    for (const suite of suitesOf("workerd")) outcomes.push(...(await outcomesOf(suite, server.port)));
    return outcomes;
  } finally {
    await server.stop();
  }
}

async function outcomesOf(suite: string, port: number): Promise<Outcome[]> {
  const url = `http://127.0.0.1:${port}/run/${encodeURIComponent(suite)}`;
  const response = await fetch(url, { method: "POST", body: vectors() });
  return outcomesFrom(await response.text());
}

/** The files that a worker cannot read. */
function vectors(): string {
  const files = ["flask-cookie.json", "http-cookie.json", "lifecycle-flask.json"];
  return JSON.stringify(Object.fromEntries(files.map((file) => [file, readFileSync(join(VECTORS, file), "utf8")])));
}
