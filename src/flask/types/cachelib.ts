import { SessionError } from "../../errors.ts";
import { type KeyvInstance, keyvStore } from "../../stores/keyv.ts";
import { unstorageStore, type UnstorageInstance } from "../../stores/unstorage.ts";
import type { Open } from "../opening.ts";
import { openFiles } from "./filesystem.ts";

/**
 * `SESSION_TYPE` `cachelib`: the Keyv or the unstorage instance of `SESSION_CACHELIB`, which are to JavaScript what
 * cachelib's classes are to Python. Without one, files of our own, as cachelib's default is files as well.
 */
export const openCachelib: Open = (settings, clock) => {
  const { cachelib } = settings;
  if (cachelib === undefined) return openFiles(settings, clock);
  if ("getItem" in cachelib) return unstorageStore(cachelib as UnstorageInstance, { clock });
  if ("store" in cachelib) return keyvStore(cachelib as KeyvInstance, { clock });
  throw new SessionError(
    "CONFIG",
    "SESSION_CACHELIB is no cache that flagon knows; give a Keyv, what createStorage() of unstorage makes, or nothing",
  );
};
