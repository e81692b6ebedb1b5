// Rule files in VS Code: starts `rules lsp` and shows what it says.
//
// Everything about the language is the server's: findings, completion, hover, renames, formatting, code lenses. What
// stands here is how the server is started, what is said where it cannot be, and how the answer of a code lens is shown.
"use strict";

const { execFile } = require("node:child_process");
const vscode = require("vscode");
const { LanguageClient, State } = require("vscode-languageclient/node");

const LANGUAGE = "rules";
const SCHEME = "rules-answer";

let client;

/** Called by VS Code when a rule file is opened; gives what tests and other extensions may use. */
async function activate(context) {
  const channel = vscode.window.createOutputChannel("Rules", LANGUAGE);
  const answers = new Answers();
  context.subscriptions.push(
    channel,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, answers),
    vscode.commands.registerCommand("rules.restart", () => restart(channel, answers)),
    vscode.commands.registerCommand("rules.showOutput", () => channel.show()),
    vscode.commands.registerCommand("rules.test", (uri) => runInTerminal("test", uri)),
    vscode.commands.registerCommand("rules.lint", (uri) => runInTerminal("lint", uri)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("rules.command")) return restart(channel, answers);
    }),
  );
  if (vscode.workspace.isTrusted) await start(channel, answers);
  else context.subscriptions.push(vscode.workspace.onDidGrantWorkspaceTrust(() => start(channel, answers)));
  return { client: () => client };
}

/** Called by VS Code when it ends. */
async function deactivate() {
  await stop();
}

async function restart(channel, answers) {
  await stop();
  await start(channel, answers);
}

async function stop() {
  const ending = client;
  client = undefined;
  if (ending !== undefined && ending.state !== State.Stopped) await ending.stop();
}

async function start(channel, answers) {
  const [command, ...args] = commandWords();
  const problem = await whyNot(command, args);
  if (problem !== undefined) {
    channel.appendLine(problem);
    await offerSettings(problem);
    return;
  }
  const run = { command, args: [...args, "lsp"], options: { cwd: folder() } };
  const starting = new LanguageClient("rules", "Rules", { run, debug: run }, {
    documentSelector: [{ language: LANGUAGE, scheme: "file" }, { language: LANGUAGE, scheme: "untitled" }],
    outputChannel: channel,
    middleware: {
      executeCommand: async (name, given, next) => {
        const answer = await next(name, given);
        await answers.show(answer);
        return answer;
      },
    },
  });
  client = starting;
  try {
    await starting.start();
  } catch (error) {
    client = undefined;
    await offerSettings(`\`${[command, ...args].join(" ")} lsp\` did not start: ${error.message}`);
  }
}

/** The words that run the command `rules`: of the setting, a list or one word. */
function commandWords() {
  const set = vscode.workspace.getConfiguration("rules").get("command");
  const words = (Array.isArray(set) ? set : [set]).filter((word) => typeof word === "string" && word !== "");
  return words.length > 0 ? words : ["rules"];
}

/**
 * Why the server cannot be started, in one sentence; undefined where it can. It is tried with nothing to read, where it
 * ends at once: a client that starts what cannot run tries again and again, and each time shows more messages.
 */
function whyNot(command, args) {
  return new Promise((resolve) => {
    const trial = execFile(command, [...args, "lsp"], { cwd: folder(), timeout: 60_000 }, (error, _, complaint) => {
      const words = `\`${[command, ...args].join(" ")} lsp\``;
      if (!error) resolve(undefined);
      else if (error.code === "ENOENT") resolve(`there is no command \`${command}\`; ${INSTALL}, or say where it is in the setting \`rules.command\``);
      else resolve(`${words} cannot run: ${complaint.trim().split("\n").at(-1) || error.message}`);
    });
    trial.stdin?.on("error", () => {}); // it ended before it was told that there is nothing to read
    trial.stdin?.end();
  });
}

const INSTALL = "install it with `pip install 'rules-engine[lsp]'`";

async function offerSettings(problem) {
  const settings = "Open settings";
  const chosen = await vscode.window.showErrorMessage(`Rules: ${problem}`, settings);
  if (chosen === settings) await vscode.commands.executeCommand("workbench.action.openSettings", "rules.command");
}

/** Run a command of `rules` on the file in a terminal, where its colours and links work. */
function runInTerminal(name, uri) {
  const file = uri?.fsPath ?? vscode.window.activeTextEditor?.document.uri.fsPath;
  if (file === undefined) return;
  const [shellPath, ...words] = commandWords();
  const title = `rules ${name}`;
  vscode.window.terminals.find((each) => each.name === title)?.dispose();
  const terminal = vscode.window.createTerminal({ name: title, cwd: folder() });
  terminal.show();
  terminal.sendText([shellPath, ...words, name, file].map(quoted).join(" "));
}

/** A word for a shell, in quotes where it needs them. */
function quoted(word) {
  if (/^[\w./:=@-]+$/.test(word)) return word;
  return process.platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

function folder() {
  return vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
}

/** What the server answers to a code lens, as documents that cannot be written to; the newest of each title. */
class Answers {
  #texts = new Map();
  #changed = new vscode.EventEmitter();
  onDidChange = this.#changed.event;

  provideTextDocumentContent(uri) {
    return this.#texts.get(uri.path);
  }

  async show(answer) {
    if (typeof answer?.title !== "string" || typeof answer?.text !== "string") return;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${answer.title}.md` });
    this.#texts.set(uri.path, answer.text);
    this.#changed.fire(uri);
    try {
      await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
    } catch {
      // Markdown is an extension, too, and may be off: then the text as it is.
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
    }
  }
}

module.exports = { activate, deactivate };
