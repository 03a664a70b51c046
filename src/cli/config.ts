/** The user's own module that says where the sessions are. */
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { SessionError } from "../errors.ts";
import type { Listable, Store, Sweepable } from "../store.ts";

/** What is looked for in the current directory when no file is named. */
const NAMES = ["flagon.config.js", "flagon.config.mjs", "flagon.config.ts"];

/** What a configuration module gives. */
export interface Config {
  /** The module's file name. */
  readonly name: string;
  readonly store: Store & Partial<Listable & Sweepable>;
  /** Closes what the module opened. */
  close(): Promise<void>;
}

/**
 * Loads a configuration module: its export `store`, or else its default one, is a store or the promise of one; its
 * export `close`, if there is one, is a function.
 *
 * Rejects with `CONFIG` where there is no such file or no store in it, and with whatever the module itself throws.
 */
export async function loadConfig(path: string | undefined): Promise<Config> {
  const file = path ?? NAMES.find((name) => existsSync(name));
  if (file === undefined) {
    throw new SessionError("CONFIG", `there is no ${NAMES.join(", ")} here; make one, or name another by --config`);
  }
  if (!existsSync(file)) throw new SessionError("CONFIG", `there is no file ${file}; --config takes a path`);
  const module = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  const [store, { close }] = [await (module["store"] ?? module["default"]), module];
  if (!isStore(store)) {
    throw new SessionError("CONFIG", `${file} exports no store; give it one as its default export or as \`store\``);
  }
  return { name: basename(file), store, close: async () => void (typeof close === "function" && (await close())) };
}

function isStore(given: unknown): given is Store {
  const verbs = ["create", "read", "update", "delete"] as const;
  const store = given as Partial<Record<(typeof verbs)[number], unknown>> | null | undefined;
  return verbs.every((verb) => typeof store?.[verb] === "function");
}
