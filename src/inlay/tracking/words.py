"""What is said of a run beside its metrics: params, tags, the note, its name, and that it is deleted.

Params are data of a run, recorded by what writes it. Tags, note and name are words about it: they may be said of any
run, also of one that has ended or that others write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from inlay.query.attributes import param_value
from inlay.store.journal.slots import Kind
from inlay.store.masking import mask_text, mask_value
from inlay.tracking import values
from inlay.tracking.events import announce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inlay.query.attributes import Attributes
    from inlay.store.store import Store
    from inlay.tracking.run import Run


class RunWords:
    """The methods of `Run` that say something of it."""

    _attributes: Attributes
    _store: Store

    def log_param(self, key: str, value: Any) -> None:
        """Record a param: any JSON value; what JSON cannot hold is kept as text.

        A second value for a key replaces the first; both stay in the table `param_history`. Values whose name
        or form looks like a secret are masked.
        """
        self.log_params({key: value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Record several params; see `log_param`."""
        given = values.pairs(params, "param")
        clean = {values.check_key(key, "param"): _masked(key, value) for key, value in given.items()}
        if not clean:
            return
        texts = {key: values.param_text(value) for key, value in clean.items()}
        for part in values.portions(texts, "param"):
            _run(self).writable().event(Kind.PARAM, params=part)
        self._attributes.params.update({key: param_value(text, kind) for key, (text, _, kind) in texts.items()})
        announce("changed", _run(self))

    def set_tag(self, key: str, value: Any) -> None:
        """Set a tag to a text; None removes it. Tags are words about a run: they can be set after its end, too, and
        on runs read from the store.
        """
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set several tags; see `set_tag`."""
        texts = {
            values.check_key(key, "tag"): None if value is None else str(mask_value(key, str(value)))
            for key, value in values.pairs(tags, "tag").items()
        }
        if not texts:
            return
        for part in values.portions(texts, "tag"):
            _say(_run(self), Kind.TAG, tags=part)
        for key, text in texts.items():
            if text is None:
                self._attributes.tags.pop(key, None)
            else:
                self._attributes.tags[key] = text
        announce("changed", _run(self))

    def set_note(self, text: str) -> None:
        """Replace the note; after the end of the run, too, and of runs read from the store."""
        note = mask_text(values.note_text(text), code=False)
        _say(_run(self), Kind.RUN, set={"note": note})
        self._attributes.note = note
        announce("changed", _run(self))

    def rename(self, name: str) -> None:
        """Give the run another name; after its end, too, and of runs read from the store.

        Raises `TypeError` or `ValueError` for what is no name.
        """
        clean = mask_text(values.check_key(name, "run"))
        _say(_run(self), Kind.RUN, set={"name": clean})
        self._attributes.name = clean
        announce("changed", _run(self))

    def delete(self) -> None:
        """Delete the run: lists leave it out from now on. Nothing is lost until `inlay gc --deleted`; see `restore`.

        Raises `RunActiveError` while it is running.
        """
        from inlay.tracking import deletion

        deletion.delete(self._store, [_run(self)._now()])  # noqa: SLF001 - it is the same object

    def restore(self) -> None:
        """Bring the run back after `delete`."""
        from inlay.tracking import deletion

        deletion.restore(self._store, [_run(self)._now()])  # noqa: SLF001 - it is the same object


def _run(words: RunWords) -> Run:
    return cast("Run", words)


def _say(run: Run, kind: Kind, /, **body: Any) -> None:
    """Append words about the run, through this process's own stream, as everything goes."""
    recorder = run.recorder
    if recorder is not None and not run.ended:
        recorder.writer.event(kind, {"run": run.run_id, **body})
        return
    from inlay.store.upkeep import writer_of

    run.store.refuse_deleted()
    writer_of(run.store).event(kind, {"run": run.run_id, **body})


def _masked(key: str, value: Any) -> Any:
    try:
        return mask_value(key, value)
    except RecursionError:  # it refers to itself, or goes very deep: `values.param_text` names its type
        return f"<{type(value).__qualname__}>"
