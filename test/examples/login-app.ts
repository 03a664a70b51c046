/** The login example as a process of its own, in an empty folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const SERVER = fileURLToPath(new URL("../../examples/login/server.ts", import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
/** How many milliseconds it has to end when told to. */
const PATIENCE = 10_000;

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
  const { child, output } = spawnApp(folder, env);
  const url = await urlIn(child, output);
  return { url, output, stop: () => end(child) };
}

/** Nothing of our own environment reaches it but what finds programs. */
function spawnApp(folder: string, env: NodeJS.ProcessEnv): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ["--import", TSX, SERVER], {
    cwd: folder,
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(String(chunk)));
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  return { child, output: () => chunks.join("") };
}

function urlIn(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", () => {
      const url = /http:\/\/[\w.:]+/.exec(output())?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once("close", () => reject(new Error(`the example ended:\n${output()}`)));
  });
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  await once(child, "exit");
  clearTimeout(late);
  return child.exitCode;
}
