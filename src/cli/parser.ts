import { Command as Parser, InvalidArgumentError } from "commander";
import type { Io } from "./command.ts";

/** Reads arguments. Says itself what is wrong with them, or the help asked for, and throws commander's error then. */
export function parserOf(name: string, summary: string, io: Io): Parser {
  return new Parser(name)
    .description(`${summary[0]?.toUpperCase() ?? ""}${summary.slice(1)}.`)
    .helpOption("-h, --help", "show this help")
    .helpCommand(false)
    .showHelpAfterError(`(${name} --help shows what there is)`)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) });
}

/** Reads a number of seconds above 0, and not too long for a timer. */
export function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds > 0 && seconds <= LONGEST) return seconds;
  throw new InvalidArgumentError(`Give seconds, more than 0 and at most ${LONGEST}.`);
}

/** Reads a whole number above 0. */
export function wholeOf(text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("Give a whole number above 0.");
}

/** The whole seconds in the longest timer, which has 2^31 - 1 ms. */
const LONGEST = 2_147_483;
