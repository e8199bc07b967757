"""The addresses below `/api/v1`: what comes in is read within limits, what goes out is JSON, a file or a problem."""
