"""Sets of pairs with truth."""
