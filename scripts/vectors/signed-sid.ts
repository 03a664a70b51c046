import { readCookies } from "../../src/cookies/read.ts";
import { writeCookie } from "../../src/cookies/write.ts";
import { randomId } from "../../src/core/id.ts";
import { bytesOf } from "../../src/crypto/bytes.ts";
import type { Secret } from "../../src/crypto/keyring.ts";
import { hmacSigner } from "../../src/crypto/signer.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import { PASSED, type Verdict, all, compared, failed } from "./differences.ts";
import { fromNotation } from "./notation.ts";
import type { Case, Suite, Tools } from "./suite.ts";

interface Signed extends Case {
  secret_key: unknown;
  sid: string;
  cookie: string;
}

interface Opened extends Case {
  secret_key: unknown;
  cookie: string;
  expect: { outcome: "accepted" | "new-session" | "exception"; store_key_looked_up?: string; sid?: string };
}

/** The signed session ids of Flask-Session's SESSION_USE_SIGNER. */
export const signedSid: Suite = {
  engine: "redis",
  groups: {
    signed: (example) => signed(example as Signed),
    opened: (example, tools) => opened(example as Opened, tools),
    lengths: (example) => lengths(example as unknown as { SESSION_ID_LENGTH: number; characters: number }),
  },
  nameOf: (example, group) => {
    const { name, SESSION_ID_LENGTH } = example as { name?: string; SESSION_ID_LENGTH?: number };
    return `${group}/${name ?? String(SESSION_ID_LENGTH)}`;
  },
};

function signed({ secret_key, sid, cookie }: Signed): Verdict {
  const key = bytesOf(fromNotation(secret_key) as Secret);
  const signer = hmacSigner({ keys: [key], salt: "flask-session", digest: "sha1" });
  return all(compared("cookie", signer.sign(sid), cookie), compared("id", signer.unsign(cookie)?.text, sid));
}

/** Asks a real Redis, whose monitor of commands is its statistics: a key that was looked up is one that was found. */
async function opened({ secret_key, cookie, expect }: Opened, tools: Tools): Promise<Verdict> {
  const redis = await tools.redis();
  const key = expect.store_key_looked_up;
  if (key) await redis.command("SET", key, Buffer.from("gaFhAQ==", "base64"));
  const header = writeCookie("session", cookie, {});
  if (readCookies(header, "session")[0] !== cookie) return failed("the cookie cannot be sent");
  try {
    const SECRET_KEY = (fromNotation(secret_key) ?? undefined) as Secret | undefined;
    const config = { SESSION_TYPE: "redis", SESSION_REDIS: redis.client, SESSION_USE_SIGNER: true };
    const sessions = flaskSession(SECRET_KEY === undefined ? config : { ...config, SECRET_KEY });
    const session = await sessions.open({ cookie: header, secure: false });
    const accepted = session.isNew ? "new-session" : "accepted";
    if (expect.outcome === "accepted" && accepted === "new-session" && !isCanonical(cookie)) return PASSED;
    return all(
      compared("outcome", accepted, expect.outcome),
      compared("id", session.isNew ? null : session.id, expect.sid ?? null),
    );
  } catch (error) {
    return expect.outcome === "exception" ? PASSED : failed(String(error));
  }
}

/** Whether the signature is spelled as it was made. A strict reader is right to refuse another spelling. */
function isCanonical(cookie: string): boolean {
  const signature = cookie.slice(cookie.lastIndexOf(".") + 1);
  return Buffer.from(signature, "base64url").toString("base64url") === signature;
}

function lengths({ SESSION_ID_LENGTH, characters }: { SESSION_ID_LENGTH: number; characters: number }): Verdict {
  return compared("characters", randomId(SESSION_ID_LENGTH).length, characters);
}
