"""Scale sets and the rule that sizes them."""
