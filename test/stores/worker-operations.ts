/** File operations that something happens to: one fails, or somebody comes before it. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { codeOf } from "../../src/stores/internal/failures.ts";

const OPERATIONS = [
  "chmodSync",
  "closeSync",
  "fstatSync",
  "lstatSync",
  "mkdirSync",
  "openSync",
  "readFileSync",
  "readdirSync",
  "renameSync",
  "rmdirSync",
  "unlinkSync",
  "writeFileSync",
] as const;

type Operation = (...args: unknown[]) => unknown;

/** What happens before an operation. */
type Meddle = (name: string, original: Operation, args: unknown[]) => void;

/** Calls `meddle` before the nth file operation of `run`, counted from 0, and gives its name if there was one. */
export async function meddling(n: number, meddle: Meddle, run: () => Promise<void>): Promise<string | undefined> {
  const operations = fs as unknown as Record<string, Operation>;
  const originals = OPERATIONS.map((name) => [name, operations[name] as Operation] as const);
  let met: string | undefined;
  let count = 0;
  for (const [name, original] of originals) {
    operations[name] = (...args) => {
      if (count++ === n) meddle((met = name), original, args);
      return original(...args);
    };
  }
  syncBuiltinESMExports();
  try {
    await run();
    return met;
  } finally {
    Object.assign(operations, Object.fromEntries(originals));
    syncBuiltinESMExports();
  }
}

/** Lets the nth file operation of `run` fail with a code, and gives its name and the code that came of it. */
export async function failing(
  n: number,
  code: string,
  run: () => Promise<unknown>,
): Promise<{ failed: string | undefined; code: string | undefined }> {
  let given: string | undefined;
  const failed = await meddling(n, failWith(code), () =>
    run().then(
      () => undefined,
      (error: unknown) => void (given = codeOf(error)),
    ),
  );
  return { failed, code: given };
}

/** A file is closed for all that, and half of a record is written. */
function failWith(code: string): Meddle {
  return (name, original, args) => {
    if (name === "closeSync") original(...args);
    if (name === "writeFileSync") original(args[0], "half a rec", args[2]);
    throw Object.assign(new Error(`${code}: ${name}`), { code });
  };
}
