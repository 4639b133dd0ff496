"""Results of other tools: read, measured by us where they have predictions, and stored as imported."""

from regbench.campaign.imports.store import Imported, import_results

__all__ = ["Imported", "import_results"]
