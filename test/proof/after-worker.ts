/** A server whose sessions are used when it is too late: `after-worker.ts HOST`. Told a method, it calls it on the last one. */
import { createInterface } from "node:readline";
import { type Session, sessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import type { KitData } from "../../src/testing/internal/adapter-stage.ts";
import { HOSTS, stagesOf } from "./hosts.ts";

type Methods = Record<string, (...args: unknown[]) => unknown>;

const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  get: ["user"],
  pop: ["user"],
  setDefault: ["theme", "dark"],
  update: ["n", (n: unknown) => Number(n ?? 0) + 1],
  flash: ["too late"],
};

let last: Session<KitData> | undefined;
const [stage] = stagesOf(HOSTS[process.argv[2] ?? ""] ?? fail());
const visits = sessions<KitData>({
  store: memoryStore(),
  keys: { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" },
});
const { url, close } =
  (await stage?.start(visits, (_name, session) => ((session["user"] = "ada"), (last = session)))) ?? fail();
console.log(JSON.stringify({ url, methods: [...methodsOf(await visits.open({ cookie: undefined, secure: false }))] }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "over") break;
  await late(() => use(last ?? fail(), line));
  console.log("done");
}
await close();
// Else it would be waited for.
process.stdin.destroy();

/** Every name on the session's prototypes, and an assignment; new ones are found by themselves. */
function* methodsOf(session: object): Generator<string> {
  yield "nothing";
  yield "assignment";
  for (let from: unknown = Object.getPrototypeOf(session); from !== Object.prototype && from !== null;) {
    yield* Object.getOwnPropertyNames(from).filter((name) => name !== "constructor");
    from = Object.getPrototypeOf(from);
  }
}

/** In a timer nobody waits for, and whose exceptions nobody catches. */
function late(run: () => unknown): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => {
      run();
      setTimeout(resolve);
    });
  });
}

function use(session: Session<KitData>, name: string): unknown {
  if (name === "nothing") return undefined;
  if (name === "assignment") return (session["user"] = "eve");
  const value: unknown = session[name];
  return typeof value === "function" ? (session as unknown as Methods)[name]?.(...(ARGUMENTS[name] ?? [])) : value;
}

function fail(): never {
  throw new Error("there is no such host, or it served nobody");
}
