/**
 * The values of every cookie of one name, in the header's order, read as Werkzeug reads them: blanks around names and
 * values go, a quoted value is unquoted (octal and backslash escapes), anything else stays as it stands.
 *
 * `header` is the field's value with one character a byte, as `node:http` and `Headers` give it.
 */
export function readCookies(header: string | undefined, name: string): string[] {
  if (!header?.includes(name)) return [];
  const values: string[] = [];
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    const found = (equals < 0 ? pair : pair.slice(0, equals)).trim();
    if (found === name) values.push(equals < 0 ? "" : unquote(pair.slice(equals + 1).trim()));
  }
  return values;
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
