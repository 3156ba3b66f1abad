"""What is wrong with a stage, from its settings to the domain's answer, and what fixes it."""
