"""What several regularizers share."""
