import { Float } from "../python.ts";
import { Input } from "./input.ts";
import { build, make, nameOf } from "./known.ts";
import {
  ascii,
  readFloat,
  readInt,
  readLong,
  readQuoted,
  readRawUnicode,
  readTwosComplement,
  readUtf8,
} from "./literals.ts";
import { Dict, Sequence, UnreadablePickle } from "./nodes.ts";

/** The newest protocol there is: that of Python 3.8 to 3.14. */
const LAST_PROTOCOL = 5;
/** What is known takes no more arguments. */
const MAX_ARGUMENTS = 3;
/** How many bytes or characters a call may take for the cost of an opcode. */
const TAKEN_AT_ONCE = 16;

/** The value in a pickle of protocol 0 to 5, as nodes; what follows it is ignored. Throws `UnreadablePickle` only. */
export function unpickle(bytes: Uint8Array): unknown {
  return new Unpickler(bytes).run();
}

type Operation = (machine: Unpickler, input: Input) => void;

/** The stack machine of Python's `pickle`, without the opcodes that reach beyond the pickle. */
class Unpickler {
  readonly #input: Input;
  readonly #stack: unknown[] = [];
  /** How high the stack was at each mark. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array) {
    this.#input = new Input(bytes);
  }

  run(): unknown {
    for (;;) {
      const opcode = this.#input.uint(1);
      if (opcode === STOP) return this.pop();
      const operation = OPERATIONS.get(opcode);
      if (!operation) throw new UnreadablePickle(`a pickle has the opcode 0x${opcode.toString(16)}, which is not read`);
      this.#input.spend(1);
      operation(this, this.#input);
    }
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    this.#needOne();
    return this.#stack.pop();
  }

  top(): unknown {
    this.#needOne();
    return this.#stack.at(-1);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** All above the last mark, which goes with it. */
  popMark(): unknown[] {
    const from = this.#marks.pop();
    if (from === undefined) throw new UnreadablePickle("a pickle has no mark where it needs one");
    return this.#stack.splice(from);
  }

  /** What is removed by one opcode: a mark if that is uppermost, else a value. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop();
    else this.pop();
  }

  tuple(items: unknown[]): void {
    this.push(new Sequence("tuple", items));
  }

  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).toReversed();
  }

  /** Adds values to the list or set on top. */
  add(kind: "list" | "set", values: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Sequence) || target.kind !== kind)
      throw new UnreadablePickle(`a pickle has no ${kind} here`);
    for (const value of values) target.items.push(value);
  }

  /** Sets keys of the dict on top: keys and values by turns. */
  assign(entries: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Dict) || entries.length % 2 !== 0) throw new UnreadablePickle("a pickle has no dict here");
    for (let at = 0; at < entries.length; at += 2) target.set(entries[at], entries[at + 1]);
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw new UnreadablePickle("a pickle refers to what it does not hold");
    this.push(this.#memo.get(index));
  }

  /** Has a class or function of the known ones make a value of the arguments on top. */
  call(): void {
    const [maker, args] = this.popMany(2);
    if (!(args instanceof Sequence) || args.kind !== "tuple" || args.items.length > MAX_ARGUMENTS)
      throw new UnreadablePickle("a pickle makes something of arguments that are none");
    for (const value of args.items) this.#input.spend(sizeOf(value) / TAKEN_AT_ONCE);
    this.push(make(maker, args.items));
  }

  #needOne(): void {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0))
      throw new UnreadablePickle("a pickle has no value where it needs one");
  }
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return value instanceof Uint8Array ? value.byteLength : 0;
}

const STOP = ".".charCodeAt(0);

const OPERATIONS = new Map<number, Operation>(
  (
    [
      ["\x80", (_, input) => checkProtocol(input.uint(1))],
      ["\x95", (_, input) => input.need(input.uint(8))],
      ["(", (machine) => machine.mark()],
      ["0", (machine) => machine.discard()],
      ["1", (machine) => void machine.popMark()],
      ["2", (machine) => machine.push(machine.top())],

      ["N", (machine) => machine.push(null)],
      ["\x88", (machine) => machine.push(true)],
      ["\x89", (machine) => machine.push(false)],
      ["I", (machine, input) => machine.push(readInt(input.line()))],
      ["L", (machine, input) => machine.push(readLong(input.line()))],
      ["J", (machine, input) => machine.push(input.take(4).readInt32LE())],
      ["K", (machine, input) => machine.push(input.uint(1))],
      ["M", (machine, input) => machine.push(input.uint(2))],
      ["\x8a", (machine, input) => machine.push(readTwosComplement(input.take(input.uint(1))))],
      ["\x8b", (machine, input) => machine.push(readTwosComplement(input.take(input.uint(4))))],
      ["F", (machine, input) => machine.push(readFloat(input.line()))],
      ["G", (machine, input) => machine.push(new Float(input.take(8).readDoubleBE()))],

      ["V", (machine, input) => machine.push(readRawUnicode(input))],
      ["X", (machine, input) => machine.push(readUtf8(input, input.uint(4)))],
      ["\x8c", (machine, input) => machine.push(readUtf8(input, input.uint(1)))],
      ["\x8d", (machine, input) => machine.push(readUtf8(input, input.uint(8)))],
      ["S", (machine, input) => machine.push(readQuoted(input))],
      ["T", (machine, input) => machine.push(ascii(input.take(input.uint(4)).toString("latin1")))],
      ["U", (machine, input) => machine.push(ascii(input.take(input.uint(1)).toString("latin1")))],
      ["B", (machine, input) => machine.push(Uint8Array.from(input.take(input.uint(4))))],
      ["C", (machine, input) => machine.push(Uint8Array.from(input.take(input.uint(1))))],
      ["\x8e", (machine, input) => machine.push(Uint8Array.from(input.take(input.uint(8))))],
      ["\x96", (machine, input) => machine.push(Uint8Array.from(input.take(input.uint(8))))],

      ["]", (machine) => machine.push(new Sequence("list", []))],
      ["l", (machine) => machine.push(new Sequence("list", machine.popMark()))],
      ["a", (machine) => appendOne(machine, machine.pop())],
      ["e", (machine) => machine.add("list", machine.popMark())],
      [")", (machine) => machine.tuple([])],
      ["t", (machine) => machine.tuple(machine.popMark())],
      ["\x85", (machine) => machine.tuple(machine.popMany(1))],
      ["\x86", (machine) => machine.tuple(machine.popMany(2))],
      ["\x87", (machine) => machine.tuple(machine.popMany(3))],
      ["}", (machine) => machine.push(new Dict())],
      ["d", (machine) => pushDict(machine, machine.popMark())],
      ["s", (machine) => machine.assign(machine.popMany(2))],
      ["u", (machine) => machine.assign(machine.popMark())],
      ["\x8f", (machine) => machine.push(new Sequence("set", []))],
      ["\x90", (machine) => machine.add("set", machine.popMark())],
      ["\x91", (machine) => machine.push(new Sequence("frozenset", machine.popMark()))],

      ["p", (machine, input) => machine.remember(indexOf(input.line()))],
      ["q", (machine, input) => machine.remember(input.uint(1))],
      ["r", (machine, input) => machine.remember(input.uint(4))],
      ["\x94", (machine) => machine.rememberNext()],
      ["g", (machine, input) => machine.recall(indexOf(input.line()))],
      ["h", (machine, input) => machine.recall(input.uint(1))],
      ["j", (machine, input) => machine.recall(input.uint(4))],

      ["c", (machine, input) => machine.push(nameOf(input.line(), input.line()))],
      ["\x93", (machine) => pushName(machine, machine.popMany(2))],
      ["R", (machine) => machine.call()],
      ["\x81", (machine) => machine.call()],
      ["b", (machine) => buildTop(machine, machine.pop())],
    ] satisfies [string, Operation][]
  ).map(([opcode, operation]) => [opcode.charCodeAt(0), operation]),
);

function checkProtocol(protocol: number): void {
  if (protocol > LAST_PROTOCOL) throw new UnreadablePickle(`a pickle has protocol ${protocol}; 0 to 5 are read`);
}

function indexOf(line: string): number {
  const index = Number(readInt(line));
  return Number.isSafeInteger(index) && index >= 0 ? index : refuseIndex();
}

function refuseIndex(): never {
  throw new UnreadablePickle("a pickle has a reference that is no number");
}

function appendOne(machine: Unpickler, value: unknown): void {
  machine.add("list", [value]);
}

function pushDict(machine: Unpickler, entries: readonly unknown[]): void {
  machine.push(new Dict());
  machine.assign(entries);
}

function pushName(machine: Unpickler, [module, name]: unknown[]): void {
  machine.push(nameOf(module, name));
}

function buildTop(machine: Unpickler, state: unknown): void {
  build(machine.top(), state);
}
