"""gevent in place of the blocking parts of the standard library, for the process that serves."""

from __future__ import annotations


def make_cooperative() -> None:
    """To be called before `ssl`, `socket` or whatever uses them is imported; twice does no harm."""
    from gevent import monkey

    if not monkey.is_module_patched("socket"):
        monkey.patch_all()
