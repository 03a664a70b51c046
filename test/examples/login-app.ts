/** The login example as a process of its own, in an empty folder. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Spawned, TSX, end, spawnNode, urlIn } from "./process.ts";

const SERVER = fileURLToPath(new URL("../../examples/login/server.ts", import.meta.url));

export interface App {
  /** Where it listens, as it said itself. */
  readonly url: string;
  /** Its working directory. */
  readonly folder: string;
  /** What it has printed so far. */
  output(): string;
  /** Ends it as `kill` does, and gives its exit code. */
  stop(): Promise<number | null>;
  /** Ends it and starts it anew, on the same port and in the same folder, and waits until it serves sessions. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Starts the example, and waits until it says where it listens. */
export async function startApp(env: NodeJS.ProcessEnv = {}): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), "flagon-login-"));
  let run = await start(folder, { PORT: "0", ...env });
  const { url } = run;
  return {
    url,
    folder,
    output: () => run.output(),
    stop: () => run.stop(),
    async restart() {
      await run.stop();
      run = await start(folder, { ...env, PORT: new URL(url).port });
      await serving(url);
    },
    async remove() {
      await run.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs the example to its end: for settings with which it cannot start. */
export async function runApp(env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
  const folder = mkdtempSync(join(tmpdir(), "flagon-login-"));
  const { child, output } = spawnApp(folder, env);
  await once(child, "close");
  rmSync(folder, { recursive: true, force: true });
  return { code: child.exitCode, output: output() };
}

/**
 * Waits until the example at `url` serves sessions. Its first request loads and connects the client of its store, and on
 * a busy machine that takes longer than a store may take to answer.
 */
export async function serving(url: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(`${url}/login`);
    if (status < 500) return;
  }
}

async function start(folder: string, env: NodeJS.ProcessEnv) {
  const app = spawnApp(folder, env);
  const url = await urlIn(app);
  return { url, output: () => app.output(), stop: () => end(app) };
}

function spawnApp(folder: string, env: NodeJS.ProcessEnv): Spawned {
  return spawnNode(["--import", TSX, SERVER], folder, env);
}
