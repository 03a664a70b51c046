import { MongoClient, type MongoClientOptions } from "mongodb";

/** A command as it went to the server, with its name. */
export type Command = Readonly<Record<string, unknown>> & { readonly name: string };

/** Connects a client whose commands can be looked at. */
export async function connect(
  url: string,
  options: MongoClientOptions = {},
): Promise<{ client: MongoClient; stop(): Promise<void> }> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 500, monitorCommands: true, ...options });
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  return { client, stop: () => client.close() };
}

const OF_THE_DRIVER = new Set(["lsid", "$db", "$clusterTime", "txnNumber", "$readPreference"]);

/** What a client sends meanwhile, without what the driver adds to every command. */
export async function commandsOf(client: MongoClient, act: () => Promise<unknown>): Promise<Command[]> {
  const commands: Command[] = [];
  const listen = ({ commandName, command }: { commandName: string; command: Record<string, unknown> }) => {
    const own = Object.entries(command).filter(([field]) => !OF_THE_DRIVER.has(field));
    commands.push({ ...Object.fromEntries(own), name: commandName });
  };
  client.on("commandStarted", listen);
  try {
    await act();
  } finally {
    client.off("commandStarted", listen);
  }
  return commands;
}
