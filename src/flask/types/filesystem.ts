import { fileStore } from "../../stores/file.ts";
import { adopting } from "../adopting.ts";
import { FORMERS } from "../codec.ts";
import type { Open } from "../opening.ts";

/** `SESSION_TYPE` `filesystem`: files of our own; Python's are adopted where that is asked for. */
export const openFiles: Open = ({ fileDirectory: directory, fileMode, lifetime, migrateFrom }, clock) => {
  const store = fileStore({ directory, mode: fileMode, clock });
  if (!migrateFrom) return store;
  return adopting(store, { directory, decode: FORMERS[migrateFrom], lifetime: Math.trunc(lifetime), clock });
};
