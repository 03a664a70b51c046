import { inspect } from "node:util";
import { SessionError } from "../../../errors.ts";
import type { MemcachedClientOptions } from "./client.ts";
import type { Address } from "./connection.ts";

const NAMES = ["servers", "tls", "auth", "timeout"];

/** `host`, `host:port` or `[host]:port`. */
const SERVER = /^(?:\[([^\]]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/;

/** The servers that the options name. Throws `CONFIG` for what means nothing; a password is never part of the error. */
export function addressesOf(options: MemcachedClientOptions): Address[] {
  if (typeof options !== "object" || options === null) throw faulty("servers", options, "'host:port', or several");
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new SessionError("CONFIG", `${unknown} is no option; there are ${NAMES.join(", ")}`);
  const { servers, tls = false, auth, timeout = 2 } = options;
  const isTimeout = typeof timeout === "number" && timeout > 0 && timeout <= 3600;
  if (!isTimeout) throw faulty("timeout", timeout, "a number of seconds above 0, up to 3600");
  if (typeof tls !== "boolean" && typeof tls !== "object") throw faulty("tls", tls, "true, or what tls.connect takes");
  checkAuth(auth);
  const secure = tls === true ? {} : tls || undefined;
  // A server's name is as pymemcache has it: it decides on the keys that the server gets.
  const places = new Map(
    listOf(servers)
      .map(placeOf)
      .map((place) => [`${place.host}:${place.port}`, place]),
  );
  return [...places].map(([name, place]) => ({ ...place, name, tls: secure, auth, patience: timeout * 1000 }));
}

function listOf(servers: unknown): string[] {
  const list = typeof servers === "string" ? servers.split(",").map((name) => name.trim()) : servers;
  if (Array.isArray(list) && list.length > 0 && list.every(isText)) return list;
  throw faulty("servers", servers, "'host:port', or several");
}

function placeOf(name: string): { host: string; port: number } {
  const [, bracketed, plain, port = "11211"] = SERVER.exec(name) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  // What stands before an @ in a URL may be a password.
  throw faulty("servers", name.replace(/^.*@/s, "…@"), "'host:port'");
}

function checkAuth(auth: MemcachedClientOptions["auth"]): void {
  if (auth === undefined) return;
  const { user, password } = auth ?? {};
  // A blank parts them for memcached, and a colon in its file.
  const fits = isText(user) && /^[^\s:]+$/.test(user) && isText(password) && /^\S+$/.test(password);
  if (!fits) throw new SessionError("CONFIG", "auth is no { user, password }; give two texts without blanks");
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function faulty(option: string, given: unknown, mend: string): SessionError {
  return new SessionError("CONFIG", `${option} is ${inspect(given)}; give ${mend}`);
}
