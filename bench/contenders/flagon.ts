/** Flagon as it comes: `req.session` is loaded for each request. */
import type { Express, Request } from "express";
import type { Session, Store } from "flagon";
import { session } from "flagon/express";
import { appOf, countKeys, work } from "../pages.ts";
import { USER } from "../scenarios.ts";
import { type Data, visitsIn } from "./visits.ts";

export function flagonOver(store: Store): Express {
  return appOf([session(visitsIn(store))], {
    read: (req, res) => void res.send(sessionOf(req).user?.name ?? "stranger"),
    count: (req, res) => void res.send(String(sessionOf(req).update("visits", (visits = 0) => visits + 1))),
    login: (req, res) => {
      sessionOf(req).regenerate();
      sessionOf(req).user = USER;
      res.send("welcome");
    },
    set: async (req, res) => {
      sessionOf(req)[`key${req.params.key}`] = true;
      await work();
      res.send("set");
    },
    keys: (req, res) => void res.send(countKeys(sessionOf(req))),
  });
}

function sessionOf(req: Request<never> | Request): Session<Data> {
  return (req as unknown as { session: Session<Data> }).session;
}
