import { join } from "node:path";
import { Eta } from "eta";
import type { Request, Response } from "express";
import { token } from "./csrf.ts";
import { userOf } from "./users.ts";

const eta = new Eta({ views: join(import.meta.dirname, "views"), cache: true });

/** Sends a view with what every page shows: who is logged in, and the messages that wait in the session. */
export function show(req: Request, res: Response, view: string, data: object = {}): void {
  const common = {
    user: userOf(req.session),
    flashes: req.session.takeFlashes({ withCategories: true }),
    csrf: () => token(req),
  };
  res.send(eta.render(view, { ...common, ...res.app.locals, ...data }));
}

/** Sends a page that needs no session, for when there is none to be had. */
export function showPlain(res: Response, view: string, data: object): void {
  res.send(eta.render(view, { isPlain: true, flashes: [], ...res.app.locals, ...data }));
}
