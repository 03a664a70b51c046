/** The commands that are sent, and what their replies mean (memcached's doc/protocol.txt, "Meta commands"). */
import type { Item, Replacement, Stamp } from "./client.ts";
import type { Connection } from "./connection.ts";
import type { Reply } from "./replies.ts";

/** Asks for an item: its value, its CAS number and the seconds it has left. */
export function getting(key: string): string {
  return `mg ${key} v c t\r\n`;
}

/** Sets an item, under a condition, and asks for its CAS number. */
export function setting(key: string, { value, exptime }: Replacement, condition: string): Buffer {
  const line = `ms ${key} ${value.length} T${exptime} ${condition} c\r\n`;
  return Buffer.concat([Buffer.from(line), value, Buffer.from("\r\n")]);
}

/** The reply to a command that was obeyed; `undefined` where its condition did not hold. Throws for every other reply. */
export function outcomeOf(connection: Connection, reply: Reply | undefined): Reply | undefined {
  switch (reply?.status) {
    case "HD":
    case "VA":
      return reply;
    case "EN":
    case "NF":
    case "NS":
    case "EX":
      return undefined;
    default:
      throw connection.fault(reply ? [reply.status, ...reply.words].join(" ") : "it said nothing");
  }
}

/** The item in a reply to `getting`; `undefined` when there is none. */
export function itemOf(connection: Connection, reply: Reply | undefined): Item | undefined {
  const found = outcomeOf(connection, reply);
  if (!found) return undefined;
  const [stamp, life] = [stampOf(connection, found), Number(flagOf(found, "t"))];
  if (!found.value || !stamp || Number.isNaN(life)) throw connection.fault("it does not tell what it was asked for");
  return { value: found.value, stamp, life };
}

/** The stamp in the reply to a command that was obeyed; one that leaves nothing has none. */
export function stampOf(connection: Connection, reply: Reply | undefined): Stamp | undefined {
  const unique = reply && flagOf(reply, "c");
  return unique === undefined ? undefined : { connection, unique };
}

function flagOf({ words }: Reply, name: string): string | undefined {
  return words.find((word) => word.startsWith(name))?.slice(1);
}
