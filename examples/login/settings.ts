import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const SECRET_FILE = ".sessions/login-secret";

const DEFAULTS = {
  SESSION_TYPE: "filesystem",
  SESSION_FILE_DIR: ".sessions/login",
  /** Who does not tick "remember me" is logged out when the browser closes. */
  SESSION_PERMANENT: "false",
  SESSION_COOKIE_SAMESITE: "Lax",
};

export type Settings = typeof DEFAULTS & { SECRET_KEY: string; SESSION_REDIS?: string };

/** Flask's configuration from the environment; an empty SESSION_TYPE is Flask's own signed cookie. */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  return { ...DEFAULTS, ...env, SECRET_KEY: env["SECRET_KEY"] || keptSecret() };
}

/** Made at the first start and kept in a file, so that a restart logs nobody out. */
function keptSecret(): string {
  mkdirSync(dirname(SECRET_FILE), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(SECRET_FILE, randomBytes(32).toString("hex"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isThere) throw error;
  }
  return readFileSync(SECRET_FILE, "utf8");
}

/** Where sessions live, for people; without the password that a Redis URL may hold. */
export function placeOf({ SESSION_TYPE, SESSION_FILE_DIR, SESSION_REDIS }: Settings): string {
  switch (SESSION_TYPE.toLowerCase()) {
    case "":
      return "Flask's signed cookie";
    case "filesystem":
      return `files under ${SESSION_FILE_DIR}`;
    case "redis":
      return `Redis at ${new URL(SESSION_REDIS || "redis://localhost:6379").host}`;
    default:
      return SESSION_TYPE;
  }
}
