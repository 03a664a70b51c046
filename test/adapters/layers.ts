/** What other middleware does to a response. */
import type { ServerResponse } from "node:http";
import { createGzip } from "node:zlib";

type Method = (...args: unknown[]) => unknown;

/** As `compression`: takes the body for itself, and the listeners that wait for `drain` as well. */
export function compress(response: ServerResponse): void {
  const { writeHead, write, end, on } = response as unknown as Record<string, Method>;
  const inner = (method: Method | undefined, ...args: unknown[]) => method && Reflect.apply(method, response, args);
  const waiting: [event: string, listener: Method][] = [];
  let zip: ReturnType<typeof createGzip> | undefined;
  const begin = () => {
    if (zip) return zip;
    if (!response.headersSent) response.writeHead(response.statusCode);
    const begun = createGzip();
    for (const [event, listener] of waiting) begun.on(event, listener);
    begun.on("data", (chunk) => inner(write, chunk) === false && begun.pause());
    begun.on("end", () => inner(end));
    inner(on, "drain", () => begun.resume());
    return (zip = begun);
  };
  Object.assign(response, {
    writeHead(...args: unknown[]) {
      response.setHeader("Content-Encoding", "gzip");
      response.removeHeader("Content-Length");
      return inner(writeHead, ...args);
    },
    write: (chunk: unknown) => begin().write(chunk),
    end: (chunk?: unknown) => (chunk === undefined ? begin().end() : begin().end(chunk), response),
    on(event: string, listener: Method) {
      if (event !== "drain") return inner(on, event, listener);
      if (zip) zip.on(event, listener);
      else waiting.push([event, listener]);
      return response;
    },
  });
}

/** As older middleware: asks a field of Node's own whether the head has left. */
export function compressOldly(response: ServerResponse): void {
  const node = response as unknown as { _header: unknown; _implicitHeader: () => void; write: Method };
  const { write } = node;
  node.write = (...args) => {
    // oxlint-disable-next-line no-underscore-dangle -- as they are
    if (node._header === null) node._implicitHeader();
    return Reflect.apply(write, response, args);
  };
}
