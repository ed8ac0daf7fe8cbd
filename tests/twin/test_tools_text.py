"""The real tools on a real kernel still print what the transcripts say, as the model does (tests/tools/)."""

from __future__ import annotations

import pytest

from tests.tools import transcript


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("name", transcript.names())
def test_kernel_prints_what_the_transcript_says(name: str) -> None:
    recorded = transcript.read(name)
    printed = transcript.on_the_kernel([entry.command for entry in recorded])
    for expected, got in zip(recorded, printed, strict=True):
        assert got == expected
