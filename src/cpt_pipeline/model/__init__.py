"""What touches torch: loading, the document-masked forward pass, losses, bits per byte."""
