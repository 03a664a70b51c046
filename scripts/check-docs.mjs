// Holds README.md and docs/ to what they say. A block marked ```ts is a module of its own, which must compile against
// the built package; one marked ```ts run is also run, and must end by itself with exit code 0. One marked, in any
// language, ```ts of FILE shows that file, whole. A relative link must lead to a file.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** How many milliseconds a block may run. */
const PATIENCE = 20_000;

/** Where blocks become files: packages are found from there, and git, formatter and linter pass it by. */
const WORK = resolve("node_modules/.cache/flagon-docs");

const pages = ["README.md", ...readdirSync("docs", { recursive: true }).map((name) => join("docs", name))]
  .filter((path) => path.endsWith(".md") && existsSync(path))
  .map(readPage);
const QUOTE = /^\w+ of (\S+)$/;
const quotes = pages.flatMap((page) => page.blocks).filter(({ mark }) => QUOTE.test(mark));
const blocks = pages
  .flatMap((page) => page.blocks)
  .filter(({ mark }) => /^(ts|typescript)\b/.test(mark) && !QUOTE.test(mark));

writeFiles();
const faults = [
  ...pages.flatMap(deadLinks),
  ...quotes.flatMap(misquoted),
  ...blocks.flatMap(oddMark),
  ...compile(),
  ...blocks.flatMap(run),
];
for (const fault of faults) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

/** A page as its fenced blocks, and its lines with those left empty. */
function readPage(path) {
  const page = { path, blocks: [], prose: [] };
  let block;
  for (const [index, line] of readFileSync(path, "utf8").split("\n").entries()) {
    const [, indent, fence, mark] = /^( *)(`{3,})(.*)$/.exec(line) ?? [];
    const isProse = block === undefined && fence === undefined;
    page.prose.push(isProse ? line : "");
    if (isProse) continue;
    if (block === undefined) block = { path, line: index + 1, indent, fence, mark: mark.trim(), lines: [] };
    else if (fence !== block.fence || mark !== "") block.lines.push(line.slice(block.indent.length));
    else {
      page.blocks.push(block);
      block = undefined;
    }
  }
  if (block !== undefined) page.blocks.push(block);
  return page;
}

function deadLinks({ path, prose }) {
  return prose.flatMap((text, index) => {
    const links = text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\(([^)\s]+)|^\[[^\]]+\]: (\S+)|(?:href|src)="([^"]+)"/g);
    return [...links]
      .map(([, inline, reference, html]) => inline ?? reference ?? html)
      .filter((link) => !/^([a-z]+:|#)/i.test(link))
      .filter((link) => !existsSync(join(dirname(path), decodeURI(link.replace(/#.*/, "")))))
      .map((link) => `${path}:${index + 1}: the link to ${link} leads nowhere`);
  });
}

function misquoted({ path, line, mark, lines }) {
  const [, file] = QUOTE.exec(mark);
  const isSo = existsSync(file) && readFileSync(file, "utf8") === `${lines.join("\n")}\n`;
  return isSo ? [] : [`${path}:${line}: the block is not what ${file} holds`];
}

function oddMark({ path, line, mark }) {
  const known = mark === "ts" || mark === "ts run";
  return known
    ? []
    : [`${path}:${line}: a block is marked \`${mark}\`; \`ts\`, \`ts run\` and \`ts of FILE\` are the marks there are`];
}

function fileOf({ path, line }) {
  return join(WORK, `${path}.${line}.mts`);
}

/** Lays the blocks out as modules whose lines have the numbers that they have on their page. */
function writeFiles() {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(join(WORK, "node_modules"), { recursive: true });
  symlinkSync(resolve("."), join(WORK, "node_modules/flagon"));
  for (const block of blocks) {
    mkdirSync(dirname(fileOf(block)), { recursive: true });
    writeFileSync(fileOf(block), "\n".repeat(block.line) + block.lines.join("\n"));
  }
  // A reader writes `process.env.KEY`; the bracket form is a habit of this house.
  const compilerOptions = { noPropertyAccessFromIndexSignature: false };
  const config = { extends: resolve("tsconfig.json"), compilerOptions, include: [], files: blocks.map(fileOf) };
  writeFileSync(join(WORK, "tsconfig.json"), JSON.stringify(config));
}

function compile() {
  if (blocks.length === 0) return [];
  const { stdout } = spawnSync(process.execPath, ["node_modules/@typescript/native/bin/tsc", "-p", WORK], {
    encoding: "utf8",
  });
  return namedAsPages(stdout);
}

function run(block) {
  if (block.mark !== "ts run") return [];
  const args = ["--import", "tsx", fileOf(block)];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: WORK, encoding: "utf8", timeout: PATIENCE });
  if (status === 0) return [];
  const what = status === null ? `ran for more than ${PATIENCE / 1000} s` : `ended with exit code ${status}`;
  return [`${block.path}:${block.line}: ${what}`, ...namedAsPages(stderr)];
}

/** Lines of output, with the files of ours named as the pages that they come from. */
function namedAsPages(output) {
  const folder = `${relative(".", WORK)}/`;
  return output
    .replaceAll(/(\.md)\.\d+\.mts/g, "$1")
    .replaceAll(`${WORK}/`, "")
    .replaceAll(folder, "")
    .split("\n")
    .filter((line) => line !== "");
}
