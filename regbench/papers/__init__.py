"""Published numbers and claims, copied from the papers to compare ours with: data only, no computation."""
