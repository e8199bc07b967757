"""The processes that compare, and the requests that wait for them."""
