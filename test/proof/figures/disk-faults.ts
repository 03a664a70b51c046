import { engines } from "../../../scripts/engines/index.mjs";
import { type DiskName, DISKS } from "../disk/disks.ts";
import { ERRORS, failEverywhere } from "../disk/faults.ts";
import { type StepName, STEPS } from "../disk/steps.ts";
import type { Figure } from "../figure.ts";

/** Every system call of each verb fails in its turn: `times` says with how many of the errors. */
export const diskFaults: Figure = {
  goals: "G9",
  title: "a fault at every system call",
  places: Object.keys(DISKS),
  needs: "strace",
  times: { deep: ERRORS.length, short: 1 },
  columns: ["store", "step", "faults", "rejected: as it was", "rejected: done", "done", "left something", "flaws"],
  async run({ place, address, times }) {
    const { path: strace } = await engines.strace.open();
    const where = { disk: place as DiskName, parent: address, strace };
    const rows = [];
    for (const step of Object.keys(STEPS) as StepName[]) {
      const { counts, flaws } = await failEverywhere(where, step, times);
      const { faults, old, new: fresh, done, littered } = counts;
      const cells = [place, step, faults, old, fresh, done, littered, flaws.length];
      rows.push(
        flaws.length === 0 && faults > 0 ? { cells } : { cells, failure: flaws.join("\n") || `${step}: no fault` },
      );
    }
    return rows;
  },
};
