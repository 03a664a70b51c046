import { proveIn } from "../prove.ts";

proveIn("memcached");
