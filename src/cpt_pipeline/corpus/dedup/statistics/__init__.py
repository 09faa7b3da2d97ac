"""How various the text is, and which topics and terms it covers."""
