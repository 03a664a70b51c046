import { beforeAll, describe, expect, test } from "vitest";
import { has, untilTheEnd } from "../engines.ts";
import { patientSession } from "../flask/patient.ts";
import { type Gate, openGate } from "../peers/gate.ts";
import { PLACES, isStored } from "./places.ts";
import { isRevivedBy, nodeAfterFlask, nodeAfterLogout, nodeBeforeReader, nodeBesideNode } from "./races.ts";
import { type Sides, startSides } from "./sides.ts";
import { flash, logout, readAndChange, regenerate } from "./walks.ts";

const here = PLACES.filter(({ needs }) => has("flask") && needs.every(has));

describe.each(here)("real Flask and Node on $title", (place) => {
  let sides: Sides;
  let gate: Gate;
  beforeAll(async () => {
    const config = await place.open();
    sides = await startSides(config, patientSession(config));
    gate = await untilTheEnd(openGate());
  });

  describe.each([
    ["flask", "node"],
    ["node", "flask"],
  ] as const)("a login by %s, then %s", (first, second) => {
    test("reads and changes", () => readAndChange(sides, first, second));
    test("shows a message once", () => flash(sides, first, second));
    test("logs out", () => logout(sides, first, second, isStored(place)));
    if (isStored(place)) test("regenerates", () => regenerate(sides, first, second));
  });

  if (!isStored(place)) return;
  describe("at once", () => {
    test("two requests of Node keep each other's keys while Flask refreshes", () => nodeBesideNode(sides, gate));
    test("Node merges what Flask wrote meanwhile", () => nodeAfterFlask(sides, gate));
    test("Node does not revive whom Flask has logged out", () => nodeAfterLogout(sides, gate));

    test("Flask's refresh overwrites what Node saved meanwhile, unless it is switched off", async () => {
      expect(await nodeBeforeReader(sides, gate, "flask")).toEqual(place.refreshesExpiryOnly ? ["b"] : []);
      expect(await nodeBeforeReader(sides, gate, "calm")).toEqual(["b"]);
    });

    test("Flask's refresh revives whom Node has logged out, unless it is switched off", async () => {
      expect(await isRevivedBy(sides, gate, "flask")).toBe(true);
      expect(await isRevivedBy(sides, gate, "calm")).toBe(false);
    });
  });
});
