/**
 * What every store promises, as tests for any runner: it is handed `test`, which `vitest`, `node:test` and others have.
 *
 * Every key is new, so stores may share one database, and nothing is cleaned up between two tests.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Clock, systemClock } from "../clock.ts";
import type { Entry, Listable, Store, Sweepable } from "../store.ts";
import { manualClock } from "./clock.ts";

/** Declares a test, as the function of that name does in most runners. */
export type Test = (name: string, run: () => Promise<void>) => unknown;

/** A store to hold against its promises. */
export interface StoreKit<S extends Store = Store> {
  test: Test;
  /** Opens a store that tells the time by `clock`: one for each test, over the same engine or another. */
  open: (clock: Clock) => S | Promise<S>;
  /** Called when a test is over, also when it failed. */
  close?: (store: S) => unknown;
  /**
   * Whose time the deadlines follow. With `'clock'`, the default, the kit advances the clock and wants them kept to the
   * millisecond. With `'engine'` it waits for real ones, and grants a second.
   */
  time?: "clock" | "engine";
  /** Whether a key may be any text, the default, or is a hash of 64 hex digits. */
  keys?: "any" | "hashed";
  /** The size of the largest value, in bytes. Default: a megabyte. */
  maxValue?: number;
}

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** Larger than all that is made of short strings, pages, 16-bit lengths, and one byte to each side. */
const SIZES = [0, 1, 2, 255, 256, 4095, 4096, 4097, 65_535, 65_536, 1_048_576];

const ODD_KEYS = [
  "a key",
  "key:with:colons",
  "käse 🧀 ключ",
  "'quoted\"`",
  "%00 %s $1 \\",
  "../..",
  "../../etc/passwd",
  "/",
  ".",
  "__proto__",
  "constructor",
  "line\nbreak\r\n\t",
  "CON",
  "a*b?[c]",
  "k".repeat(300),
];
