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
  if (typeof timeout !== "number" || !(timeout > 0)) throw faulty("timeout", timeout, "a positive number of seconds");
  checkAuth(auth);
  const secure = tls === true ? {} : tls || undefined;
  return listOf(servers).map((name) => ({ ...placeOf(name), name, tls: secure, auth, patience: timeout * 1000 }));
}

function listOf(servers: unknown): string[] {
  const list = typeof servers === "string" ? servers.split(",").map((name) => name.trim()) : servers;
  if (Array.isArray(list) && list.length > 0) return [...new Set(list)];
  throw faulty("servers", servers, "'host:port', or several");
}

function placeOf(name: unknown): { host: string; port: number } {
  const [, bracketed, plain, port = "11211"] = SERVER.exec(String(name)) ?? [];
  const host = bracketed ?? plain;
  if (host !== undefined && Number(port) > 0 && Number(port) < 65_536) return { host, port: Number(port) };
  throw faulty("servers", name, "'host:port'");
}

function checkAuth(auth: MemcachedClientOptions["auth"]): void {
  if (auth === undefined) return;
  const { user, password } = auth ?? {};
  // Memcached takes them parted by a blank, from a file that has them parted by a colon.
  const fits = typeof user === "string" && /^[^\s:]+$/.test(user) && typeof password === "string" && password !== "";
  if (!fits) throw new SessionError("CONFIG", "auth is no { user, password }; give two texts, a user without blanks");
}

function faulty(option: string, given: unknown, mend: string): SessionError {
  return new SessionError("CONFIG", `${option} is ${inspect(given)}; give ${mend}`);
}
