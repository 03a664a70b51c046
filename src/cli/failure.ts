import { SessionError } from "../errors.ts";
import type { Io } from "./command.ts";

/** Says on the standard error what went wrong, and gives the exit code for it: 2 where the configuration has to be mended. */
export function tell(error: unknown, { command, verbose }: { command: string; verbose: boolean }, io: Io): number {
  io.err(`${command}: ${explain(error)}\n`);
  if (verbose) for (const each of causesOf(error)) io.err(`${withoutPassword(stackOf(each))}\n`);
  return error instanceof SessionError && error.code === "CONFIG" ? 2 : 1;
}

/** In one line what failed and why, each error with its code. A password in a URL is left out. */
export function explain(error: unknown): string {
  return withoutPassword(
    causesOf(error)
      .map(sentenceOf)
      .join(": ")
      .replaceAll(/\s*\n\s*/g, " "),
  );
}

/** An error and what caused it, the outermost first. */
function causesOf(error: unknown): unknown[] {
  const causes = new Set<unknown>();
  for (let each = firstOf(error); each !== undefined && !causes.has(each); each = causeOf(each)) causes.add(each);
  return [...causes];
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? firstOf(error.cause) : undefined;
}

/** Of several that have no message of their own, such as one for each address of a host, the first tells enough. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && error.message === "" ? error.errors[0] : error;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { code?: unknown };
  const text = error.message || error.name;
  return (typeof code === "string" || typeof code === "number") && !text.includes(String(code))
    ? `${text} (${code})`
    : text;
}

function stackOf(error: unknown): string {
  return (error instanceof Error && error.stack) || String(error);
}

function withoutPassword(text: string): string {
  return text.replaceAll(/(?<=:\/\/[^\s:@/]*:)[^\s@/]+(?=@)/g, "***");
}
