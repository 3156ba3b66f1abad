"""The doctor: checks a stage, from its settings to the domain's answer, and says what fixes each fault."""
