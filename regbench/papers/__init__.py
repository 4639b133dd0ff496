"""Published numbers, typed in from the papers, to lay beside ours: data, and nothing that computes."""
