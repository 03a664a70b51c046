import { describe, expect, test } from "vitest";
import { msgpack } from "../../src/codecs/msgpack.ts";
import { json } from "../../src/codecs/json.ts";
import { RECORD_FORMATS, type RecordFormat, recordsFrom } from "../../src/compat/records.ts";
import { sessions } from "../../src/core/sessions.ts";
import { keyRing } from "../../src/crypto/keyring.ts";
import { hmacSigner } from "../../src/crypto/signer.ts";
import { sha256 } from "../../src/crypto/bytes.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { bytes } from "../../src/testing/internal/stage.ts";

const HOUR = 3_600_000;
const expiresAt = Date.now() + HOUR;
const createdAt = Date.now() - HOUR;

function read(format: RecordFormat, value: Uint8Array): Record<string, unknown> {
  const entry = recordsFrom(format, { createdAt })({ value, expiresAt });
  expect(entry.expiresAt).toBe(expiresAt);
  return Object.fromEntries(msgpack().decode(entry.value) ?? []);
}

const text = (value: unknown) => bytes(JSON.stringify(value));

describe("records of express-session", () => {
  test("become ours without their cookie, and began when their age says", () => {
    const expires = "2026-11-22T10:00:00.000Z";
    const record = { cookie: { originalMaxAge: 60_000, expires }, user: "ada", big: 2 ** 60, __lastAccess: 1 };
    expect(read("express-session", text(record))).toEqual({
      user: "ada",
      big: 2 ** 60,
      _permanent: true,
      _createdAt: Date.parse(expires) - 60_000,
    });
  });

  test("count from the given instant where they end with the browser", () => {
    const record = { cookie: { originalMaxAge: null, expires: null }, user: "ada" };
    expect(read("express-session", text(record))).toEqual({ user: "ada", _createdAt: createdAt });
  });

  test("keep a key that would be a prototype as data", () => {
    const value = bytes('{"cookie":{},"__proto__":{"isAdmin":true}}');
    const { value: ours } = recordsFrom("express-session", { createdAt })({ value, expiresAt });
    expect([...(msgpack().decode(ours)?.keys() ?? [])]).toEqual(["__proto__", "_createdAt"]);
  });

  test("are refused where they are none", () => {
    for (const value of ["", "no json", '{"cookie":{}']) {
      expect(() => read("express-session", bytes(value))).toThrow("JSON");
    }
    for (const value of ["null", "[]", '{"user":"eve"}', '{"cookie":1}']) {
      expect(() => read("express-session", bytes(value))).toThrow("the record has no cookie");
    }
    expect(() => read("express-session", Uint8Array.of(0x22, 0xff, 0x22))).toThrow("not valid for encoding utf-8");
  });
});

describe("records of Flask", () => {
  const data = new Map<string, unknown>([
    ["user", "ada"],
    ["_permanent", true],
  ]);
  // pickle.dumps({"user": "ada", "_permanent": True}, 2)
  const pickled = Buffer.from("gAJ9cQAoWAQAAAB1c2VycQFYAwAAAGFkYXECWAoAAABfcGVybWFuZW50cQOIdS4=", "base64");
  const records: [RecordFormat, Uint8Array][] = [
    ["flask-msgpack", msgpack().encode(data)],
    ["flask-json", json().encode(data)],
    ["flask-pickle", pickled],
    ["flask-pickle", Buffer.concat([Buffer.from("!"), pickled])],
  ];

  test.each(records)("become ours: %s", (format, value) => {
    expect(read(format, value)).toEqual({ user: "ada", _permanent: true, _createdAt: createdAt });
  });

  test("are refused where they would run something, or hold nothing", () => {
    // pickle.dumps of an object whose __reduce__ is os.system("id")
    expect(() => read("flask-pickle", Buffer.from("cposix\nsystem\n(S'id'\ntR.", "latin1"))).toThrow("posix.system");
    expect(() => read("flask-json", bytes("null"))).toThrow("the record holds no session");
    expect(() => read("flask-msgpack", Uint8Array.of(0xc1))).toThrow(Error);
  });
});

test("a record that was made ours is a session of ours, under the hash of its id", async () => {
  const [id, store, keys] = ["a".repeat(43), memoryStore(), { current: "Wm3p-Vt8qLz0RbYc5xKd1NfHs7GjA2Eu" }];
  const value = text({ cookie: { originalMaxAge: null }, user: "ada" });
  await store.create(sha256(id), recordsFrom("express-session", { createdAt })({ value, expiresAt }));
  const signer = hmacSigner({ keys: keyRing(keys), salt: "flagon id sid", digest: "sha256" });
  const opened = await sessions<{ user: string }>({ store, keys }).open({
    cookie: `sid=${signer.sign(id)}`,
    secure: false,
  });
  expect(opened.user).toBe("ada");
});

test("an unknown format or codec is told with those there are", () => {
  expect(RECORD_FORMATS).toContain("flask-pickle");
  expect(() => recordsFrom("php" as never, { createdAt })).toThrow("give one of express-session, flask-msgpack");
  expect(() => recordsFrom("flask-json", { createdAt, codec: "yaml" as never })).toThrow("give one of msgpack, json");
});
