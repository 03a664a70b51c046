import { proveIn } from "../prove.ts";

proveIn("redis");
