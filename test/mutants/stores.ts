import { mutantsOf } from "./mutant.ts";

// Cases of the kit that every store is held against.
const LOST_SWAP = "answers a lost swap with what stands there, and leaves that alone";
const TAKEN = "refuses a taken key and writes nothing";
const ABSENT = "updates nothing where nothing was created, and creates nothing";
const DEADLINE = "keeps an entry until its deadline and no longer";
const RACE = "lets one of 50 swap a value";

/** The promises of the stores: a swap compares, create refuses a taken key, update an absent one, all ends. */
export const STORES = [
  ...mutantsOf("stores/internal/decide.ts", [
    [
      "a swap compares",
      "if (Buffer.compare(current.value, change.before) !== 0)",
      "if (false)",
      "stores/memory.test.ts",
      LOST_SWAP,
    ],
    [
      "create refuses a taken key",
      "return current ? { result: false } : { result: true, next: entry };",
      "return { result: true, next: entry };",
      "stores/memory.test.ts",
      TAKEN,
    ],
    [
      "update refuses an absent key",
      "if (!current) return { result: { done: false, current } };",
      "if (!current) return { result: { done: true }, next: { value: new Uint8Array(), ...change } };",
      "stores/memory.test.ts",
      ABSENT,
    ],
  ]),
  ...mutantsOf("stores/memory.ts", [
    [
      "a dead entry is none",
      "if (!kept || kept.expiresAt <= this.#clock.now()) return undefined;",
      "if (!kept) return undefined;",
      "stores/memory.test.ts",
      DEADLINE,
    ],
  ]),
  ...mutantsOf("stores/file.ts", [
    [
      "a dead entry is none",
      "return entry.expiresAt > this.#clock.now();",
      "return entry.expiresAt > 0;",
      "stores/file.test.ts",
      DEADLINE,
    ],
  ]),
  ...mutantsOf("stores/redis.ts", [
    ["a swap compares", "if current ~= ARGV[1] then", "if not current then", "stores/redis.test.ts", LOST_SWAP],
    [
      "update refuses an absent key",
      "if current ~= ARGV[1] then",
      "if current and current ~= ARGV[1] then",
      "stores/redis.test.ts",
      ABSENT,
    ],
    [
      "create refuses a taken key",
      'copyOf(value), "PX", life, "NX"]',
      'copyOf(value), "PX", life]',
      "stores/redis.test.ts",
      TAKEN,
    ],
    [
      "every record has an end of its own",
      'copyOf(value), "PX", life, "NX"]',
      'copyOf(value), "NX"]',
      "stores/redis.test.ts",
      DEADLINE,
    ],
  ]),
  ...mutantsOf("stores/memcached.ts", [
    [
      "a swap compares",
      "if (Buffer.compare(current.value, expected) !== 0)",
      "if (false)",
      "stores/memcached.test.ts",
      LOST_SWAP,
    ],
  ]),
  ...mutantsOf("stores/internal/memcached/client.ts", [
    [
      "create refuses a taken key",
      'setting(key, { value, exptime }, "ME")',
      'setting(key, { value, exptime }, "MS")',
      "stores/memcached.test.ts",
      TAKEN,
    ],
    [
      "a swap is by the stamp",
      "next ? setting(key, next, `C${unique}`)",
      'next ? setting(key, next, "MS")',
      "stores/memcached.test.ts",
      RACE,
    ],
  ]),
  ...mutantsOf("stores/internal/sql-statements.ts", [
    [
      "a swap compares",
      'const isSame = sql`${isSought} and data = ${"before"}`;',
      'const isSame = sql`${isSought} and ${"before"} is not null`;',
      "stores/sql-sqlite.test.ts",
      LOST_SWAP,
    ],
    [
      "create refuses a taken key",
      "where held.expiry <= ${present} or held.expiry is null`)",
      "where true`)",
      "stores/sql-sqlite.test.ts",
      TAKEN,
    ],
    [
      "a dead entry is none",
      "const isLive = sql`expiry > ${present}`;",
      "const isLive = sql`${present} is not null`;",
      "stores/sql-sqlite.test.ts",
      DEADLINE,
    ],
  ]),
  ...mutantsOf("stores/internal/root.ts", [
    [
      "what is beneath a lost disk is not taken for it",
      "if (dev === root.device) return;",
      "return;",
      "stores/file-mounts.test.ts",
      "ends no session, where beneath it is nothing",
    ],
  ]),
  ...mutantsOf("stores/internal/redis-durable.ts", [
    [
      "a turn to wait for replicas ends",
      "}, longest);",
      "}, 2 ** 30);",
      "stores/redis-durable.test.ts",
      "writes to one primary while another stands still",
    ],
  ]),
  ...mutantsOf("stores/internal/sql-failures.ts", [
    [
      "what is never serialized reads committed rows",
      "if (told.code === UNSERIALIZABLE) run = runs.readingCommitted;",
      "run = runs.alone;",
      "stores/sql-postgres.test.ts",
      "makes a change that PostgreSQL would never serialize",
    ],
  ]),
  ...mutantsOf("stores/migrating.ts", [
    [
      "a mover reads again behind its claim",
      "return this.#carry(key, claim, decide).catch(",
      "return this.#carry(key, claim, () => first).catch(",
      "stores/migrating.test.ts",
      "brings back no session that is logged out",
    ],
    [
      "a claim that became nothing is taken back",
      "await this.#remove(key, claim).catch(() => undefined);\n    throw error;",
      "throw error;",
      "stores/migrating.test.ts",
      "migrating store > leaves no claim of a session that the new store refuses",
    ],
    [
      "a reader looks again where a session may have moved",
      "return (await this.#there(key)) ?? (await this.#left(key)) ?? (await this.#there(key));",
      "return (await this.#there(key)) ?? (await this.#left(key));",
      "stores/migrating.test.ts",
      "migrating store > finds a session that moves between its two looks",
    ],
    [
      "a logout ends in the old store",
      "const wasLeft = await this.#from.delete(key);",
      "const wasLeft = false;",
      "stores/migrating.test.ts",
      "migrating store > logs out",
    ],
  ]),
  ...mutantsOf("stores/mongo.ts", [
    [
      "a swap compares",
      "const filter = { ...live(key, now), val: before };",
      "const filter = live(key, now);",
      "stores/mongo.test.ts",
      LOST_SWAP,
    ],
    [
      "update refuses an absent key",
      "await change(filter, { $set: { val: value, expiration: dateOf(expiresAt) } });",
      "await insert(key, { val: value, expiration: dateOf(expiresAt) }, now);",
      "stores/mongo.test.ts",
      ABSENT,
    ],
  ]),
  ...mutantsOf("stores/internal/dynamo-requests.ts", [
    [
      "a swap compares",
      "export const UNCHANGED = `val = :before AND NOT ${EXPIRED}`;",
      "export const UNCHANGED = `size(:before) >= size(val) AND NOT ${EXPIRED}`;",
      "stores/dynamo.test.ts",
      LOST_SWAP,
    ],
    [
      "create refuses a taken key",
      "ConditionExpression: `attribute_not_exists(id) OR ${EXPIRED}`,",
      "ConditionExpression: `attribute_not_exists(id) OR attribute_exists(id) OR ${EXPIRED}`,",
      "stores/dynamo.test.ts",
      TAKEN,
    ],
    [
      "update refuses an absent key",
      "export const LIVE = `attribute_exists(id) AND NOT ${EXPIRED}`;",
      "export const LIVE = `NOT ${EXPIRED}`;",
      "stores/dynamo.test.ts",
      ABSENT,
    ],
  ]),
];
