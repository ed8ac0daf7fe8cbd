"""The model prints what the real tools printed when the transcripts were recorded."""

from __future__ import annotations

import pytest

from tests.tools import transcript


@pytest.mark.parametrize("name", transcript.names())
def test_model_prints_what_the_real_tools_print(name: str) -> None:
    recorded = transcript.read(name)
    printed = transcript.on_the_model([entry.command for entry in recorded])
    for expected, got in zip(recorded, printed, strict=True):
        assert got == expected
