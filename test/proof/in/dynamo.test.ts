import { proveIn } from "../prove.ts";

proveIn("dynamo");
