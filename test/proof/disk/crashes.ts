/** Rounds of writers that are all killed, and what is found after each. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { range } from "../../../src/testing/internal/stage.ts";
import { valueOf } from "../../stores/worker-values.ts";
import { type Choose, chooseBy } from "../schedules/random.ts";
import { startWorker } from "./bundle.ts";
import { type DiskName, DISKS, newHome } from "./disks.ts";
import { type Counts, judge, type Said } from "./judge.ts";
import { soon, type Word, type WritePlan } from "./writers.ts";

const PROCESSES = 4;
/** Writers of a process; each has one save under way when it is killed. */
const WRITERS = 2;
/** Fewer than writers, so that they meet. */
const KEYS = ["shared-0", "shared-1", "shared-2"];
/** A process is killed after so many words and so many milliseconds, at the latest: a busy machine lets it say few. */
const [WORDS, LONGEST] = [12, 10];

/** Kills so many processes that write, and gives what was found, with a text for whatever should not be. */
export async function crash(
  disk: DiskName,
  parent: string,
  kills: number,
  seed: number,
): Promise<{ counts: Counts; flaws: string[] }> {
  const choose = chooseBy(seed);
  const counts: Counts = { kills: 0, acknowledged: 0, unheard: 0, torn: 0, lost: 0, twice: 0, littered: 0, unswept: 0 };
  const folder = await newHome(disk, parent);
  const { store, close } = await DISKS[disk].open(folder);
  for (const key of KEYS) await store.create(key, { value: valueOf(0), expiresAt: soon() });
  const numbers = new Map(KEYS.map((key) => [key, 0]));
  const flaws: string[] = [];
  for (let round = 0; counts.kills < kills; round++) {
    const plans = range(PROCESSES).map((n) => planOf(disk, folder, round, n));
    const said = await killed(plans, choose);
    counts.kills += PROCESSES;
    const found = await judge({ disk, folder, store, numbers, said, plans, counts, sweepsFirst: round % 2 === 0 });
    flaws.push(...found.map((flaw) => `${disk}, seed ${seed}, round ${round}: ${flaw}`));
  }
  await close();
  return { counts, flaws };
}

function planOf(disk: DiskName, folder: string, round: number, n: number): WritePlan {
  const keys = range(WRITERS).map((writer) => KEYS[(n * WRITERS + writer) % KEYS.length] ?? "");
  return { disk, folder, keys, name: `${round}.${n}` };
}

/** Lets writers go together, kills each after a time of its own, and gives what they said. */
async function killed(plans: readonly WritePlan[], choose: Choose): Promise<Said> {
  const writers = plans.map((plan) => hearing(startWorker("write", plan)));
  await Promise.all(writers.map(({ ready }) => ready));
  await Promise.all(
    writers.map(async ({ child, said, closed }) => {
      const [words, ms] = [choose(WORDS), choose(LONGEST * 1000) / 1000];
      child.stdin?.write("g");
      while (said.length < words) await pause(1);
      await pause(ms);
      child.kill("SIGKILL");
      await closed;
    }),
  );
  return writers.flatMap(({ said }) => said);
}

/** What a child says, once it has said that it is ready. */
function hearing(child: ChildProcess) {
  const said: Said = [];
  const closed = once(child, "close");
  const ready = new Promise<void>((resolve, reject) => {
    void closed.then(() => reject(new Error("a writer did not start")));
    createInterface({ input: child.stdout ?? process.stdin }).on("line", (line) => {
      const [word, key = "", number] = line.split(" ");
      if (word === "ready") resolve();
      else said.push([word as Word, key, Number(number)]);
    });
  });
  return { child, said, ready, closed };
}
