import { type Store, sessions } from "../../../src/index.ts";
import { browser } from "../../../src/testing/browser.ts";
import type { AdapterName } from "../../servers/adapters.ts";
import { ServerProcess } from "../../servers/process.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { PLACES } from "../places.ts";
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
  const server = await ServerProcess.start({ place: "file", address, adapter, keys });
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
  const whole = await wholeOf(address, cookies);
  const cells = [adapter, times, answered, whole, String(code)];
  const isRight = answered === times && whole === times && code === 0;
  return isRight ? { cells } : { cells, failure: `${adapter}, seed ${seed}: ${cells.join(", ")}` };
}

/** How many sessions have both halves, as another process finds them. */
async function wholeOf(address: string, cookies: readonly string[]): Promise<number> {
  const opened = await PLACES["file"]?.open(address);
  const visits = sessions<Record<string, unknown>>({ store: opened?.store as Store, keys, storeTimeout: 120 });
  const found = await Promise.all(cookies.map((cookie) => visits.open({ cookie, secure: false })));
  return found.filter(({ left, right }) => left === "after" && right === "after").length;
}
