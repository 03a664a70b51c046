import { randomBytes } from "node:crypto";
import { sessions } from "flagon";
import { fileStore } from "flagon/file";
import { session } from "flagon/next";
import { cookies, headers } from "next/headers";

interface Visit {
  user: string;
}

/** In files: Next may give each of an application's entries a module of its own, and they share no memory. */
const visits = sessions<Visit>({
  store: fileStore({ directory: ".sessions" }),
  keys: { current: (process.env["SECRET_KEY"] ??= randomBytes(32).toString("base64url")) },
});

export const { getSession, withSession } = session(visits, { cookies, headers });
