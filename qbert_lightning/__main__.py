"""`python -m qbert_lightning` is `qbert`."""

from __future__ import annotations

from qbert_lightning.cli import main

if __name__ == "__main__":
    main()
