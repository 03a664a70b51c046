import { afterEach } from "vitest";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

/** Hands on what a test has opened, and closes it at the end of the test. */
export function closing<Opened extends { close(): unknown }>(opened: Opened): Opened {
  open.push(opened);
  return opened;
}
