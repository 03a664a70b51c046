import { type Request, Router } from "express";
import { type Session, SessionError } from "flagon";
import { token } from "../csrf.ts";
import { field } from "../form.ts";
import { unkept } from "../headers.ts";
import { show } from "../page.ts";

/** Keys that visitors may not touch: whoever could set `user` would need no password. The last two are controls. */
const OURS = new Set(["user", "wanted", "csrfToken", "permanent", "modified"]);
const SECRET = "csrfToken";
const LONGEST_KEY = 40;
const LONGEST_VALUE = 200;
const MOST_KEYS = 20;

export const keys = Router();

keys.get("/session", unkept, (req, res) => {
  token(req); // Made now, for the forms below, it is among the keys that are shown.
  const session = anyKeys(req);
  const { key } = req.query;
  const read = typeof key === "string" && key !== SECRET ? { key, value: textOf(session.get(key)) } : undefined;
  show(req, res, "session", { rows: rowsOf(session), read, permanent: session.permanent });
});

keys.post("/session/set", (req, res) => {
  const [key, value] = [field(req, "key"), field(req, "value")];
  const refusal = set(anyKeys(req), key, value);
  if (refusal === undefined) req.session.flash(`“${key}” is set.`, "success");
  else req.session.flash(refusal, "error");
  res.redirect(303, "/session");
});

keys.post("/session/delete", (req, res) => {
  const [session, key] = [anyKeys(req), field(req, "key")];
  if (isOurs(key) || !Object.hasOwn(session, key)) {
    req.session.flash(`There is no key “${key}” to delete.`, "error");
  } else {
    delete session[key];
    req.session.flash(`“${key}” is deleted.`, "success");
  }
  res.redirect(303, "/session");
});

keys.post("/session/clear", (req, res) => {
  req.session.clear();
  req.session.flash("Your session is cleared.", "info");
  res.redirect(303, "/session");
});

/** Visitors name keys here that the application declared nowhere. */
function anyKeys(req: Request): Session<Record<string, unknown>> {
  return req.session as Session<Record<string, unknown>>;
}

/** Sets a key; where that cannot be, tells why. */
function set(session: Session<Record<string, unknown>>, key: string, value: string): string | undefined {
  if (key === "" || key.length > LONGEST_KEY) return `A key has 1 to ${LONGEST_KEY} characters.`;
  if (value.length > LONGEST_VALUE) return `A value has at most ${LONGEST_VALUE} characters.`;
  if (isOurs(key)) return `“${key}” belongs to this application; choose another key.`;
  if (Object.keys(session).length >= MOST_KEYS && !Object.hasOwn(session, key)) return "Your session is full.";
  try {
    session[key] = value;
    return undefined;
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== "RESERVED") throw error;
    return `“${key}” is a control of every session; choose another key.`;
  }
}

/** Whether a key is the application's, or bookkeeping of the session such as `_permanent`. */
function isOurs(key: string): boolean {
  return OURS.has(key) || key.startsWith("_");
}

function rowsOf(session: Session<Record<string, unknown>>) {
  return Object.entries(session)
    .filter(([key]) => key !== "_flashes")
    .map(([key, value]) => ({ key, value: key === SECRET ? "(hidden)" : textOf(value), ours: isOurs(key) }));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : JSON.stringify(value);
}
