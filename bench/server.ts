/** The process that one contender runs in: serves its app on the loopback and answers what `child.ts` asks. */
import { createClient } from "redis";
import type { Answers } from "./child.ts";
import { type Means, contenderOf } from "./contenders.ts";

const [title = "", redisUrl = "", counts] = process.argv.slice(2);
const redis = await createClient({ url: redisUrl }).connect();
const calls: string[] = [];
const watch: Means["watch"] = counts === "counts" ? tell : (store) => store;

const server = contenderOf(title)
  .app({ redis, watch })
  .listen(0, "127.0.0.1", () => process.send?.(server.address()));

process.on("message", (question: keyof Answers) => process.send?.(ANSWERS[question]()));
process.once("disconnect", () => process.exit());

const ANSWERS: { [Question in keyof Answers]: () => Answers[Question] } = {
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  calls: () => calls.splice(0),
};

function tell<Store extends object>(store: Store, methods: readonly (keyof Store & string)[]): Store {
  for (const name of methods) {
    const method: unknown = store[name];
    if (typeof method !== "function") throw new TypeError(`the store has no method ${name}`);
    const told = (...args: unknown[]): unknown => {
      calls.push(name);
      return Reflect.apply(method, store, args);
    };
    Object.defineProperty(store, name, { value: told });
  }
  return store;
}
