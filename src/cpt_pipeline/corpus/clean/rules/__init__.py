"""Rules that judge a document, their limits, and the measures they rest on."""
