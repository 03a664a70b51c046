/** Answers as they come over the wire, field by field: HTTP/1.1, or HTTP/2 without TLS. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type IncomingHttpHeaders, connect } from "node:http2";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

/** A header field. */
export type Field = readonly [name: string, value: string];

/** An answer as it came. */
export interface WireAnswer {
  status: number;
  /** In their order, names in lower case; over HTTP/2 those of one name are one, but for `set-cookie`. */
  fields: readonly Field[];
  /** The `link` fields of early hints. */
  hints: readonly string[];
  /** Unzipped. */
  body: Uint8Array;
}

/** How `ask` asks. */
export interface AskOptions {
  method: string;
  headers: Readonly<Record<string, string>>;
  http2: boolean;
}

/** Asks for a path over a connection of its own. Rejects when no whole answer came. */
export async function ask(url: string, path: string, options: AskOptions): Promise<WireAnswer> {
  const answer = await (options.http2 ? askHttp2 : askHttp1)(new URL(path, url), options);
  const isZipped = answer.body.length > 0 && valuesOf(answer, "content-encoding").includes("gzip");
  return isZipped ? { ...answer, body: gunzipSync(answer.body) } : answer;
}

/** All values of a field. */
export function valuesOf({ fields }: WireAnswer, name: string): string[] {
  return fields.filter(([field]) => field === name).map(([, value]) => value);
}

async function askHttp1(url: URL, { method, headers }: AskOptions): Promise<WireAnswer> {
  const hints: string[] = [];
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, headers, agent: false }, resolve)
      .on("information", (information) => hints.push(String(information.headers["link"])))
      .on("error", reject)
      .end();
  });
  return {
    status: incoming.statusCode ?? 0,
    fields: pairsOf(incoming.rawHeaders),
    hints,
    body: await buffer(incoming),
  };
}

function pairsOf(raw: readonly string[]): Field[] {
  return raw.flatMap((name, n) => (n % 2 === 0 ? [[name.toLowerCase(), raw[n + 1] ?? ""] as const] : []));
}

async function askHttp2({ origin, pathname }: URL, { method, headers }: AskOptions): Promise<WireAnswer> {
  const client = connect(origin);
  try {
    const hints: string[] = [];
    const stream = client.request({ ...headers, ":method": method, ":path": pathname });
    stream.on("headers", (information: IncomingHttpHeaders) => hints.push(String(information["link"])));
    const [{ ":status": status = 0, ...rest }] = (await once(stream, "response")) as [IncomingHttpHeaders];
    return {
      status: Number(status),
      fields: Object.entries(rest).flatMap(fieldsOf),
      hints,
      body: await buffer(stream),
    };
  } finally {
    client.destroy();
  }
}

function fieldsOf([name, value]: [string, string | string[] | undefined]): Field[] {
  return [value ?? []].flat().map((text) => [name, text] as const);
}
