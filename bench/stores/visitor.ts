/** A process that visits a page with a cookie, a few at a time, and tells when asked how long each request took. */
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** When a request was sent, in epoch milliseconds with their fraction, and how many milliseconds it took. */
export type Request = [start: number, took: number];

const VISITORS = 4;

/** Milliseconds between an answer and the next request. */
const PAUSE = 2;

const [url = "", cookie = ""] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const requests: Request[] = [];

process.on("message", () => process.send?.(requests.splice(0)));
process.once("disconnect", () => process.exit());
for (let visitor = 0; visitor < VISITORS; visitor++) void visitAgain();

async function visitAgain(): Promise<never> {
  for (;;) {
    const start = performance.now();
    await visit();
    requests.push([performance.timeOrigin + start, performance.now() - start]);
    await sleep(PAUSE);
  }
}

function visit(): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { cookie } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}`));
      response.resume().once("end", resolve);
    }).once("error", reject);
  });
}
