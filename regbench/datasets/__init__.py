"""One dataset per file: where it comes from, its digest, its columns, its licence. No scaling and no splitting."""
