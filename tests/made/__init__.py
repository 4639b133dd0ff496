"""What tests share: small tables, jobs, and frames as the store gives them, made by hand."""
