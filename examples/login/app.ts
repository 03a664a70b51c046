import { join } from "node:path";
import express, { type Express } from "express";
import type { SessionInterface } from "flagon";
import { session } from "flagon/express";
import { protect } from "./csrf.ts";
import { secure } from "./headers.ts";
import { notFound, showError } from "./routes/errors.ts";
import { home } from "./routes/home.ts";
import { list } from "./routes/list.ts";
import { login } from "./routes/login.ts";
import { keys } from "./routes/session.ts";

declare module "flagon" {
  /** What this application keeps of a visitor. Visitors add keys of their own on the page "Your session". */
  interface SessionData {
    /** The name of the user who is logged in. */
    user: string;
    /** Where a visitor wanted to go when the login came in between. */
    wanted: string;
    /** csrf-sync keeps its token under this key. */
    csrfToken: string;
  }
}

export function createApp(sessions: SessionInterface, place: string): Express {
  const app = express();
  app.disable("x-powered-by");
  app.locals["place"] = place;

  app.use(secure);
  // In front of the session: a style sheet needs none.
  app.use(express.static(join(import.meta.dirname, "public")));
  app.use(session(sessions));
  app.use(express.urlencoded({ extended: false, limit: "10kb" }));
  app.use(protect);

  app.use(home, login, list, keys);
  app.use(notFound, showError);
  return app;
}
