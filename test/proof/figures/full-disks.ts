import { type DiskName, DISKS } from "../disk/disks.ts";
import { PRESSES, pressed } from "../disk/full.ts";
import type { Figure } from "../figure.ts";

/** A session is saved where there is no room, by each way in which there can be none. */
export const fullDisks: Figure = {
  goals: "G9",
  title: "disks without room, and processes without descriptors",
  places: Object.keys(DISKS),
  times: { deep: 1, short: 1 },
  columns: ["store", "what", "save", "flaws"],
  async run({ place, address }) {
    const rows = [];
    for (const press of PRESSES.filter(({ only = place }) => only === place)) {
      const seen = await pressed(place as DiskName, address, press);
      if (!seen) {
        rows.push({ cells: [place, press.title, "not shown: only root may mount", 0] });
        continue;
      }
      const { ended, flaws } = seen;
      const told = "result" in ended ? ended.result : `${ended.status} (${ended.cause})`;
      const cells = [place, press.title, told, flaws.length];
      rows.push(flaws.length === 0 ? { cells } : { cells, failure: flaws.join("\n") });
    }
    return rows;
  },
};
