import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canStart, startRedis, untilTheEnd } from "../engines.ts";
import { type Answers, type Control, allAnswers } from "./answers.ts";
import { shuffleBy } from "./dice.ts";
import { type Gate, openGate } from "./gate.ts";
import { FLAGON, startPeer } from "./peers.ts";
import type { Place } from "./place.ts";
import { type Races, allRaces } from "./races.ts";

/** The short form of `npm run races`: our row alone. */
const SIZES = { crowd: 20, rounds: 2, sessions: 20 };

describe.skipIf(!canStart("redis"))("in the races that peers are asked to run as well, Flagon", () => {
  let gate: Gate;
  let place: Place;
  let control: Control & { destroy(): void };
  beforeAll(async () => {
    const redis = await untilTheEnd(startRedis());
    gate = await openGate();
    const host = await untilTheEnd(startPeer(FLAGON, { redisUrl: redis.url, gateUrl: gate.url }));
    place = { host, gate, shuffle: shuffleBy(1) };
    control = await createClient({ url: redis.url }).connect();
  });
  afterAll(() => {
    control.destroy();
    gate.stop();
  });

  test("loses no change, and brings no ended session back", async () => {
    const nothing = (tried: number) => ({ tried, wrong: 0, refused: 0 });
    expect(await allRaces(place, SIZES)).toEqual({
      keys: nothing(40),
      pairs: nothing(20),
      count: nothing(40),
      logoutByWrite: nothing(20),
      logoutByRead: nothing(20),
      oldId: nothing(20),
    } satisfies Races);
  });

  test("answers nothing before it has saved, and says so when it could not", async () => {
    expect(await allAnswers(place, control)).toEqual({
      beforeSave: "nothing",
      failedChange: "503",
      failedLogin: "503",
      vary: "Cookie",
      strangers: { cookies: 0, records: 0 },
    } satisfies Answers);
  });
});
