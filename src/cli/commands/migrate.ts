import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Option } from "commander";
import { RECORD_FORMATS, type RecordFormat, recordsFrom } from "../../compat/records.ts";
import { sha256 } from "../../crypto/bytes.ts";
import { SessionError } from "../../errors.ts";
import { EVENTS, type SessionEvent } from "../../events.ts";
import type { Entry } from "../../store.ts";
import type { Command, Io } from "../command.ts";
import { type Exports, isStore, loadExports } from "../config.ts";
import { tell } from "../failure.ts";
import { type Counts, moveAll, NONE, noteUnreadable, type Plan, verifyAll } from "../migrate/moving.ts";
import { showProgress } from "../migrate/progress.ts";
import { tellingRefusals } from "../migrate/refusal.ts";
import { sourceIn } from "../migrate/source.ts";
import { saveState, type State, stateFrom } from "../migrate/state.ts";
import { parserOf, secondsOf, wholeOf } from "../parser.ts";

export const name: Command["name"] = "migrate";

export const summary: Command["summary"] = "move sessions from one store to another, or from another library's records";

interface Options {
  config?: string;
  from: string;
  to: string;
  format: RecordFormat | "same";
  codec: "msgpack" | "json";
  keys: "keep" | "hash";
  prefix: string;
  lifetime: number;
  concurrency: number;
  expect?: number;
  resume?: string;
  delete?: boolean;
  dryRun?: boolean;
  verify?: boolean;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Milliseconds between two writes of the file of `--resume`. */
const SAVE_EVERY = 1000;

const EXAMPLES = `
Examples:
  flagon migrate --from old --to store --dry-run
  flagon migrate --from old --to store --verify --resume migration.json
  flagon migrate --from old --to store --delete          while servers run with migratingStore(old, store)
  flagon migrate --from connect --to store --format express-session --keys hash

A configuration module exports both stores, and \`close\` if there is something to close:
  export const old = redisStore(client);
  export const store = sqlStore(db);

Without --delete it copies, for servers that stand still. A session that the new store has already is left alone, so it
can be run again and goes on. Exit codes: 0 done, 1 failed, stopped, or something is missing, unreadable or refused, 2 wrongly
used.`;

export const run: Command["run"] = async (args, io) => {
  const options = parser(io).parse(args, { from: "user" }).opts<Options>();
  return attempt(options, io, async () => {
    const config = await loadExports(options.config);
    const code = await attempt(options, io, () => migrate(config, options, io));
    return (await attempt(options, io, () => config.close().then(() => 0))) || code;
  });
};

function parser(io: Io) {
  return parserOf(`flagon ${name}`, summary, io)
    .requiredOption("--from <name>", "the export that is the old store")
    .requiredOption("--to <name>", "the export that is the new store")
    .option("-c, --config <file>", "the module that exports the stores")
    .addOption(
      new Option("--format <name>", "whose records the old store has")
        .choices(["same", ...RECORD_FORMATS])
        .default("same"),
    )
    .addOption(new Option("--codec <name>", "what the records become").choices(["msgpack", "json"]).default("msgpack"))
    .addOption(
      new Option("--keys <how>", "keep the keys, or hash the ids in them").choices(["keep", "hash"]).default("keep"),
    )
    .option("--prefix <text>", "with --keys hash: what stands before the id in a key", "")
    .option("--lifetime <seconds>", "the life of a record that tells no end", secondsOf, 86_400)
    .option("--concurrency <number>", "how many are under way at once", wholeOf, 16)
    .option("--expect <number>", "how many there are, for a bar", wholeOf)
    .option("--resume <file>", "keep the counts here, and go on with those of an earlier run")
    .option("--delete", "remove from the old store what has moved")
    .option("--dry-run", "write nothing")
    .option("--verify", "look afterwards whether the new store has all of it")
    .option("--json", "print a line of JSON at the end")
    .option("--quiet", "show no progress")
    .option("--verbose", "print the stack of an error")
    .addHelpText("after", EXAMPLES);
}

async function migrate(config: Exports, options: Options, io: Io): Promise<number> {
  const { from, to, format, keys, resume } = options;
  const state = stateFrom(resume, { from, to, format, keys });
  const plan = await planOf(config, options, state);
  const counts: Counts = { ...NONE, unreadableKeys: [], refusedKeys: [] };
  const save = (done: boolean) =>
    plan.dryRun || saveState(resume, { ...state, moved: state.moved + counts.moved, done });
  const [stopped, began] = [io.untilStopped(), performance.now()];
  // A process that is killed leaves at least when it began.
  save(false);
  const saving = setInterval(() => save(false), SAVE_EVERY);
  const hide = options.quiet ? undefined : showProgress(counts, options.expect, io);
  try {
    await hearing(counts, () => moveAll(plan, counts, stopped));
    if (plan.verifies && !plan.deletes) await verifyAll(plan, counts, stopped);
    save(!stopped.aborted);
  } catch (error) {
    save(false);
    throw error;
  } finally {
    clearInterval(saving);
    hide?.();
  }
  const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
  const done: Done = { ...counts, dryRun: plan.dryRun, stopped: stopped.aborted, movedBefore: state.moved, seconds };
  io.out(`${options.json ? JSON.stringify(done) : sentencesOf(done, plan.verifies)}\n`);
  return done.stopped || counts.unreadable > 0 || counts.refused > 0 || counts.missing > 0 ? 1 : 0;
}

/** What a run did. */
interface Done extends Counts {
  dryRun: boolean;
  stopped: boolean;
  /** By the runs before, as the file of `--resume` has it. */
  movedBefore: number;
  seconds: number;
}

/** Counts what a store itself cannot read while it lists. */
async function hearing(counts: Counts, act: () => Promise<void>): Promise<void> {
  const hear = (message: unknown) => {
    const { type, key } = message as SessionEvent;
    if (type === "unreadable") noteUnreadable(counts, key ?? "no key");
  };
  subscribe(EVENTS, hear);
  try {
    await act();
  } finally {
    unsubscribe(EVENTS, hear);
  }
}

function sentencesOf(done: Done, verifies: boolean): string {
  const { read, moved, there, gone, unreadable, unreadableKeys, refused, refusedKeys, refusal, seconds } = done;
  const before = done.movedBefore > 0 ? ` (${done.movedBefore} before)` : "";
  const lines = [
    `${read} read, ${moved} ${done.dryRun ? "to move" : "moved"}${before}, ${there} there already, ` +
      `${gone} gone meanwhile, ${unreadable} unreadable, ${refused} refused in ${seconds.toFixed(1)} s`,
    unreadable > 0 && `left where they are, by the hashes of their keys: ${unreadableKeys.join(", ")}`,
    refused > 0 && `left there as the new store takes others but not these: ${refusedKeys.join(", ")} (${refusal})`,
    verifies && `${done.verified} verified, ${done.different} different, ${done.missing} missing`,
    done.stopped && "stopped; run it again to go on",
  ];
  return lines.filter((line) => typeof line === "string").join("\n");
}

async function planOf(config: Exports, options: Options, { startedAt }: State): Promise<Plan> {
  const [old, to] = [await config.get(options.from), await config.get(options.to)];
  if (!isStore(to)) {
    throw new SessionError("CONFIG", `${options.to} is no store; give one with create, read, update and delete`);
  }
  if (old === to) throw new SessionError("CONFIG", "--from and --to name the same store; give two");
  const { format, codec, concurrency } = options;
  return {
    from: sourceIn(options.from, old, options.lifetime),
    to: tellingRefusals(to),
    convert: format === "same" ? (entry: Entry) => entry : recordsFrom(format, { createdAt: startedAt, codec }),
    keyOf: options.keys === "keep" ? (key) => key : (key) => sha256(withoutPrefix(key, options.prefix)),
    deletes: options.delete ?? false,
    dryRun: options.dryRun ?? false,
    verifies: options.verify ?? false,
    concurrency,
  };
}

function withoutPrefix(key: string, prefix: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

async function attempt({ verbose = false }: Options, io: Io, act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    return tell(error, { command: `flagon ${name}`, verbose }, io);
  }
}
