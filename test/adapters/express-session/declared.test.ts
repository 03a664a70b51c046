import { expect, test } from "vitest";
import { complaintsOf } from "../program.ts";

const FILES = {
  flagon: "src/index.ts",
  "flagon/express": "src/adapters/express.ts",
  "flagon/express-session": "src/adapters/express-session.ts",
  express: "node_modules/@types/express/index.d.ts",
  passport: "node_modules/@types/passport/index.d.ts",
};

/** What a program writes that has its types from @types/express-session, but for the name of the module. */
const MOVED = `
import express, { type RequestHandler } from "express";
import passport from "passport";
import session, { MemoryStore, Session, type SessionData, type SessionOptions, Store } from "flagon/express-session";

declare module "flagon/express-session" {
  interface SessionData { user: string; visits: number }
}

const options: session.SessionOptions = {
  secret: ["new", "old"], resave: false, saveUninitialized: false, rolling: true, unset: "destroy", proxy: true,
  genid: (req: express.Request) => req.path, store: new session.MemoryStore(),
  cookie: { secure: "auto", sameSite: "lax", maxAge: 1000, partitioned: true, priority: "high" },
};
const same: SessionOptions = { ...options, cookie: (req) => ({ secure: req.secure ?? false }) };
const handler: RequestHandler = session(same);

class Mine extends session.Store {
  kept = new Map<string, string>();
  get(id: string, callback: (error: any, found?: SessionData | null) => void) {
    callback(null, JSON.parse(this.kept.get(id) ?? "null"));
  }
  set(id: string, data: SessionData, callback?: (error?: any) => void) {
    this.kept.set(id, JSON.stringify(data));
    callback?.();
  }
  destroy(id: string, callback?: (error?: any) => void) {
    callback?.();
  }
}
const store: Store = new Mine();
store.on("disconnect", () => undefined);

express().use(handler, passport.session()).get("/", async (req, res) => {
  const user: string | undefined = req.session.user;
  req.session.visits = (req.session.visits ?? 0) + 1;
  req.session.regenerate((error) => error && res.status(500));
  req.session.touch().resetMaxAge();
  await req.session.save();
  const left: number | null | undefined = req.session.cookie.maxAge;
  const whole: Session & Partial<SessionData> = req.session;
  const id: string = req.sessionID + req.session.id;
  req.sessionStore.destroy(req.sessionID, () => undefined);
  // @ts-expect-error -- a number
  req.session.visits = "one";
  // @ts-expect-error -- nobody declared it
  res.send([user, left, whole, id, req.session.nothing, new MemoryStore()]);
});
express().use((req) => void (req.session = null));
`;

/** Which has both types of `req.session`. */
const BOTH = `
import express from "express";
import type { Session, SessionInterface } from "flagon";
import { session as visited } from "flagon/express";
import session from "flagon/express-session";

declare const visits: SessionInterface;
express().use(visited(visits), session({ secret: "a" }), (req) => {
  const current: Session = req.session;
  // @ts-expect-error -- a session of flagon/express is not assigned
  req.session = current;
});
`;

test.each([
  ["a program that has moved knows its session", MOVED],
  ["a program with both has the session of flagon/express", BOTH],
])("%s", (_what, program) => {
  expect(complaintsOf(program, FILES)).toBe("");
});
