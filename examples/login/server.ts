// Starts the example: `npm start`. README.md says what the environment can change.
import { once } from "node:events";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { flaskSession } from "flagon/flask";
import { createApp } from "./app.ts";
import { placeOf, settingsFrom } from "./settings.ts";

const { HOST = "127.0.0.1", PORT = "3000" } = process.env;

try {
  await start();
} catch (error) {
  console.error(`Flagon login example: ${reasonOf(error)}`);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  const settings = settingsFrom(process.env);
  const place = placeOf(settings);
  const server = createServer(createApp(flaskSession(settings), place));
  server.listen(Number(PORT), HOST);
  await once(server, "listening");
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => close(server));

  const { address, family, port } = server.address() as AddressInfo;
  const host = family === "IPv6" ? `[${address}]` : address;
  console.log(`Flagon login example: http://${host}:${port} (sessions in ${place})
Log in as ada / lovelace, grace / hopper or alan / turing. Ctrl+C ends it.`);
}

function close(server: Server): void {
  // Nothing is left to do then; a Redis that is away would hold the process.
  server.close(() => process.exit());
  // Browsers open connections ahead of need, which would hold the process for a minute.
  setTimeout(() => server.closeAllConnections(), 2000).unref();
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isTaken = "code" in error && error.code === "EADDRINUSE";
  return isTaken ? `port ${PORT} is taken; choose another: PORT=3001 npm start` : error.message;
}
