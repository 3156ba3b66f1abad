"""Getting the answer out."""
