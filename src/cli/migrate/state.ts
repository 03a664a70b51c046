/** What a run leaves for the next one: where it began, and how many it has moved. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { SessionError } from "../../errors.ts";

/** What has to be the same for a run to be gone on with. */
export interface Route {
  from: string;
  to: string;
  format: string;
  keys: string;
}

/** The contents of the file. */
export interface State extends Route {
  /** Epoch milliseconds. Records that do not tell when they began count from here, in each run alike. */
  startedAt: number;
  moved: number;
  done: boolean;
}

/** What an earlier run left, or the beginning. Throws `CONFIG` for a file of another route, or of something else. */
export function stateFrom(file: string | undefined, route: Route): State {
  if (file === undefined || !existsSync(file)) return { ...route, startedAt: Date.now(), moved: 0, done: false };
  const state = parsed(file);
  const isSame = (Object.keys(route) as (keyof Route)[]).every((name) => state?.[name] === route[name]);
  if (state && isSame && Number.isSafeInteger(state.startedAt) && Number.isSafeInteger(state.moved)) return state;
  throw new SessionError("CONFIG", `${file} is of another migration; name a new file by --resume`);
}

function parsed(file: string): State | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as State;
  } catch (cause) {
    throw new SessionError("CONFIG", `${file} is no file of flagon migrate; name a new file by --resume`, { cause });
  }
}

/** Writes the file anew, so that it is whole at every instant. */
export function saveState(file: string | undefined, state: State): void {
  if (file === undefined) return;
  writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`);
  renameSync(`${file}.new`, file);
}
