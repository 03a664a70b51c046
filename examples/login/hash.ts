// Prints what users.ts keeps of a password: `node --import tsx examples/login/hash.ts 'the password'`
import { hashPassword } from "./passwords.ts";

console.log(await hashPassword(process.argv[2] ?? ""));
