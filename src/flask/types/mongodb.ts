import type { MongoClient } from "mongodb";
import type { Clock } from "../../clock.ts";
import { SessionError } from "../../errors.ts";
import type { Store } from "../../store.ts";
import { type MongoCollection, mongoStore } from "../../stores/mongo.ts";
import type { Settings } from "../config.ts";
import { type Open, load } from "../opening.ts";

/** What is asked of a `MongoClient`. */
interface Client {
  db(name: string): { collection(name: string): MongoCollection };
}

/** `SESSION_TYPE` `mongodb`: the client or the URL of `SESSION_MONGODB`. */
export const openMongo: Open = (settings, clock) => {
  const { mongodb } = settings;
  if (typeof mongodb === "string") return async () => storeOver(await connect(mongodb), settings, clock);
  if (isClient(mongodb)) return storeOver(mongodb, settings, clock);
  throw new SessionError("CONFIG", "SESSION_MONGODB is no MongoClient; give one of the package mongodb, or a URL");
};

/** As in Flask-Session the indexes are made at the start. Where that fails, the first write does it and tells. */
function storeOver(client: Client, { mongodbDatabase, mongodbCollection }: Settings, clock: Clock): Store {
  const store = mongoStore(client.db(mongodbDatabase).collection(mongodbCollection), { clock });
  store.prepare().catch(() => undefined);
  return store;
}

function isClient(mongodb: object): mongodb is Client {
  return typeof (mongodb as Partial<Client>).db === "function";
}

/** How long a server is looked for, in milliseconds, where the URL does not say. */
const PATIENCE = 1000;

/** A client of our own for a URL. While there is no server it rejects after a second, and not after half a minute. */
async function connect(url: string): Promise<MongoClient> {
  const driver = await load("SESSION_MONGODB", "mongodb", import("mongodb"));
  const client = clientOf(driver, url);
  try {
    return await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
}

function clientOf(driver: typeof import("mongodb"), url: string): MongoClient {
  const isPatient = /[?&]serverSelectionTimeoutMS=/i.test(url);
  try {
    return new driver.MongoClient(url, isPatient ? {} : { serverSelectionTimeoutMS: PATIENCE });
  } catch {
    // The driver's own error may repeat what the URL says, which is often a password.
    throw new SessionError(
      "CONFIG",
      "SESSION_MONGODB is no URL of MongoDB; give one such as mongodb://localhost:27017",
    );
  }
}
