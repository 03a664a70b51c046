import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { has } from "../engines.ts";
import { shortOf } from "./figure.ts";
import { FIGURES } from "./figures/index.ts";
import { PLACES, groundOf } from "./places.ts";

/** As good as any other; a failure names it, and `npm run proof -- --seed` takes it. */
const seed = Date.now() % 1_000_000;

/** Place by place, so that no engine is started twice. The short form of `npm run proof`. */
for (const place of ["", ...Object.keys(PLACES)]) {
  const engine = PLACES[place]?.engine;
  const here = Object.values(FIGURES).filter(({ places, shortPlaces = places }) =>
    place === "" ? places.length === 0 : shortPlaces.includes(place),
  );
  const figures = here.filter(({ needs }) => needs === undefined || has(needs));
  describe.skipIf(figures.length === 0 || (engine !== undefined && !has(engine)))(`the proof in ${place}`, () => {
    let ground: Awaited<ReturnType<typeof groundOf>>;
    beforeAll(async () => void (ground = await groundOf(place)));
    afterAll(() => ground.stop());

    const cases = figures.map((figure) => [figure.goals, figure.title, figure] as const);
    test.each(cases)("%s: %s", { timeout: 120_000 }, async (_goals, _title, figure) => {
      const times = shortOf(figure, place);
      const rows = await figure.run({ place, address: ground.address, times, seed });
      expect(rows.flatMap(({ failure = [] }) => failure)).toEqual([]);
      expect(rows).not.toEqual([]);
    });
  });
}
