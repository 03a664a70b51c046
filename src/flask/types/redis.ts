import { type RedisClient, redisStore } from "../../stores/redis.ts";
import { type Open, load } from "../opening.ts";

/** `SESSION_TYPE` `redis`: the client or the URL of `SESSION_REDIS`. */
export const openRedis: Open = ({ redis }, clock) => {
  const storeOver = (client: object) => redisStore(client as RedisClient, { prefix: "", clock });
  return typeof redis === "string" ? async () => storeOver(await connect(redis)) : storeOver(redis);
};

/**
 * A client of our own for a URL. It rejects at once while there is no server, commands fail at once whenever the server
 * is away later, and the process may end.
 */
async function connect(url: string): Promise<object> {
  const { createClient } = await load("SESSION_REDIS", "redis", import("redis"));
  const client = createClient({ url, disableOfflineQueue: true });
  client.unref();
  const connecting = client.connect();
  connecting.catch(() => undefined);
  try {
    await new Promise((resolve, reject) => {
      // Later on the listener keeps the client from ending the process: each command rejects with the error that counts.
      client.on("error", reject);
      connecting.then(resolve, reject);
    });
  } catch (error) {
    client.destroy();
    throw error;
  }
  return client;
}
