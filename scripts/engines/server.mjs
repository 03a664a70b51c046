// Starts a server for tests and sees to it that it does not outlive them.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** @import { Server, ServerOptions, says as Says } from "./index.d.mts" */

/** How many milliseconds a server has to come up, and to go when told to. */
const PATIENCE = 60_000;

/** What ends each server that runs: one listener for all, since a process warns of more than ten. */
const endings = new Set();
process.once("exit", () => {
  for (const end of endings) end();
});

/**
 * Resolves once the server answers; rejects with what it said if it does not come up.
 *
 * @param {ServerOptions} options
 * @returns {Promise<Server>}
 */
export async function startServer(options) {
  const { command, args, prepare, user, isUp, port, env, stopsBy = "SIGTERM" } = options;
  const at = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "flagon-"));
  const runAs = process.getuid?.() === 0 ? user : undefined;
  if (runAs !== undefined) spawnSync("chown", [runAs, folder]);
  await prepare?.(folder);
  const log = openSync(join(folder, "log"), "a");
  const child = spawn(...boundToUs(command, args(at, folder), runAs), {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const gone = once(child, "exit");
  endings.add(end);

  function end() {
    endings.delete(end);
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }

  async function stop() {
    child.kill(stopsBy);
    const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
    await gone.finally(() => clearTimeout(late));
    end();
  }

  if (!(await comesUp(child, () => isUp(at)))) {
    const said = readFileSync(join(folder, "log"), "utf8");
    await stop();
    // Another process may have taken the port since it was found free.
    if (port === undefined && /already in use/i.test(said)) return startServer(options);
    throw new Error(`${command} did not come up on port ${at}:\n${said}`);
  }
  child.unref();
  return { port: at, pid: child.pid, stop };
}

/** The options of `setpriv` that make a command another user's. */
export function asUser(user) {
  return user === undefined ? [] : [`--reuid=${user}`, `--regid=${user}`, "--clear-groups"];
}

/**
 * Runs a program to its end for a server's sake, as the user that the server runs as.
 *
 * @param {string} user
 * @param {string} command
 * @param {readonly string[]} args
 */
export function finish(user, command, ...args) {
  const isRoot = process.getuid?.() === 0;
  const [program, ...rest] = isRoot ? ["setpriv", ...asUser(user), command, ...args] : [command, ...args];
  const { status, error, stderr } = spawnSync(program, rest, { cwd: tmpdir(), encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} failed: ${error?.message ?? stderr}`);
}

/**
 * Whether a program ends well.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
export function succeeds(command, args) {
  return spawnSync(command, args).status === 0;
}

/** Where the kernel can, it kills the server with us: an exit handler does not run when a process is killed. */
function boundToUs(command, args, user) {
  const binding = [...asUser(user), "--pdeathsig", "KILL"];
  const canBind = spawnSync("setpriv", [...binding, "true"]).status === 0;
  return canBind ? ["setpriv", [...binding, command, ...args]] : [command, args];
}

/** A port below those that the kernel hands to clients. The next 10000 are left to the second ports of cluster nodes. */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, "127.0.0.1");
    const free = await once(server, "listening").then(
      () => true,
      () => false,
    );
    server.close();
    if (free) return port;
  }
}

async function comesUp(child, isUp) {
  const end = Date.now() + PATIENCE;
  while (child.exitCode === null && child.signalCode === null && Date.now() < end) {
    if (await isUp()) return true;
    await sleep(20);
  }
  return false;
}

/** @type {typeof Says} */
export function says(hello, welcome) {
  return async (port) => (await answer(port, hello)).startsWith(welcome);
}

async function answer(port, hello) {
  const socket = connect(port, "127.0.0.1");
  try {
    socket.write(hello);
    const [bytes] = await once(socket, "data", { signal: AbortSignal.timeout(1000) });
    return bytes.toString();
  } catch {
    return "";
  } finally {
    socket.destroy();
  }
}
