import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { has } from "../engines.ts";
import { type Figure, shortOf } from "./figure.ts";
import { FIGURES } from "./figures/index.ts";
import { PLACES, groundOf } from "./places.ts";

/** As good as any other; a failure names it, and `npm run proof -- --seed` takes it. */
const seed = Date.now() % 1_000_000;

/** In milliseconds, on a machine that is busy: no figure is told by the time that it takes. */
const LONG = 600_000;

/** The short form of `npm run proof` in one place: each has a file in `in/`, so that they are run side by side. */
export function proveIn(place: string): void {
  const shown = Object.values(FIGURES).filter(({ places, shortPlaces = places }) => shortPlaces.includes(place));
  const engine = PLACES[place]?.engine;
  describe.skipIf(engine !== undefined && !has(engine))(`the proof in ${place}`, () => {
    showAll(shown, place);
  });
}

/** Those that need no place. */
export function proveAlone(): void {
  const alone = Object.values(FIGURES).filter(({ places }) => places.length === 0);
  describe("the proof by itself", () => {
    showAll(alone, "");
  });
}

function showAll(figures: Figure[], place: string): void {
  let ground: Awaited<ReturnType<typeof groundOf>>;
  beforeAll(async () => void (ground = await groundOf(place)));
  afterEach(() => ground.clear());
  afterAll(() => ground.stop());

  const cases = figures
    .filter(({ needs }) => needs === undefined || has(needs))
    .map((figure) => [figure.goals, figure.title, figure] as const);
  test.each(cases)("%s: %s", { timeout: LONG }, async (_goals, _title, figure) => {
    const times = shortOf(figure, place);
    const rows = await figure.run({ place, address: ground.address, times, seed });
    expect(rows.flatMap(({ failure = [] }) => failure)).toEqual([]);
    expect(rows).not.toEqual([]);
  });
}
