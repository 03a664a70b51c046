/** Entries as tests of engines need them: of a text, for a minute of real time. */
import { expect } from "vitest";
import type { Entry } from "../../src/store.ts";
import { bytes } from "../../src/testing/internal/stage.ts";

const MINUTE = 60_000;

export function entry(text: string): Entry {
  return { value: bytes(text), expiresAt: inAMinute() };
}

/** What an entry of this text matches, whatever its deadline and the class of its bytes. */
export function holding(text: string): { value: Uint8Array } {
  return { value: expect.toSatisfy((value: Uint8Array) => Buffer.from(value).toString() === text) as Uint8Array };
}

export function inAMinute(): number {
  return Date.now() + MINUTE;
}
