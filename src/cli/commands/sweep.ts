import { setTimeout as pause } from "node:timers/promises";
import type { Command, Io } from "../command.ts";
import { type Config, loadConfig } from "../config.ts";
import { tell } from "../failure.ts";
import { parserOf, secondsOf } from "../parser.ts";

export const name: Command["name"] = "sweep";

export const summary: Command["summary"] =
  "remove expired sessions from a store whose engine forgets nothing by itself";

interface Options {
  config?: string;
  every?: number;
  json?: boolean;
  verbose?: boolean;
}

const EXAMPLES = `
Examples:
  flagon sweep                               once, say from cron; reads flagon.config.js (.mjs, .ts)
  flagon sweep --config sessions.js --json
  flagon sweep --every 300                   until SIGINT or SIGTERM

A configuration module exports the store, and \`close\` if there is something to close:
  export const store = fileStore({ directory: "/var/lib/app/sessions" });

Several sweeps at a time do no harm. Exit codes: 0 done, 1 failed, 2 wrongly used.`;

export const run: Command["run"] = async (args, io) => {
  const parser = parserOf(`flagon ${name}`, summary, io)
    .option("-c, --config <file>", "the module that exports the store")
    .option("-e, --every <seconds>", "go on, with so many seconds from one sweep to the next", secondsOf)
    .option("--json", "print a line of JSON for each sweep")
    .option("--verbose", "print the stack of an error")
    .addHelpText("after", EXAMPLES);
  const options = parser.parse(args, { from: "user" }).opts<Options>();
  return attempt(options, io, async () => {
    const config = await loadConfig(options.config);
    const code = await sweepOver(config, options, io);
    return (await attempt(options, io, () => config.close().then(() => 0))) || code;
  });
};

async function sweepOver(config: Config, options: Options, io: Io): Promise<number> {
  const { every } = options;
  const sweep = () => attempt(options, io, () => sweepOnce(config, options, io));
  if (every === undefined || !config.store.deleteExpired) return sweep();
  const stopped = io.untilStopped();
  let code = 0;
  while (!stopped.aborted) {
    // An outage ends nothing: the next sweep tries again.
    code = await sweep();
    await pause(every * 1000, undefined, { signal: stopped }).catch(() => undefined);
  }
  return code;
}

async function sweepOnce({ name: config, store }: Config, { json }: Options, io: Io): Promise<number> {
  const began = performance.now();
  const deleted = await store.deleteExpired?.();
  const seconds = (performance.now() - began) / 1000;
  const swept = {
    config,
    sweepable: deleted !== undefined,
    deleted: deleted ?? 0,
    seconds: Number(seconds.toFixed(3)),
  };
  io.out(`${json ? JSON.stringify(swept) : sentenceOf(swept)}\n`);
  return 0;
}

/** What a sweep did. */
interface Swept {
  config: string;
  sweepable: boolean;
  deleted: number;
  seconds: number;
}

function sentenceOf({ config, sweepable, deleted, seconds }: Swept): string {
  if (!sweepable) return `nothing to sweep: the store of ${config} has no deleteExpired, its engine forgets by itself`;
  const sessions = deleted === 1 ? "session" : "sessions";
  return `${deleted} expired ${sessions} removed from the store of ${config} in ${seconds.toFixed(1)} s`;
}

async function attempt({ verbose = false }: Options, io: Io, act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    return tell(error, { command: `flagon ${name}`, verbose }, io);
  }
}
