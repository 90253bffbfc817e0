// AsyncAPI's own parser reads what we generate. NODE_PATH=…/node_modules node .ci/asyncapi.cjs FILE
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

// Newer is no better: generators of a city's own systems read 3.0.
const OVERLOOKED = new Set(["asyncapi-latest-version"]);

async function main() {
  const file = process.argv[2];
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: file });
  const found = diagnostics.filter(({ code }) => !OVERLOOKED.has(code));
  for (const { code, message, path } of found) console.log(`${code}: ${message} (${path.join(".")})`);
  console.log(`${document ? document.channels().all().length : 0} channels`);
  process.exitCode = found.length || !document ? 1 : 0;
}

main();
