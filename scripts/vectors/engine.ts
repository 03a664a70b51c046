import { type EngineName, type Engines, engines, install, lookFor } from "../engines/index.mjs";

/** Opens an engine, installing it if it can be. Rejects with what would mend it. */
export function engineFor<Name extends EngineName>(name: Name): ReturnType<Engines[Name]["open"]> {
  install([name]);
  const { found, line } = lookFor(name);
  if (!found) throw new Error(line);
  return engines[name].open() as ReturnType<Engines[Name]["open"]>;
}
