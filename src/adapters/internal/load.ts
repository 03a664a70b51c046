import { SessionError } from "../../errors.ts";

/** When a session is loaded: before the handler runs, or when it asks. */
export type Load = "eager" | "lazy";

/** The option `load`, with its default. Throws `CONFIG` for any other. */
export function checkedLoad(load: Load = "eager"): Load {
  if (load === "eager" || load === "lazy") return load;
  throw new SessionError("CONFIG", `load is ${String(load)}; give 'eager' or 'lazy'`);
}
