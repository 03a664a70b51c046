import { signed } from "../../src/codecs/signed.ts";
import { taggedJson } from "../../src/codecs/tagged-json.ts";
import type { Envelope } from "../../src/codecs/envelope.ts";
import { dataOf } from "../../src/core/session.ts";
import { bytesOf } from "../../src/crypto/bytes.ts";
import type { Secret } from "../../src/crypto/keyring.ts";
import { hmacSigner } from "../../src/crypto/signer.ts";
import { SessionError } from "../../src/errors.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import { PASSED, type Verdict, all, compared, failed } from "./differences.ts";
import { withEvents } from "./events.ts";
import type { Case, Suite } from "./suite.ts";
import { dataFromNotation, fromNotation, isPythonOnly, told } from "./notation.ts";

interface Signed extends Case {
  secret_key: unknown;
  fallbacks: unknown[] | null;
  signed_at: number;
  payload: unknown;
  json: string;
  compressed: boolean;
  cookie: string;
  read_at: number;
  decoded: unknown;
}

interface Read extends Case {
  cookie: string;
  secret_key: unknown;
  fallbacks: unknown[] | null;
  read_at: number;
  lifetime_seconds: number;
  expect: { outcome: "session" | "exception"; session?: unknown };
}

const FOREVER = 10 ** 9;

/** Flask's signed cookie: written, refused, read, and read in spellings that only a forgiving reader takes. */
export const flaskCookie: Suite = {
  groups: {
    valid: (example) => valid(example as Signed),
    unencodable: (example) => unencodable(example as Signed),
    read: (example) => read(example as Read),
    lenient: (example) => lenient(example as Read),
  },
};

function envelopeOf({ secret_key, fallbacks }: { secret_key: unknown; fallbacks: unknown[] | null }): Envelope {
  const keys = [secret_key, ...(fallbacks ?? [])].map((key) => bytesOf(fromNotation(key) as Secret));
  return signed(hmacSigner({ keys: keys as [Uint8Array, ...Uint8Array[]], salt: "cookie-session", digest: "sha1" }));
}

function valid(example: Signed): Verdict {
  // What JavaScript has no type for goes in as Flask reads it back.
  const data = dataFromNotation(isPythonOnly(example.payload) ? example.decoded : example.payload);
  const bytes = taggedJson.encode(data);
  const envelope = envelopeOf(example);
  const ours = envelope.wrap(bytes, example.signed_at);
  const theirs = envelope.unwrap(example.cookie, example.read_at, FOREVER);
  if (typeof theirs === "string") return failed(`our reader says ${theirs}`);
  const decoded = taggedJson.decode(theirs.bytes);
  return all(
    compared("JSON", Buffer.from(bytes).toString(), example.json),
    ours.startsWith(".") || example.compressed
      ? sameContent(envelope, ours, theirs.bytes, example)
      : compared("cookie", ours, example.cookie),
    compared("decoded", told(decoded), told(dataFromNotation(example.decoded))),
    compared("unchanged", decoded && Buffer.from(taggedJson.encode(decoded)).toString(), jsonOf(example.decoded)),
  );
}

/** The zlib of another build may give other bytes of the same meaning, and another answer to what is shorter. */
function sameContent(envelope: Envelope, ours: string, theirs: Uint8Array, { signed_at, read_at }: Signed): Verdict {
  const opened = envelope.unwrap(ours, read_at, FOREVER);
  if (typeof opened === "string") return failed(`our own cookie is ${opened}`);
  return all(
    compared("signed at", opened.wrappedAt, signed_at),
    compared("content", Buffer.from(opened.bytes).toString(), Buffer.from(theirs).toString()),
  );
}

function jsonOf(value: unknown): string {
  return Buffer.from(taggedJson.encode(dataFromNotation(value))).toString();
}

function unencodable({ payload }: Signed): Verdict {
  try {
    taggedJson.encode(dataFromNotation(payload));
    return failed("it was written");
  } catch (error) {
    return error instanceof SessionError && error.code === "DATA" ? PASSED : failed(`it threw ${String(error)}`);
  }
}

async function openWith({ cookie, secret_key, fallbacks, read_at, lifetime_seconds }: Read) {
  const sessions = flaskSession(
    {
      SECRET_KEY: fromNotation(secret_key) as Secret,
      SECRET_KEY_FALLBACKS: (fallbacks ?? []).map(fromNotation) as Secret[],
      PERMANENT_SESSION_LIFETIME: lifetime_seconds,
    },
    { clock: { now: () => read_at * 1000 } },
  );
  const [session, events] = await withEvents(() => sessions.open({ cookie: `session=${cookie}`, secure: false }));
  return { data: dataOf(session), events };
}

/** Where Flask answers 500, there is no session and one event. */
async function read(example: Read): Promise<Verdict> {
  const { data, events } = await openWith(example);
  const { outcome, session } = example.expect;
  if (outcome === "session") return compared("session", told(data), told(dataFromNotation(session)));
  return all(compared("session", told(data), told(new Map())), compared("events", events.length, 1));
}

/** A strict reader is right to refuse these, and one that takes them must take them for what they are. */
async function lenient(example: Read): Promise<Verdict> {
  const { data } = await openWith(example);
  return data.size === 0 ? PASSED : compared("session", told(data), told(dataFromNotation(example.expect.session)));
}
