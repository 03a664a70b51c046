import { beforeAll, describe, expect, test } from "vitest";
import { has, untilTheEnd } from "../engines.ts";
import { patientSession } from "../flask/patient.ts";
import { type Gate, openGate } from "../peers/gate.ts";
import { type Place, PLACES, isStored } from "./places.ts";
import { READS, WRITES, flaskLogsOut, flaskWrites, nodeLogsOut, nodeWrites, nodeWritesBesideNode } from "./races.ts";
import { type Playing, play } from "./rounds.ts";
import { REFUSED, attempt } from "./refusals.ts";
import { startSides } from "./sides.ts";
import { flash, logout, readAndChange, regenerate } from "./walks.ts";

/** As `npm run live` says. */
const ROUNDS = Number(process.env["LIVE_ROUNDS"] ?? 0);
const PATIENCE = 1_200_000;

const here = PLACES.filter(({ needs }) => has("flask") && needs.every(has));
const stored = here.filter(isStored);
const WAYS = [
  ["flask", "node"],
  ["node", "flask"],
] as const;

const opened = new Map<Place, Promise<Playing>>();

/** Both servers of a place, which are started once. */
function playing(place: Place): Promise<Playing> {
  const opening = opened.get(place) ?? open(place);
  opened.set(place, opening);
  return opening;
}

async function open(place: Place): Promise<Playing> {
  const config = await place.open();
  const sessions = patientSession(config);
  return { place, sessions, sides: await startSides(config, sessions) };
}

describe.each(here)("real Flask and Node on $title", (place) => {
  let stage: Playing;
  beforeAll(async () => {
    stage = await playing(place);
  });

  describe.each(WAYS)("after a login by %s, %s", (first, second) => {
    test("reads and changes what the other reads then", async () => {
      const { reads, changes } = await readAndChange(stage.sides, first, second);
      expect(reads.second).toEqual(reads.first);
      expect(changes.first).toEqual({ ...reads.first, told: changes.expected });
      expect(changes.second).toEqual(changes.first);
    });

    test("shows the other's messages once", async () => {
      const [shown, ...later] = await flash(stage.sides, first, second);
      expect(shown).toBe('list [list ["success", "Saved 💾"], list ["message", "Again"]]');
      expect(later).toEqual(["list []", "list []"]);
    });

    test("logs out", async () => {
      const { cookie, seen, withFormer } = await logout(stage.sides, first, second);
      expect(cookie).toBeUndefined();
      expect(seen).not.toContain("ada");
      // Nobody can take back a signed cookie.
      expect(withFormer).toEqual(isStored(place) ? [false, false] : [true, true]);
    });
  });

  test(
    "random data comes back as it was, in value and in type",
    async () => {
      const rounds = ROUNDS > 0 ? ROUNDS : place.rounds;
      const tally = await play(stage, rounds);
      if (ROUNDS > 0) console.log(`${place.title}: ${JSON.stringify(tally)}`);
      expect(tally.kept + tally.refused).toBe(rounds);
    },
    PATIENCE,
  );
});

/** One place of each format. */
const formats = here.filter(({ format }, index) => here.findIndex((other) => other.format === format) === index);

describe.each(formats)("real Flask and Node on $title", (place) => {
  test.each(REFUSED[place.format])("refuse %s", async (_what, value) => {
    expect(await attempt(await playing(place), value)).toEqual([500, "", "DATA", undefined]);
  });
});

describe.each(stored)("real Flask and Node at once on $title", (place) => {
  let stage: Playing;
  let gate: Gate;
  beforeAll(async () => {
    stage = await playing(place);
    gate = await untilTheEnd(openGate());
  });

  test.each(WAYS)("after a login by %s, %s gives an id that holds for both", async (first, second) => {
    const { before, after, withFormer } = await regenerate(stage.sides, first, second);
    expect(after.told).toBe(before.told);
    expect(after.id).not.toBe(before.id);
    expect(withFormer).toEqual([false, false]);
  });

  test("two requests of Node keep each other's keys, while Flask refreshes", async () => {
    expect(await nodeWritesBesideNode(stage.sides, gate)).toEqual(["a", "b"]);
  });

  test("Node merges what Flask wrote meanwhile", async () => {
    expect(await flaskWrites(stage.sides, gate)).toEqual(["a", "c"]);
  });

  test("Node does not revive whom Flask has logged out", async () => {
    expect(await flaskLogsOut(stage.sides, gate)).toEqual([false, false]);
  });

  test("Flask's refresh overwrites what Node saved meanwhile, unless it is switched off", async () => {
    expect(await nodeWrites(stage.sides, gate, "flask", READS)).toEqual(place.refreshesExpiryOnly ? ["b"] : []);
    expect(await nodeWrites(stage.sides, gate, "calm", READS)).toEqual(["b"]);
  });

  test("Flask's refresh revives whom Node has logged out, unless it is switched off", async () => {
    expect(await nodeLogsOut(stage.sides, gate, "flask", READS)).toEqual([true, true]);
    expect(await nodeLogsOut(stage.sides, gate, "calm", READS)).toEqual([false, false]);
  });

  test("Flask that writes overwrites and revives, whatever its settings", async () => {
    expect(await nodeWrites(stage.sides, gate, "calm", WRITES)).toEqual(["c"]);
    expect(await nodeLogsOut(stage.sides, gate, "calm", WRITES)).toEqual([true, true]);
  });
});
