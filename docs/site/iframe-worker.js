// A page that is opened from a folder may not start a worker, and the search is one. Here its script runs in a hidden
// frame of the page instead: what it posts comes to the page, what the page posts goes to it. Pages from a server have
// workers and keep them.
"use strict";

if (location.protocol === "file:") {
  window.Worker = class {
    #frame = document.createElement("iframe");
    #ready;
    onmessage = null;

    constructor(url) {
      this.#frame.hidden = true;
      document.body.append(this.#frame);
      const inner = this.#frame.contentWindow;
      inner.postMessage = (data) => setTimeout(() => this.onmessage?.({ data }));
      this.#ready = new Promise((resolve, reject) => {
        const script = inner.document.createElement("script");
        Object.assign(script, { src: url, onload: resolve, onerror: reject });
        inner.document.body.append(script);
      });
    }

    postMessage(data) {
      this.#ready.then(() => this.#frame.contentWindow.onmessage({ data }));
    }

    terminate() {
      this.#frame.remove();
    }
  };
}
