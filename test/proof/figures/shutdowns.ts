import { browser } from "../../../src/testing/browser.ts";
import type { AdapterName } from "../../servers/adapters.ts";
import { ServerProcess } from "../../servers/process.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { chooseBy, shuffled } from "../schedules/random.ts";

const ADAPTERS: readonly AdapterName[] = ["express", "node", "fetch"];
const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };

/** Servers that are told to end while they save. */
export const shutdowns: Figure = {
  goals: "F40",
  title: "SIGTERM with saves under way: all settle, none half",
  places: [],
  times: { deep: 1000, short: 100 },
  columns: ["adapter", "saves under way", "answered with 200", "whole afterwards", "exit code"],
  async run(ground) {
    const rows: Row[] = [];
    for (const adapter of ADAPTERS) rows.push(await rowOf(ground, adapter));
    return rows;
  },
};

async function rowOf({ address, times, seed }: Ground, adapter: AdapterName): Promise<Row> {
  const plan = { place: "file", address, adapter, keys };
  const server = await ServerProcess.start(plan);
  const tabs = Array.from({ length: times }, () => browser(server.url));
  await Promise.all(tabs.map((tab) => tab.visit("/pair/before")));
  const cookies = tabs.map((tab) => tab.cookies() ?? "");
  const gates = tabs.map((_, n) => `save${n}`);
  const answers = tabs.map((tab, n) => tab.visit(`/pair/after/save/${gates[n]}`));
  await Promise.all(gates.map((gate) => server.held(gate)));
  await server.terminate();
  for (const gate of shuffled(gates, chooseBy(seed))) server.letThrough(gate);
  const settled = await Promise.allSettled(answers);
  const [code] = await server.over();
  const answered = settled.filter((one) => one.status === "fulfilled" && one.value.status === 200).length;
  const whole = await wholeOf(plan, cookies);
  const cells = [adapter, times, answered, whole, String(code)];
  const isRight = answered === times && whole === times && code === 0;
  return isRight ? { cells } : { cells, failure: `${adapter}, seed ${seed}: ${cells.join(", ")}` };
}

/** How many sessions have both halves, as the next process finds them. */
async function wholeOf(plan: Parameters<typeof ServerProcess.start>[0], cookies: readonly string[]): Promise<number> {
  const server = await ServerProcess.start(plan);
  const tab = browser(server.url);
  const pages = await Promise.all(cookies.map((cookie) => tab.visit("/read", { cookie })));
  await server.stop();
  const found = pages.map(({ text }) => JSON.parse(text) as { left?: string; right?: string });
  return found.filter(({ left, right }) => left === "after" && right === "after").length;
}
