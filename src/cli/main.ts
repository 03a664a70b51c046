#!/usr/bin/env node
/** `flagon` on the command line: hands its arguments to a command, and ends with the exit code that it gives. */
import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import type { Command, Io } from "./command.ts";
import * as migrate from "./commands/migrate.ts";
import * as sweep from "./commands/sweep.ts";
import { parserOf } from "./parser.ts";

const COMMANDS: readonly Command[] = [migrate, sweep];

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
  untilStopped() {
    const stopper = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopper.abort());
    return stopper.signal;
  },
};

// Whoever reads may have read enough: `flagon --help | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const code = await main(process.argv.slice(2));
// A client that the user's module opened and did not close may not keep the process. What was written has to go out.
process.stderr.write("", () => process.stdout.write("", () => process.exit(code)));

async function main(args: readonly string[]): Promise<number> {
  let result = 0;
  const program = parserOf("flagon", "look after the sessions of your servers", io)
    .version(version(), "-v, --version", "show the version")
    .usage("<command> [options]")
    .addHelpText("after", "\nflagon <command> --help shows the options of a command.");
  for (const { name, summary, run } of COMMANDS) {
    // Its arguments are read by the command itself.
    const command = program.command(name).description(summary).usage("[options]").helpOption(false);
    command.allowUnknownOption().allowExcessArguments();
    command.action(async () => void (result = await run(command.args, io)));
  }
  try {
    const [first, ...rest] = args;
    await program.parseAsync(first === "help" ? [...rest, "--help"] : args, { from: "user" });
    return result;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

function version(): string {
  const { version: told } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return told;
}
