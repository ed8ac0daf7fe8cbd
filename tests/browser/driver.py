"""JupyterLab in a browser, driven by its own commands and asked for its own state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Route, TimeoutError, ViewportSize, WebSocket  # noqa: A004 its own

SECONDS_TO_OPEN = 60
SECONDS_TO_RUN = 60
SECONDS_TO_DRAW = 1.5
"""Cells far down are drawn late, and a theme's colours come with a file of their own."""

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WINDOW: ViewportSize = {"width": 1280, "height": 900}
TALLEST_PICTURE = 16000
POLLING = 100
"""So often, in milliseconds, is the page asked. Playwright would ask at each frame, and a page that draws none is never asked."""
STATE = """() => {
    const widget = window.jupyterapp?.shell?.currentWidget;
    const session = widget?.sessionContext, kernel = session?.session?.kernel;
    return {path: widget?.context?.path, open: widget?.context?.isReady, session: session?.isReady,
            connection: kernel?.connectionStatus, kernel: kernel?.status};
}"""
"""The notebook in front, and how its kernel is."""
READY = "it.open && it.session && it.connection === 'connected' && it.kernel === 'idle'"
DRAWS = """milliseconds => Promise.race([
    new Promise(resolve => requestAnimationFrame(() => resolve(true))),
    new Promise(resolve => setTimeout(() => resolve(false), milliseconds)),
])"""
"""Whether the page draws a frame within so many milliseconds."""
MILLISECONDS_FOR_A_FRAME = 3000
OF_A_LOST_KERNEL = "Could not restore the debugger state"
"""What JupyterLab itself writes to the console when a test shuts the kernel down."""
OF_A_LOST_PAGE = "widget model not found"
"""What it writes where a new page finds a widget of the old one among a notebook's outputs."""


class Lab:
    """JupyterLab in a browser, and what it should not have done: requests to other hosts, errors on the console."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        self._context = context
        self._address = address
        self._expected = [OF_A_LOST_KERNEL]
        context.route("**/*", self._pass_or_abort)
        self.page = self._open(address)

    def _open(self, address: str) -> Page:
        """A page with JupyterLab in it. Nothing leaves this host; what tries to is noted, and what fails."""
        page = self._context.new_page()
        page.on("websocket", self._note_websocket)
        page.on("console", self._note_message)
        page.on("pageerror", self._note_error)
        page.goto(address)
        asked = f"() => {{ const it = ({STATE})(); return {READY}; }}"
        page.wait_for_function(asked, timeout=SECONDS_TO_OPEN * 1000, polling=POLLING)
        return page

    def open(self, path: str) -> None:
        """Open a notebook, and return when it is ready.

        It is asked for again where another one came to the front after it: JupyterLab may be late with that. And on a busy
        machine a headless Chromium's page may stop drawing for good; JupyterLab brings nothing to the front that is not drawn, so
        a new page is taken then.
        """
        tries = (SECONDS_TO_OPEN / 4, SECONDS_TO_OPEN / 4) if self._draws() else ()
        for seconds in tries:
            self.execute("docmanager:open", path=path)
            with suppress(AssertionError):
                self.wait_until_ready(path, seconds)
                return
        self._take_new_page(path)
        self.wait_until_ready(path)

    def bring_to_front(self, path: str) -> None:
        """Show a notebook that was opened and run before; if the page has stopped drawing, on a new one, and run it there."""
        page = self.page
        if not self._draws():
            self._take_new_page(path)
        if self.state().get("path") != path:
            self.open(path)
        if self.page is not page:
            self.run_all_cells(SECONDS_TO_RUN)

    def _draws(self) -> bool:
        draws: bool = self.page.evaluate(DRAWS, MILLISECONDS_FOR_A_FRAME)
        return draws

    def _take_new_page(self, path: str) -> None:
        """Have a notebook opened by a new page's address: what that names comes to the front last."""
        self._expected.append(OF_A_LOST_PAGE)
        self.page.close()
        self.page = self._open(urljoin(self._address, f"lab/tree/{path}?{urlsplit(self._address).query}"))

    def write(self, name: str, sources: Sequence[str], *, prepare: str = "") -> None:
        """Write a notebook with a cell for each source. ``prepare`` is a first cell, whose source is not to be seen."""
        cells = [_cell(number, source) for number, source in enumerate([prepare, *sources] if prepare else sources)]
        if prepare:
            cells[0]["metadata"] = {"jupyter": {"source_hidden": True}}
        notebook = {"cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
                    "nbformat": 4, "nbformat_minor": 5}  # fmt: skip
        self.page.evaluate(
            "([path, content]) => window.jupyterapp.serviceManager.contents"
            ".save(path, {type: 'notebook', format: 'json', content}).then(() => {})",
            [name, notebook],
        )

    def run(self, name: str) -> None:
        """Open a notebook, and run it from top to bottom."""
        self.open(name)
        self.run_all_cells(SECONDS_TO_RUN)

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """A notebook, opened and run; it is closed at the end, and nothing has been complained of on the console."""
        before = len(self.errors)
        self.run(name)
        yield
        self.close()
        complaints = self.errors[before:]
        assert not complaints, complaints

    def _pass_or_abort(self, route: Route) -> None:
        if self._is_here(route.request.url):
            route.continue_()
        else:
            route.abort()

    def _note_websocket(self, websocket: WebSocket) -> None:
        self._is_here(websocket.url)

    def _is_here(self, url: str) -> bool:
        here = urlsplit(url).hostname in ("127.0.0.1", "localhost", None)
        if not here:
            self.elsewhere.append(url)
        return here

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in self._expected):
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def _note_error(self, error: Error) -> None:
        self.errors.append(str(error))

    def wait_until_ready(self, name: str, seconds: float = SECONDS_TO_OPEN) -> None:
        """Return when a notebook is in front, its kernel connected and idle.

        The application is asked, not the page: the page says "idle" before there is a session.
        """
        try:
            asked = f"name => {{ const it = ({STATE})(); return it.path === name && {READY}; }}"
            self.page.wait_for_function(asked, arg=name, timeout=seconds * 1000, polling=POLLING)
        except TimeoutError as error:
            raise AssertionError(f"{name} is not ready: {self.state()}") from error

    def state(self) -> dict[str, Any]:
        """What is in front, and how its kernel is."""
        state: dict[str, Any] = self.page.evaluate(STATE)
        return state

    def execute(self, command: str, **arguments: Any) -> None:
        """Give JupyterLab one of its own commands, and wait until it is done."""
        self.page.evaluate(
            "([name, given]) => window.jupyterapp.commands.execute(name, given).then(() => {})", [command, arguments]
        )

    def change_theme(self, name: str) -> None:
        """To ``light`` or ``dark``; return when it is there, and JupyterLab's splash screen gone."""
        self.execute("apputils:change-theme", theme=THEMES[name])
        self.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=str(name == "light").lower(),
                                    polling=POLLING)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def run_all_cells(self, seconds: float) -> None:
        """Run the notebook in front from top to bottom."""
        self.page.evaluate(
            """() => {
                window.k8snetDone = false;
                const run = window.jupyterapp.commands.execute('notebook:run-all-cells');
                run.finally(() => { window.k8snetDone = true; });
            }"""
        )
        self.page.wait_for_function("() => window.k8snetDone", timeout=seconds * 1000, polling=POLLING)

    def cells(self) -> list[dict[str, Any]]:
        """The code cells of the notebook in front, as JupyterLab would save them."""
        cells: list[dict[str, Any]] = self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells"
        )
        return [cell for cell in cells if cell["cell_type"] == "code"]

    def end_kernel(self) -> None:
        """End the kernel of the notebook in front."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def close(self) -> None:
        """Save and close the notebook in front, and end its kernel.

        What changes in it with the kernel's end is not saved: JupyterLab would ask, in a dialog that nobody sees.
        """
        self.execute("docmanager:save")
        self.end_kernel()
        self.page.evaluate(
            """() => {
                const notebook = window.jupyterapp.shell.currentWidget;
                notebook.context.model.dirty = false;
                notebook.close();
            }"""
        )

    def screenshot(self, path: Path) -> None:
        """A picture of the whole notebook in front: the window is made as high as the notebook for it.

        JupyterLab draws only the cells in view; so begin at the top, where all of them will be.
        """
        self.page.evaluate(
            """() => {
                const lab = window.jupyterapp.shell.currentWidget;
                lab.content.activeCellIndex = 0;
                lab.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 0;
            }"""
        )
        height = self.page.evaluate(
            """() => {
                const notebook = window.jupyterapp.shell.currentWidget.node;
                return notebook.querySelector('.jp-WindowedPanel-outer').scrollHeight;
            }"""
        )
        self.page.set_viewport_size({"width": WINDOW["width"], "height": min(int(height) + 150, TALLEST_PICTURE)})
        self.page.evaluate("() => document.querySelector('.jp-WindowedPanel-outer').scrollTo(0, 0)")
        self.page.wait_for_timeout(SECONDS_TO_DRAW * 1000)
        self.page.screenshot(path=path)
        self.page.set_viewport_size(WINDOW)


def _cell(number: int, source: str) -> dict[str, Any]:
    """A code cell of a notebook that has not been run."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, "id": f"cell-{number}"}
