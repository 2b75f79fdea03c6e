"""The program `inlay`, called in this process: what it printed, and with which exit status."""

from __future__ import annotations

from click.testing import CliRunner, Result

from inlay.cli import main


def cli(*words: object, status: int = 0, **more: object) -> Result:
    """Call it; the exit status must be the expected one."""
    result = CliRunner().invoke(main, [*map(str, words)], **more)
    assert result.exit_code == status, (words, result.output, result.exception)
    return result
