"""A benchmark of deep regression with a result database."""

__version__ = "0.1.0"
