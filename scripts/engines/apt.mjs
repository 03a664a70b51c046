import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";

/** Debian asks this file whether a package may start the service it brings. */
const POLICY = "/usr/sbin/policy-rc.d";

/**
 * Installs packages without starting their services; does nothing but as root on Debian.
 *
 * @param {readonly string[]} packages
 */
export function aptInstall(packages) {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  console.log(`apt-get install ${packages.join(" ")}`);
  const permissive = !existsSync(POLICY);
  if (permissive) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  apt("update");
  apt("install", "-y", "--no-install-recommends", ...packages);
  if (permissive) rmSync(POLICY);
}

function apt(...args) {
  spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=300", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "ignore", "inherit"],
  });
}
