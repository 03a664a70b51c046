// Preloaded: while there is a file `disk-fails` in the folder of the process, no file of its sessions can be opened.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { openSync } = fs;
fs.openSync = (path, ...rest) => {
  const fails = String(path).includes("/.sessions/") && fs.existsSync("disk-fails");
  if (fails) throw Object.assign(new Error("EIO: i/o error, open"), { code: "EIO" });
  return openSync(path, ...rest);
};
syncBuiltinESMExports();
