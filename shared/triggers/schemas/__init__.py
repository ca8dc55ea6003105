"""The addresses that editors read schemas from."""
