import { randomBytes } from "node:crypto";
import { type Session, sessions } from "flagon";
import { fileStore } from "flagon/file";
import { session } from "flagon/h3-v1";

interface Visit {
  user: string;
}

declare module "h3" {
  interface H3EventContext {
    session: () => Promise<Session<Visit>>;
  }
}

const visits = sessions<Visit>({
  store: fileStore({ directory: ".sessions" }),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

export default session(visits);
