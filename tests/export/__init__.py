"""Networks written as ONNX files."""
