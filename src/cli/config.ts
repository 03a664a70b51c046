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

/** A configuration module, whatever it exports. */
export interface Exports extends Omit<Config, "store"> {
  /** What stands, or is promised, under a name. Rejects with `CONFIG` where nothing does. */
  get(name: string): Promise<unknown>;
}

/**
 * Loads a configuration module: its export `store`, or else its default one, is a store or the promise of one; its
 * export `close`, if there is one, is a function.
 *
 * Rejects with `CONFIG` where there is no such file or no store in it, and with whatever the module itself throws.
 */
export async function loadConfig(path: string | undefined): Promise<Config> {
  const { file, module, name, close } = await open(path);
  const store = await (module["store"] ?? module["default"]);
  if (!isStore(store)) {
    throw new SessionError("CONFIG", `${file} exports no store; give it one as its default export or as \`store\``);
  }
  return { name, store, close };
}

/** Loads a configuration module that exports several stores. Rejects as `loadConfig` does, but asks for no store. */
export async function loadExports(path: string | undefined): Promise<Exports> {
  const { file, module, name, close } = await open(path);
  const get = async (wanted: string) => {
    const found = await module[wanted];
    if (found !== undefined) return found;
    throw new SessionError("CONFIG", `${file} exports no ${wanted}; it has ${Object.keys(module).join(", ")}`);
  };
  return { name, get, close };
}

async function open(path: string | undefined) {
  const file = path ?? NAMES.find((name) => existsSync(name));
  if (file === undefined) {
    throw new SessionError("CONFIG", `there is no ${NAMES.join(", ")} here; make one, or name another by --config`);
  }
  if (!existsSync(file)) throw new SessionError("CONFIG", `there is no file ${file}; --config takes a path`);
  const module = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  const { close } = module;
  return {
    file,
    module,
    name: basename(file),
    close: async () => void (typeof close === "function" && (await close())),
  };
}

/** Whether something from outside has a store's verbs. */
export function isStore(given: unknown): given is Store {
  return hasMethods(given, ["create", "read", "update", "delete"]);
}

export function hasMethods(given: unknown, names: readonly string[]): boolean {
  const object = given as Record<string, unknown> | null | undefined;
  return names.every((name) => typeof object?.[name] === "function");
}
