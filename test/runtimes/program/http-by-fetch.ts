/** What the test browser uses of `node:http`, by `fetch`: in workerd that module gives all `Set-Cookie` fields as one. */
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

interface Options {
  method: string;
  headers: Readonly<Record<string, string>>;
}

export function request(url: URL, { method, headers }: Options, take: (incoming: Readable) => void) {
  let fail: (error: unknown) => void = () => {};
  return {
    on(_event: "error", listener: typeof fail) {
      fail = listener;
      return this;
    },
    end(body?: string) {
      const sent = fetch(url, { method, headers, redirect: "manual", ...(body !== undefined && { body }) });
      sent.then((response) => take(incomingOf(response))).catch(fail);
    },
  };
}

function incomingOf({ body, status, headers }: Response): Readable {
  const stream = body ? Readable.fromWeb(body as ReadableStream) : Readable.from([]);
  const cookies = headers.getSetCookie();
  const fields = { ...Object.fromEntries(headers), ...(cookies.length > 0 && { "set-cookie": cookies }) };
  return Object.assign(stream, { statusCode: status, headers: fields });
}
