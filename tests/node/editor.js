// As much of VS Code as the extension and its language client touch: documents, providers by language, commands,
// messages. Classes that carry data are real enough to carry it; what is named nowhere below is an empty class.
"use strict";

class Disposable {
  constructor(end = () => {}) {
    this.end = end;
  }
  dispose() {
    this.end();
  }
  static from(...all) {
    return new Disposable(() => all.forEach((each) => each.dispose()));
  }
}

class EventEmitter {
  #heard = new Set();
  event = (heard, self) => {
    const bound = self === undefined ? heard : heard.bind(self);
    this.#heard.add(bound);
    return new Disposable(() => this.#heard.delete(bound));
  };
  fire(what) {
    return Promise.all([...this.#heard].map((heard) => heard(what)));
  }
  dispose() {
    this.#heard.clear();
  }
}

class Position {
  constructor(line, character) {
    Object.assign(this, { line, character });
  }
}

class Range {
  constructor(...at) {
    const [start, end] = at.length === 4 ? [new Position(at[0], at[1]), new Position(at[2], at[3])] : at;
    Object.assign(this, { start, end });
  }
}

class Uri {
  constructor(scheme, path) {
    Object.assign(this, { scheme, path, authority: "", query: "", fragment: "" });
  }
  get fsPath() {
    return this.path;
  }
  toString() {
    return `${this.scheme}:${this.scheme === "file" ? "//" : ""}${encodeURI(this.path)}`;
  }
  static file(path) {
    return new Uri("file", path);
  }
  static parse(text) {
    const [, scheme, path] = /^([\w-]+):(?:\/\/)?(.*)$/.exec(text);
    return new Uri(scheme, decodeURI(path));
  }
  static from({ scheme, path }) {
    return new Uri(scheme, path);
  }
}

/** A class that keeps the arguments of its constructor under these names. */
function carrier(...names) {
  return class {
    constructor(...given) {
      names.forEach((name, number) => {
        this[name] = given[number];
      });
    }
  };
}

class Document {
  constructor(uri, languageId, text) {
    Object.assign(this, { uri, languageId, text, version: 1, isClosed: false, isDirty: false, eol: 1 });
  }
  get fileName() {
    return this.uri.fsPath;
  }
  getText() {
    return this.text;
  }
  positionAt(offset) {
    const before = this.text.slice(0, offset).split("\n");
    return new Position(before.length - 1, before.at(-1).length);
  }
}

/** The editor: `api` is the module `vscode`, the rest is what a test looks at or does. */
function editor(settings, folder) {
  const events = new Map();
  const heard = (name) => {
    if (!events.has(name)) events.set(name, new EventEmitter());
    return events.get(name);
  };
  const seen = { providers: {}, diagnostics: new Map(), commands: new Map(), errors: [], documents: [], terminals: [], log: [] };
  const contents = new Map();
  const configuration = (section) => ({
    get: (name, otherwise) => settings[section ? `${section}.${name}` : name] ?? otherwise,
    has: (name) => name in settings,
    inspect: () => undefined,
  });

  const workspace = {
    isTrusted: true,
    workspaceFolders: [{ uri: Uri.file(folder), name: "folder", index: 0 }],
    textDocuments: [],
    notebookDocuments: [],
    getConfiguration: configuration,
    getWorkspaceFolder: () => workspace.workspaceFolders[0],
    createFileSystemWatcher: () => events_of(new Disposable()),
    registerTextDocumentContentProvider: (scheme, provider) => {
      contents.set(scheme, provider);
      return new Disposable();
    },
    openTextDocument: async (uri) => new Document(uri, "markdown", contents.get(uri.scheme).provideTextDocumentContent(uri)),
    applyEdit: async () => true,
    fs: {},
  };
  const window = {
    visibleTextEditors: [],
    tabGroups: { all: [], onDidChangeTabs: heard("tabs").event, onDidChangeTabGroups: heard("groups").event },
    terminals: seen.terminals,
    createOutputChannel: () => ({
      append: (text) => seen.log.push(text),
      appendLine: (text) => seen.log.push(`${text}\n`),
      ...Object.fromEntries(["trace", "debug", "info", "warn", "error"].map((name) => [name, (text) => seen.log.push(`${text}\n`)])),
      onDidChangeLogLevel: heard("log").event,
      show: () => seen.log.push("shown"),
      dispose: () => {},
    }),
    createTerminal: (options) => {
      const made = { name: options.name, sent: [], show: () => {}, sendText: (text) => made.sent.push(text), dispose: () => {} };
      seen.terminals.push(made);
      return made;
    },
    showErrorMessage: async (text) => void seen.errors.push(text),
    showWarningMessage: async (text) => void seen.errors.push(text),
    showInformationMessage: async (text) => void seen.log.push(`${text}\n`),
    showTextDocument: async (document) => void seen.documents.push(document),
  };
  const languages = {
    match: (selector, document) => [selector].flat().some((each) => (each.language ?? document.languageId) === document.languageId && (each.scheme ?? document.uri.scheme) === document.uri.scheme) ? 10 : 0,
    createDiagnosticCollection: () => ({
      set: (uri, found) => seen.diagnostics.set(uri.path, found),
      delete: (uri) => seen.diagnostics.delete(uri.path),
      clear: () => seen.diagnostics.clear(),
      has: (uri) => seen.diagnostics.has(uri.path),
      dispose: () => {},
    }),
  };
  const commands = {
    registerCommand: (name, run) => {
      seen.commands.set(name, run);
      return new Disposable(() => seen.commands.delete(name));
    },
    executeCommand: async (name, ...given) => {
      if (!seen.commands.has(name)) throw new Error(`command '${name}' not found`);
      return seen.commands.get(name)(...given);
    },
  };
  const api = open({
    version: "1.91.0",
    workspace: events_of(workspace),
    window: events_of(window),
    languages: providers_of(languages),
    commands: open(commands),
    env: { language: "en", appName: "a test", uriScheme: "vscode" },
    extensions: { all: [], getExtension: () => undefined, onDidChange: heard("extensions").event },
    Disposable, EventEmitter, Position, Range, Uri,
    Selection: class extends Range {},
    Location: carrier("uri", "range"),
    Diagnostic: carrier("range", "message", "severity"),
    CompletionItem: carrier("label", "kind"),
    CompletionList: carrier("items", "isIncomplete"),
    Hover: carrier("contents", "range"),
    MarkdownString: class {
      constructor(value = "") {
        this.value = value;
      }
      appendMarkdown(text) {
        this.value += text;
        return this;
      }
      appendCodeblock(text) {
        this.value += text;
        return this;
      }
    },
    CodeLens: carrier("range", "command"),
    DocumentSymbol: carrier("name", "detail", "kind", "range", "selectionRange"),
    SymbolInformation: carrier("name", "kind", "containerName", "location"),
    TextEdit: carrier("range", "newText"),
    RelativePattern: carrier("baseUri", "pattern"),
    CodeActionKind: Object.assign(carrier("value"), { Empty: { append: (value) => ({ value }), value: "" } }),
    CancellationTokenSource: class {
      token = { isCancellationRequested: false, onCancellationRequested: heard("cancelled").event };
      cancel() {}
      dispose() {}
    },
    CancellationError: class extends Error {},
    DiagnosticSeverity: { Error: 0, Warning: 1, Information: 2, Hint: 3 },
    ViewColumn: { Beside: -2 },
    TextDocumentSaveReason: { Manual: 1 },
    TextDocumentChangeReason: { Undo: 1, Redo: 2 },
    UIKind: { Desktop: 1, Web: 2 },
  });

  /** `on...` and `onDid...` are events of their own; the rest is as it is, or does nothing. */
  function events_of(known) {
    return open(known, (name) => (name.startsWith("on") ? heard(name).event : undefined));
  }

  /** `register...Provider` keeps the provider. */
  function providers_of(known) {
    return open(known, (name) =>
      name.startsWith("register")
        ? (_, ...given) => {
            const provider = given.find((each) => typeof each === "object");
            (seen.providers[name] ??= new Set()).add(provider);
            return new Disposable(() => seen.providers[name].delete(provider));
          }
        : undefined,
    );
  }

  return {
    api,
    seen,
    settings,
    heard,
    open(path, text) {
      const document = new Document(Uri.file(path), "rules", text);
      workspace.textDocuments.push(document);
      heard("onDidOpenTextDocument").fire(document);
      return document;
    },
    async change(document, text) {
      const range = new Range(new Position(0, 0), document.positionAt(document.text.length));
      const rangeLength = document.text.length;
      Object.assign(document, { text, version: document.version + 1, isDirty: true });
      await heard("onDidChangeTextDocument").fire({ document, contentChanges: [{ range, rangeLength, rangeOffset: 0, text }] });
    },
    /** What the first provider of a kind gives. */
    ask(name, method, ...given) {
      const [provider] = seen.providers[name] ?? [];
      if (provider === undefined) throw new Error(`nothing is registered by ${name}`);
      return provider[method](...given, new api.CancellationTokenSource().token);
    },
  };
}

/** An object of which every name can be read: what it lacks is what `more` gives, or an empty class. */
function open(known, more = () => undefined) {
  return new Proxy(known, {
    get(target, name) {
      if (!(name in target) && typeof name === "string" && name !== "then") target[name] = more(name) ?? blank(name);
      return target[name];
    },
  });
}

function blank(name) {
  return { [name]: class extends Disposable {} }[name];
}

module.exports = { editor };
