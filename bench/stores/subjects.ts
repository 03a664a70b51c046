/** Who takes part. */
import { file } from "./file.ts";
import { memory } from "./memory.ts";
import { ioredis, nodeRedis } from "./redis.ts";
import type { Subject } from "./subject.ts";

export const SUBJECTS: readonly Subject[] = [memory, file, nodeRedis, ioredis];
