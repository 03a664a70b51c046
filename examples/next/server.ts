// Start it from the repository's root: `npm run build && node --import tsx examples/next/server.ts`.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import next from "next";

// `next dev` does the same, in two processes.
const app = next({ dev: true, dir: import.meta.dirname });
await app.prepare();
const handle = app.getRequestHandler();
const server = createServer((request, response) => void handle(request, response));
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`Open http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
