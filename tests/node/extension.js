// Runs the packaged extension in a small editor, with the real `rules lsp`, and prints what a user would see.
// In, on stdin: {"extension": file, "command": [word, ...], "folder": folder, "text": rule file with a mistake, "mended": the same without}.
"use strict";

const fs = require("node:fs");
const Module = require("node:module");
const { editor } = require("./editor.js");

const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const shown = editor({ "rules.command": asked.command }, asked.folder);
const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? shown.api : load(name, ...rest));

/** Waits until something is so; a server that never says it fails the test by its time limit. */
async function until(holds) {
  for (const begin = Date.now(); Date.now() - begin < 120_000; ) {
    const found = await holds();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${holds}\n${shown.seen.log.join("")}${shown.seen.errors.join("\n")}`);
}

async function main() {
  const extension = require(asked.extension);
  const context = { subscriptions: [] };
  const said = {};

  shown.settings["rules.command"] = [`${asked.folder}/no-such-rules`];
  await extension.activate(context);
  said.missing = shown.seen.errors.splice(0);

  shown.settings["rules.command"] = ["node", "-e", "console.error('pip install it'); process.exit(2)"];
  await shown.heard("onDidChangeConfiguration").fire({ affectsConfiguration: (name) => name === "rules.command" });
  said.lacking = shown.seen.errors.splice(0);

  shown.settings["rules.command"] = asked.command;
  await shown.heard("onDidChangeConfiguration").fire({ affectsConfiguration: (name) => name === "rules.command" });
  said.running = shown.seen.errors.splice(0);

  const path = `${asked.folder}/shop.rules`;
  const document = shown.open(path, asked.text);
  await until(() => shown.seen.diagnostics.get(path)?.length);
  said.findings = shown.seen.diagnostics.get(path).map((each) => [each.code?.value ?? each.code, each.message, each.range.start.line]);

  await shown.change(document, asked.mended);
  await until(() => shown.seen.diagnostics.get(path)?.length === 0 || !shown.seen.diagnostics.has(path));
  said.mended = true;

  const at = document.positionAt(asked.mended.indexOf("net"));
  const hover = await shown.ask("registerHoverProvider", "provideHover", document, at);
  said.hover = [hover.contents].flat().map((each) => each.value ?? each).join("\n");
  const completion = await shown.ask("registerCompletionItemProvider", "provideCompletionItems", document, at, {});
  said.completion = (completion.items ?? completion).map((each) => each.label.label ?? each.label);

  const lenses = await until(async () => {
    const found = await shown.ask("registerCodeLensProvider", "provideCodeLenses", document);
    return found?.length ? found : undefined;
  });
  said.lenses = lenses.map((each) => each.command.title);
  for (const { command } of lenses) await shown.api.commands.executeCommand(command.command, ...(command.arguments ?? []));
  said.answers = shown.seen.documents.map((each) => [each.uri.path, each.getText()]);

  const previewed = [];
  shown.api.commands.registerCommand("markdown.showPreviewToSide", (uri) => previewed.push(uri.path));
  for (const { command } of lenses) await shown.api.commands.executeCommand(command.command, ...(command.arguments ?? []));
  said.previewed = previewed;

  await shown.api.commands.executeCommand("rules.test", document.uri);
  await shown.api.commands.executeCommand("rules.lint", document.uri);
  said.terminals = shown.seen.terminals.map((each) => each.sent);

  await extension.deactivate();
  said.errors = shown.seen.errors;
  process.stdout.write(JSON.stringify(said));
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
