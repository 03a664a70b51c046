import { startWorker } from "../disk/bundle.ts";
import { crowd, PROCESSES } from "../disk/crowd.ts";
import { type DiskName, DISKS, newHome } from "../disk/disks.ts";
import type { Figure } from "../figure.ts";

/** Eight processes raise one number of a session; some are stopped by a signal while others go on. */
export const crowds: Figure = {
  goals: "G2 on disks",
  title: "eight processes raise one number, some are stopped meanwhile",
  places: Object.keys(DISKS),
  times: { deep: 8000, short: 400 },
  columns: ["store", "processes", "changes", "acknowledged", "found", "refused once", "stops", "left after a sweep"],
  async run({ place, address, times, seed }) {
    const disk = place as DiskName;
    const folder = await newHome(disk, address);
    const told = await crowd(disk, folder, { total: times, seed }, (plan) => startWorker("count", plan));
    const { store, close } = await DISKS[disk].open(folder);
    await store.deleteExpired();
    await close();
    const { acknowledged, found, refused, stops } = told;
    const left = await DISKS[disk].flaws(folder, 1);
    const cells = [place, PROCESSES, times, acknowledged, found, refused, stops, left.length];
    const isExact = acknowledged === times && found === times && left.length === 0;
    return [
      isExact ? { cells } : { cells, failure: `${place}, seed ${seed}: ${found} of ${times}; ${left.join("\n")}` },
    ];
  },
};
