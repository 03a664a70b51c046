/** Who takes part, in which versions, and how each is started. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Server, says, startFlask, startServer } from "../../scripts/engines/index.mjs";

export interface Peer {
  readonly title: string;
  /** The file under `servers/`. */
  readonly file: string;
  readonly settings: "best" | "defaults";
}

export const FLAGON: Peer = { title: "Flagon", file: "flagon.ts", settings: "defaults" };

export const PEERS: readonly Peer[] = [
  FLAGON,
  { title: "express-session", file: "express-session.mjs", settings: "best" },
  { title: "express-session, defaults", file: "express-session.mjs", settings: "defaults" },
  { title: "@fastify/session", file: "fastify-session.mjs", settings: "best" },
  { title: "@fastify/session, defaults", file: "fastify-session.mjs", settings: "defaults" },
  { title: "koa-session", file: "koa-session.mjs", settings: "defaults" },
  { title: "Flask-Session", file: "flask_session_app.py", settings: "best" },
  { title: "Flask-Session, defaults", file: "flask_session_app.py", settings: "defaults" },
];

const NODE_PACKAGES = [
  ["flagon", "express", "redis"],
  ["express-session", "express", "connect-redis", "redis"],
  ["@fastify/session", "fastify", "@fastify/cookie", "connect-redis", "redis"],
  ["koa-session", "koa", "redis"],
];
const PYTHON_PACKAGES = ["Flask-Session", "Flask", "redis"];

/** A running server, and where it is. */
export interface Host extends Server {
  readonly url: string;
}

/** What every server is told. */
export interface Means {
  readonly redisUrl: string;
  readonly gateUrl: string;
  /** How many milliseconds the Redis client waits for an answer; without it as the client has it. */
  readonly clientTimeout?: number;
}

export async function startPeer({ file, settings }: Peer, means: Means): Promise<Host> {
  const env = {
    REDIS_URL: means.redisUrl,
    GATE_URL: means.gateUrl,
    SETTINGS: settings,
    NODE_ENV: "production",
    ...(means.clientTimeout && { CLIENT_TIMEOUT: `${means.clientTimeout}` }),
  };
  const path = fileURLToPath(new URL(`servers/${file}`, import.meta.url));
  if (file.endsWith(".py")) return startFlask(path, { env });
  const server = await startServer({
    command: process.execPath,
    args: (port) => ["--import", import.meta.resolve("tsx"), path, `${port}`],
    isUp: says("HEAD /is-it-up HTTP/1.0\r\n\r\n", "HTTP/1.1 "),
    env,
  });
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

/** A line for each library, with those that it stands on. */
export function versions(): string[] {
  const node = NODE_PACKAGES.map((names) => named(names, nodeVersion));
  return [...node, named(PYTHON_PACKAGES, pythonVersion)];
}

function named([first = "", ...others]: readonly string[], versionOf: (name: string) => string): string {
  const rest = others.map((name) => `${name} ${versionOf(name)}`);
  return `${first} ${versionOf(first)} on ${rest.join(", ")}`;
}

function nodeVersion(name: string): string {
  const path = name === "flagon" ? "package.json" : `node_modules/${name}/package.json`;
  return (JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")) as { version: string }).version;
}

function pythonVersion(name: string): string {
  const pins = readFileSync(new URL("../../scripts/engines/flask/requirements.txt", import.meta.url), "utf8");
  return new RegExp(`^${name}==(.+)$`, "m").exec(pins)?.[1] ?? "?";
}
