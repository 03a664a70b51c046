import { crash } from "../disk/crashes.ts";
import { type DiskName, DISKS } from "../disk/disks.ts";
import type { Figure } from "../figure.ts";

/** Four processes with two writers each, in a store of 60 kB entries, are killed soon after they began; again and again. */
export const crashes: Figure = {
  goals: "G8",
  title: "kill -9 while eight write",
  places: Object.keys(DISKS),
  times: { deep: 1000, short: 32 },
  columns: ["store", "kills", "acknowledged", "unheard", "torn", "lost", "twice", "leftovers", "after a sweep"],
  async run({ place, address, times, seed }) {
    const { counts, flaws } = await crash(place as DiskName, address, times, seed);
    const { kills, acknowledged, unheard, torn, lost, twice, littered, unswept } = counts;
    const cells = [place, kills, acknowledged, unheard, torn, lost, twice, littered, unswept];
    return [flaws.length === 0 ? { cells } : { cells, failure: flaws.join("\n") }];
  },
};
