/**
 * The values of every cookie of one name, in the header's order, read as Werkzeug 3.1 reads them: blanks around names and
 * values go, a quoted value may hold a `;` and is unquoted (octal and backslash escapes), anything else stays as it is.
 *
 * `header` is the field's value with one character a byte, as `node:http` and `Headers` give it. Takes time in proportion
 * to its length, whatever it holds.
 */
export function readCookies(header: string | undefined, name: string): string[] {
  if (!header?.includes(name)) return [];
  const values: string[] = [];
  for (let at = 0; at < header.length;) {
    const [found, value, next] = readPair(header, at);
    if (found === name) values.push(unquote(value));
    at = next;
  }
  return values;
}

/** The pair that begins at `from`, and where the next begins. A pair without `=` has an empty value. */
function readPair(header: string, from: number): [name: string, value: string, next: number] {
  const semicolon = header.indexOf(";", from);
  const end = semicolon < 0 ? header.length : semicolon;
  const pair = header.slice(from, end);
  const equals = pair.indexOf("=");
  if (equals < 0) return [pair.trim(), "", end + 1];
  const valueAt = from + equals + 1;
  const stop = endOfQuoted(header, valueAt) ?? end;
  return [pair.slice(0, equals).trim(), header.slice(valueAt, stop).trim(), stop + 1];
}

const QUOTED = /[ \t]*"(?:[^\\"]|\\.)*"[ \t]*(?=;|$)/y;

/** Where a value ends that is quoted as a whole; `undefined` for any other. */
function endOfQuoted(header: string, from: number): number | undefined {
  QUOTED.lastIndex = from;
  return QUOTED.test(header) ? QUOTED.lastIndex : undefined;
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  const inner = value.slice(1, -1);
  return inner.includes("\\") ? unescape(inner) : inner;
}

const ESCAPE = /\\(?:([0-3][0-7]{2})|(.))/gs;

function unescape(text: string): string {
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(ESCAPE)) {
    parts.push(Buffer.from(text.slice(from, match.index), "utf8"));
    const [whole, octal, plain = ""] = match;
    parts.push(octal === undefined ? Buffer.from(plain, "utf8") : Buffer.of(Number.parseInt(octal, 8)));
    from = match.index + whole.length;
  }
  parts.push(Buffer.from(text.slice(from), "utf8"));
  return Buffer.concat(parts).toString("utf8");
}
