// Holds every import under src/ against the table of house-style.md: an import goes down, never up, never sideways.
// Usage: node scripts/check-floors.mjs [root of a package]
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";

const GROUND = [
  "store.ts",
  "errors.ts",
  "clock.ts",
  "events.ts",
  "runtime.ts",
  "queue.ts",
  "connect-store.ts",
  "former.ts",
];

/**
 * What each file (or folder, with a slash) may import: files and folders of src/, `node:` for the runtime's modules, a
 * dependency by its name, `peers` for the optional peers of package.json, which must stay optional: as types, or by
 * `import()` on demand.
 */
const FLOORS = {
  "store.ts": GROUND,
  "errors.ts": GROUND,
  "clock.ts": GROUND,
  "former.ts": GROUND,
  "events.ts": [...GROUND, "node:"],
  "queue.ts": GROUND,
  "connect-store.ts": GROUND,
  "runtime.ts": GROUND,
  "cookies/": ["cookies/", ...GROUND, "node:"],
  "crypto/": ["crypto/", ...GROUND, "node:"],
  "codecs/": ["codecs/", "crypto/", ...GROUND, "node:"],
  "core/": ["core/", "codecs/", "cookies/", "crypto/", ...GROUND, "node:"],
  "compat/": ["compat/", "codecs/", "cookies/", "crypto/", ...GROUND, "node:"],
  "adapters/": ["adapters/internal/", "core/", "compat/", ...GROUND, "node:", "peers"],
  "stores/": ["stores/internal/", ...GROUND, "node:", "peers"],
  "dashboard/": ["dashboard/", ...GROUND, "node:"],
  "cli/": ["cli/", "compat/", "dashboard/", "stores/migrating.ts", "crypto/", ...GROUND, "node:", "commander"],
  "flask/": ["flask/", "core/", "codecs/", "stores/", "cookies/", "crypto/", ...GROUND, "node:", "peers"],
  "testing/": ["testing/", "core/", "stores/memory.ts", ...GROUND, "node:"],
  "index.ts": ["core/", ...GROUND],
};

/**
 * Files that are made for one host and load inside of it alone: its packages are there, and a module that Nest is to
 * inject cannot be one without them.
 */
const HOSTS = {
  "adapters/nest.ts": ["@nestjs/common", "@nestjs/core", "rxjs"],
};

const root = process.argv[2] ?? ".";
const { peerDependencies = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const files = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith(".ts"));
const faults = files.toSorted().flatMap(faultsOf);
for (const fault of faults) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

function faultsOf(file) {
  const floor = Object.keys(FLOORS).find((name) => covers(name, file));
  if (floor === undefined) return [`src/${file}: stands on no floor; give it one in scripts/check-floors.mjs`];
  return importsOf(file).flatMap(({ specifier, line, erased }) => {
    const fault = faultOf(file, FLOORS[floor], specifier, erased);
    return fault === undefined ? [] : [`src/${file}:${line}: ${floor} ${fault}`];
  });
}

function faultOf(file, allowed, specifier, erased) {
  if (specifier.startsWith(".")) {
    const target = normalize(join(dirname(file), specifier));
    return allowed.some((name) => covers(name, target)) ? undefined : `may not import ${target}`;
  }
  if (specifier.startsWith("node:")) return allowed.includes("node:") ? undefined : `may not import ${specifier}`;
  if (allowed.includes(specifier)) return undefined;
  const peer = Object.keys(peerDependencies).find((name) => specifier === name || specifier.startsWith(`${name}/`));
  if (peer === undefined || !allowed.includes("peers")) return `may not import the package ${specifier}`;
  return erased || HOSTS[file]?.includes(peer)
    ? undefined
    : `imports the optional peer ${peer} for good; use import type, or import() on demand`;
}

function covers(name, file) {
  return name.endsWith("/") ? file.startsWith(name) : file === name;
}

/** Each import of a file: what it names, on which line, and whether the file loads without it. */
function importsOf(file) {
  const source = ts.createSourceFile(file, readFileSync(join(root, "src", file), "utf8"), ts.ScriptTarget.Latest);
  const imports = [];
  (function visit(node) {
    const [name, erased] = importIn(node);
    // A name that is computed is the user's file, not one of ours.
    if (name !== undefined && ts.isStringLiteralLike(name)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      imports.push({ specifier: name.text, line: line + 1, erased });
    }
    ts.forEachChild(node, visit);
  })(source);
  return imports;
}

function importIn(node) {
  if (ts.isImportDeclaration(node)) return [node.moduleSpecifier, node.importClause?.isTypeOnly === true];
  if (ts.isExportDeclaration(node)) return [node.moduleSpecifier, node.isTypeOnly];
  if (ts.isImportTypeNode(node)) return [node.argument.literal, true];
  const isCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isCall ? [node.arguments[0], true] : [];
}
