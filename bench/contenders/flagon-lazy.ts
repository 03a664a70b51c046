/** Flagon with `load: "lazy"`: `req.session` is a promise, and only who asks for it makes the store work. */
import type { Express, Request } from "express";
import type { Session, Store } from "flagon";
import { session } from "flagon/express";
import { appOf, countKeys, work } from "../pages.ts";
import { USER } from "../scenarios.ts";
import { type Data, visitsIn } from "./visits.ts";

export function lazyFlagonOver(store: Store): Express {
  return appOf([session(visitsIn(store), { load: "lazy" })], {
    read: async (req, res) => void res.send((await sessionOf(req)).user?.name ?? "stranger"),
    count: async (req, res) => {
      const visit = await sessionOf(req);
      res.send(String(visit.update("visits", (visits = 0) => visits + 1)));
    },
    login: async (req, res) => {
      const visit = await sessionOf(req);
      visit.regenerate();
      visit.user = USER;
      res.send("welcome");
    },
    set: async (req, res) => {
      const visit = await sessionOf(req);
      visit[`key${req.params.key}`] = true;
      await work();
      res.send("set");
    },
    keys: async (req, res) => void res.send(countKeys(await sessionOf(req))),
  });
}

function sessionOf(req: Request<never> | Request): Promise<Session<Data>> {
  return (req as unknown as { session: Promise<Session<Data>> }).session;
}
