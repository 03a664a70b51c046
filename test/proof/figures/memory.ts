import { interleave } from "../../histories/interleave.ts";
import { inMemory, runModel } from "../../model/run.ts";
import type { Figure, Row } from "../figure.ts";

/** What needs a store whose every step can be told to wait, or which is quick enough for very many. */
export const memory: Figure = {
  goals: "G5",
  title: "sessions in memory agree with the model, and with one serial order where requests meet",
  places: [],
  times: { deep: 20_000, short: 1000 },
  columns: ["what", "runs", "commands", "divergences"],
  run: async ({ times, seed }) => [await sequences(Math.min(times, 10_000), seed), await schedules(times, seed)],
};

async function sequences(times: number, seed: number): Promise<Row> {
  const run = await runModel(times, seed, inMemory);
  return row(["sequences of commands", run.sequences, run.commands], run.failure);
}

async function schedules(times: number, seed: number): Promise<Row> {
  const run = await interleave(times, seed);
  return row(["schedules of two to four clients", run.schedules, ""], run.failure);
}

function row(cells: (string | number)[], failure: string | undefined): Row {
  return failure === undefined ? { cells: [...cells, 0] } : { cells: [...cells, 1], failure };
}
