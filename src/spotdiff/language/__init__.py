"""What can be said of a change, and how: facts, places, catalogues, a small grammar there and a reader back."""
