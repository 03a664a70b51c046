/** Whether a history of operations that overlap could have come from a machine that does one after the other. */

/** An operation as whoever asked saw it. */
export interface Operation<Input, Output> {
  readonly input: Input;
  /** Absent: nobody knows. It took effect at any time after it was asked, or never. */
  readonly output?: Output;
  /** When it was asked, and when it was answered, by one clock for all. */
  readonly from: number;
  readonly to: number;
}

/** What an operation does to a state. */
export interface Machine<State, Input, Output> {
  readonly start: State;
  /** The states that may follow where this was the answer; none: it cannot be. Without an answer: where it was done. */
  after(state: State, input: Input, output: Output | undefined): readonly State[];
  /** A text that no other state has. */
  nameOf(state: State): string;
}

/** More steps than this are not taken: the history is too long, or too much of it in doubt. */
const MOST_STEPS = 2_000_000;

/** Wing and Gong's search, with Lowe's memory of what was tried before. Throws for a history that takes too long. */
export function isLinearizable<State, Input, Output>(
  history: readonly Operation<Input, Output>[],
  machine: Machine<State, Input, Output>,
): boolean {
  const operations = history.toSorted((a, b) => a.from - b.from);
  const done = operations.map(() => false);
  const tried = new Set<string>();
  let open = operations.filter((operation) => operation.output !== undefined).length;
  return search(machine.start);

  function search(state: State): boolean {
    if (open === 0) return true;
    const name = `${positionOf(done)} ${machine.nameOf(state)}`;
    if (tried.has(name)) return false;
    if (tried.size >= MOST_STEPS) throw new Error(`the history of ${operations.length} operations is too long`);
    tried.add(name);
    return candidates().some((n) => take(n, state));
  }

  function take(n: number, state: State): boolean {
    const { input, output } = operations[n] as Operation<Input, Output>;
    done[n] = true;
    if (output !== undefined) open--;
    if (machine.after(state, input, output).some(search)) return true;
    done[n] = false;
    if (output !== undefined) open++;
    return false;
  }

  /** What may come next: nothing that is still to come was answered before it was asked. */
  function candidates(): number[] {
    let limit = Infinity;
    const found: number[] = [];
    for (let n = done.indexOf(false); n < operations.length; n++) {
      const { from, to, output } = operations[n] as Operation<Input, Output>;
      if (from > limit) break;
      if (done[n]) continue;
      found.push(n);
      if (output !== undefined) limit = Math.min(limit, to);
    }
    return found;
  }
}

/** Which are done: all before the first that is not, and of those behind it these. */
function positionOf(done: readonly boolean[]): string {
  const first = done.indexOf(false);
  const last = done.lastIndexOf(true);
  let behind = "";
  for (let n = first; n <= last; n++) behind += done[n] ? "1" : "0";
  return `${first} ${behind}`;
}
