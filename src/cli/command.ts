/** A command of `flagon`: a module of its own in `commands/`. */
export interface Command {
  readonly name: string;
  /** What it does, for the list of commands: a verb first, no full stop. */
  readonly summary: string;
  /** Runs with the arguments behind its name. Resolves with the exit code: 0 done, 1 failed, 2 wrongly used. */
  run(args: readonly string[], io: Io): Promise<number>;
}

/** What a command has of the world around it. */
export interface Io {
  /** Writes to the standard output. */
  out(text: string): void;
  /** Writes to the standard error. */
  err(text: string): void;
  /** Whether the standard error is a terminal, where a line can be written anew. */
  readonly isTerminal: boolean;
  /** From now on the first SIGINT or SIGTERM ends nothing, but aborts this; a second one ends the process. */
  untilStopped(): AbortSignal;
}
