import { warnOnce } from "../../events.ts";

const MOUNTED = Symbol("flagon.mounted");

/** Whether the middleware runs a second time for one request, which is told once. `host`: what stands for the request. */
export function comesTwice(host: object): boolean {
  const home = host as { [MOUNTED]?: true };
  if (home[MOUNTED]) {
    warnOnce("FLAGON_TWICE", "session() is used twice for one request and the second does nothing; app.use it once");
    return true;
  }
  home[MOUNTED] = true;
  return false;
}
