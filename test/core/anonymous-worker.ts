/** Serves anonymous requests, a third of them untouched, and tells by how many bytes the heap has grown. */
import { holdBack } from "../../src/core/state.ts";
import { anonymous, memorySessions } from "./helpers.ts";

const { sessions } = memorySessions();

async function serve(requests: number): Promise<void> {
  for (let n = 0; n < requests; n++) {
    const session = await sessions.open(n % 3 === 1 ? { ...anonymous, cookie: `sid=forged${n}` } : anonymous);
    if (n % 3 === 0) holdBack(session);
    else session.get("user");
    await sessions.save(session);
  }
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

await serve(2_000);
const before = heap();
await serve(Number(process.argv[2]));
console.log(heap() - before);
