/** Who takes part. */
import { dynamo } from "./dynamo.ts";
import { file } from "./file.ts";
import { memcached } from "./memcached.ts";
import { memory } from "./memory.ts";
import { mongo } from "./mongo.ts";
import { ioredis, nodeRedis } from "./redis.ts";
import { databases } from "./sql.ts";
import type { Subject } from "./subject.ts";

export const SUBJECTS: readonly Subject[] = [memory, file, nodeRedis, ioredis, memcached, ...databases, mongo, dynamo];
