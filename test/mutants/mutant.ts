/** A planted fault: one rule of the design taken out, and the test that has to fail then. */
export interface Mutant {
  /** The rule, as a sentence that is no longer true. */
  readonly rule: string;
  /** Under `src/`. */
  readonly file: string;
  /** Text that stands in the file once, and what is put there instead. */
  readonly find: string;
  readonly put: string;
  /** Under `test/`, and a part of the name of a test that fails: with its groups, parted by `>`. */
  readonly test: string;
  readonly fails: string;
}

/** The mutants of one file of the source: `[rule, find, put, test, fails]`. */
export function mutantsOf(
  file: string,
  rows: readonly (readonly [rule: string, find: string, put: string, test: string, fails: string])[],
): Mutant[] {
  return rows.map(([rule, find, put, test, fails]) => ({ rule, file, find, put, test, fails }));
}

/** The source with the fault in it. Throws when the text to replace does not stand there just once. */
export function mutate({ rule, file, find, put }: Mutant, source: string): string {
  if (source.split(find).length === 2) return source.replace(find, () => put);
  throw new Error(`${file} does not hold the text of this mutant once: ${rule}`);
}
