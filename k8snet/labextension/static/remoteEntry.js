// Colours in JupyterLab: a cell below "%%kubectl apply -f -" is YAML, one below %%node, %%pod or a bare %%kubectl is commands.
// And in a notebook that speaks of k8snet, wide tables scroll: JupyterLab would break their lines in the middle of a word.
// Written by hand in the form that JupyterLab loads (webpack's module federation: a container with init and get), so that
// nothing needs to be built. It only says of which language a cell is; colours and themes are JupyterLab's own.
"use strict";
{
  const YAML = "text/x-yaml", COMMANDS = "text/x-sh";
  const WIDE = ".k8snet-notebook .jp-OutputArea-output pre { white-space: pre; word-break: normal; overflow-x: auto; }";
  const coloured = new WeakSet();
  let shared; // JupyterLab's own modules, by name and version

  function language(source) {
    if (/^%%kubectl[ \t]+\S/.test(source)) return YAML;
    return /^%%(kubectl|node|pod)(\s|$)/.test(source) ? COMMANDS : undefined;
  }

  // The notebook gives all code cells the kernel's language, more than once; what it has set is set again after it.
  function colour(notebook, cell) {
    if (cell.type !== "code" || coloured.has(cell)) return;
    coloured.add(cell);
    let ours = false;
    const look = () => {
      const wanted = language(cell.sharedModel.getSource());
      const next = wanted ?? (ours ? notebook.codeMimetype : cell.mimeType);
      ours = wanted !== undefined;
      if (cell.mimeType !== next) cell.mimeType = next;
      if (cell.sharedModel.getSource().includes("k8snet")) notebook.node.classList.add("k8snet-notebook");
    };
    cell.contentChanged.connect(look);
    cell.mimeTypeChanged.connect(look);
    look();
  }

  function watch(notebook) {
    if (!notebook.model) return;
    for (const cell of notebook.model.cells) colour(notebook, cell);
    notebook.model.cells.changed.connect((_, change) => {
      for (const cell of change.newValues) if (change.type !== "remove") colour(notebook, cell);
    });
  }

  async function extension() {
    const versions = Object.values(shared["@jupyterlab/notebook"]);
    const { INotebookTracker } = (await versions[0].get())();
    const plugin = {
      id: "k8snet:colours",
      description: "Colours k8snet's cells: manifests as YAML, commands as a shell's; lets wide tables scroll.",
      autoStart: true,
      requires: [INotebookTracker],
      activate: (_, tracker) => {
        document.head.appendChild(Object.assign(document.createElement("style"), { textContent: WIDE }));
        tracker.widgetAdded.connect((_, panel) => {
          panel.content.modelChanged.connect(watch);
          watch(panel.content);
        });
      },
    };
    return () => ({ __esModule: true, default: plugin });
  }

  (window._JUPYTERLAB ??= {}).k8snet = {
    init: (scope) => { shared = scope; },
    get: () => extension(),
  };
}
