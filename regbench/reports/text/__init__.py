"""From tables to text and files."""
