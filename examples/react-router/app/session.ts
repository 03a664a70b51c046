import { randomBytes } from "node:crypto";
import { type Session, sessions } from "flagon";
import { fileStore } from "flagon/file";
import { createContext } from "react-router";

interface Visit {
  user: string;
}

export const visits = sessions<Visit>({
  store: fileStore({ directory: ".sessions" }),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

export const current = createContext<() => Promise<Session<Visit>>>();
