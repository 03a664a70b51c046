/** express-session: `req.session` is loaded for each request, login is its `regenerate` with a callback. */
import type { Express, Request } from "express";
import expressSession, { type Store } from "express-session";
import { appOf, countKeys, work } from "../pages.ts";
import { USER, type Visit } from "../scenarios.ts";

interface Theirs extends Partial<Visit> {
  regenerate(done: (error?: unknown) => void): void;
  [key: `key${string}`]: boolean;
}

/** `{}`: its own defaults. */
export type Habits = { resave: false; saveUninitialized: false } | {};

export function expressSessionOver(store: Store, habits: Habits): Express {
  return appOf([expressSession({ store, secret: "a secret of this bench and of nothing else", ...habits })], {
    read: (req, res) => void res.send(sessionOf(req).user?.name ?? "stranger"),
    count: (req, res) => {
      const session = sessionOf(req);
      session.visits = (session.visits ?? 0) + 1;
      res.send(String(session.visits));
    },
    login: (req, res, next) => {
      sessionOf(req).regenerate((error) => {
        if (error !== undefined && error !== null) return next(error);
        sessionOf(req).user = USER;
        res.send("welcome");
      });
    },
    set: async (req, res) => {
      sessionOf(req)[`key${req.params.key}`] = true;
      await work();
      res.send("set");
    },
    keys: (req, res) => void res.send(countKeys(sessionOf(req))),
  });
}

function sessionOf(req: Request<never> | Request): Theirs {
  return (req as unknown as { session: Theirs }).session;
}
