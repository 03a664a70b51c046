import { mongoStore } from "flagon/mongo";
import { Binary, MongoClient } from "mongodb";
import { engines } from "../../scripts/engines/index.mjs";
import type { Subject } from "./subject.ts";

/** Without `MONGODB_URL` it is FerretDB, which looks through all documents for one: so there are to be few. */
const OWN = process.env["MONGODB_URL"] === undefined;

export const mongo: Subject = {
  name: "mongo",
  title: OWN ? "FerretDB, by mongodb 7" : "MongoDB, by mongodb 7",
  ...(OWN && { calls: 30, sessions: 500 }),
  start: () => engines.mongo.open(),
  async connect(url, clock) {
    const client = await new MongoClient(url).connect();
    const database = client.db("bench");
    const collection = database.collection<{ id: string; val: Binary | Buffer; expiration: Date }>("sessions");
    const store = mongoStore(collection, { clock });
    await store.prepare();
    const now = () => new Date(clock.now());
    return {
      store,
      raw: {
        async create(id, val, expiresAt) {
          const fields = { val, expiration: new Date(expiresAt) };
          const filter = { id, expiration: { $lte: now() } };
          return (await collection.updateOne(filter, { $set: fields }, { upsert: true })).upsertedCount === 1;
        },
        async read(id) {
          const found = await collection.findOne({ id });
          return (found?.val as Binary | undefined)?.buffer;
        },
        async update(id, before, val, expiresAt) {
          const filter = { id, expiration: { $gt: now() }, val: new Binary(before) };
          const fields = { val, expiration: new Date(expiresAt) };
          return (await collection.updateOne(filter, { $set: fields })).matchedCount === 1;
        },
      },
      async size() {
        const { storageSize, totalIndexSize } = await database.command({ collStats: "sessions" });
        return Number(storageSize) + Number(totalIndexSize);
      },
      close: () => client.close(),
    };
  },
};
