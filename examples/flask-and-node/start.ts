// Starts Flask, the shop and the proxy. start.mjs starts this, when all is there that it needs.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createProxy } from "./proxy.ts";

const { env } = process;
env["SECRET_KEY"] ??= randomBytes(32).toString("base64");
env["SESSION_REDIS"] ??= "redis://127.0.0.1:6379";

const { shop } = await import("./shop.ts");
const shopPort = await listen(createServer(shop));
const site = await freePort();
const flask = startFlask(site);
await until(site);
const port = await listen(createProxy({ shop: shopPort, site }), Number(env["PORT"] ?? 3000));
console.log(`Open http://127.0.0.1:${port} (Flask at ${site}, Node at ${shopPort}). Ctrl+C ends all.`);

function startFlask(at: number): ChildProcess {
  const args = ["-m", "flask", "--app", "app.py", "run", "--port", `${at}`];
  const child = spawn(env["PYTHON"] ?? "python3", args, {
    cwd: import.meta.dirname,
    env: { ...env, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.once("error", ({ message }) => console.error(message));
  child.once("close", (code) => process.exit(code ?? 0));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => child.kill());
  return child;
}

async function listen(server: Server, at = 0): Promise<number> {
  server.listen(at, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** One that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  const free = await listen(server);
  server.close();
  return free;
}

/** Waits until Flask answers; a Flask that cannot start ends this process. */
async function until(at: number): Promise<void> {
  while (flask.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${at}/`, { method: "HEAD" }).catch(() => undefined);
    if (answer) return;
    await sleep(50);
  }
}
