/** As much of two packages without types as the benches use. */
declare module "express-session" {
  import type { RequestHandler } from "express";

  export interface SessionOptions {
    secret: string;
    store: Store;
    resave?: boolean;
    saveUninitialized?: boolean;
  }

  export interface SessionData {
    cookie: object;
  }

  export class Store {
    get(id: string, done: (error: unknown, data?: SessionData | null) => void): void;
    set(id: string, data: SessionData, done?: (error?: unknown) => void): void;
    touch(id: string, data: SessionData, done?: (error?: unknown) => void): void;
    destroy(id: string, done?: (error?: unknown) => void): void;
  }

  export class MemoryStore extends Store {}

  export default function session(options: SessionOptions): RequestHandler;
}

declare module "autocannon" {
  import type { EventEmitter } from "node:events";

  export interface Client {
    setHeaders(headers: Record<string, string>): void;
  }

  export interface Options {
    url: string;
    connections: number;
    /** How many requests, in all. */
    amount: number;
    /** Milliseconds between two looks at whether all are answered. */
    sampleInt: number;
    setupClient(client: Client): void;
  }

  export interface Result {
    non2xx: number;
    errors: number;
  }

  export default function autocannon(options: Options): EventEmitter & PromiseLike<Result>;
}
