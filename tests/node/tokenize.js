// Colours rule files by the extension's TextMate grammar, as VS Code does it, and prints what it made of them.
// In, on stdin: {"modules": folder of node_modules, "grammar": file, "texts": [text, ...]}.
// Out: for each text a list of [start, end, scope], offsets counted in characters of the whole text.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const textmate = require(path.join(asked.modules, "vscode-textmate"));
const oniguruma = require(path.join(asked.modules, "vscode-oniguruma"));

async function main() {
  const wasm = fs.readFileSync(path.join(asked.modules, "vscode-oniguruma", "release", "onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(asked.grammar, "utf8"), asked.grammar),
  });
  const grammar = await registry.loadGrammar("source.rules");
  process.stdout.write(JSON.stringify(asked.texts.map((text) => coloured(grammar, text))));
}

function coloured(grammar, text) {
  const found = [];
  let state = textmate.INITIAL;
  let at = 0;
  for (const line of text.split("\n")) {
    const tokens = grammar.tokenizeLine(line, state);
    state = tokens.ruleStack;
    for (const each of tokens.tokens) {
      if (each.scopes.length > 1) found.push([at + each.startIndex, at + each.endIndex, each.scopes.at(-1)]);
    }
    at += line.length + 1;
  }
  return found;
}

main();
