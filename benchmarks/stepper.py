"""How smoothly the stepper plays in a browser: ``python -m benchmarks.stepper``. It needs Playwright and a Chromium.

One step for each frame that the browser draws, through all steps of a connection over the course's figure; for each step
the time from the key to the painted frame. The figures are this machine's, so they are not among those of README.
"""

from __future__ import annotations

import json
import shutil
from statistics import median
from typing import Any

from k8snet import show
from k8snet.course.figure import whole
from k8snet.show.stepper import Stepper
from k8snet.show.widget import source

PAGE = "<!doctype html><html lang='en'><title>stepper</title><style>{css}</style><main id='here'></main></html>"
DRAW = """async ([code, data]) => {
    const module = await import(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
    const model = { get: name => data[name], on() {}, off() {} };
    module.default.render({ model, el: document.getElementById('here') });
}"""
PLAY = """() => new Promise(resolve => {
    const steps = Number(document.querySelector('input[type=range]').max);
    const node = document.querySelector('.k8snet-stepper'), frames = [], paints = [];
    const { port1, port2 } = new MessageChannel();
    let start = 0;
    port1.onmessage = () => {
        paints.push(performance.now() - start);
        if (paints.length < steps) requestAnimationFrame(step);
        else resolve([frames, paints]);
    };
    function step(now) {
        frames.push(now);
        start = performance.now();
        node.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
        port2.postMessage(null);  // handled after the frame is painted
    }
    requestAnimationFrame(step);
})"""
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def connection() -> Stepper:
    """Hundreds of steps."""
    world = whole(1)
    world.listen("pod-d", 4000)
    return show.stepper(world.connect("pod-a", "10.1.2.2", 4000))


def size(data: object) -> int:
    """Bytes as JSON."""
    return len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode())


def played(stepper: Stepper) -> tuple[float, float]:
    """Frames a second, and the median of milliseconds from a key to its painted frame."""
    from playwright.sync_api import sync_playwright

    code, css = source("stepper.js"), source("stepper.css")
    data: dict[str, Any] = {"scene": stepper.scene, "journey": stepper.journey}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_content(PAGE.format(css=css))
        page.evaluate(DRAW, [code, data])
        frames, paints = page.evaluate(PLAY)
        browser.close()
    return (len(frames) - 1) * 1000 / (frames[-1] - frames[0]), median(paints)


def main() -> None:
    """Print sizes and speed."""
    stepper = connection()
    print(f"scene {size(stepper.scene)} bytes; journey {size(stepper.journey)} bytes: {stepper!r}")
    rate, paint = played(stepper)
    print(f"{rate:.0f} frames a second, a step in each; {paint:.1f} ms from a key to its painted frame (median)")


if __name__ == "__main__":
    main()
